using System.Globalization;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Lode.Server.Native;

/// <summary>Live updates: changed runs since a version, as one page or as a stream of server-sent events.</summary>
internal static class EventEndpoints
{
    private const int PageSize = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/changes", ChangesAsync).Says<RunChanges>("Runs changed since a version, oldest change first.")
            .Asks("since", "integer", "The version last seen; 0 (the default) = from the beginning.")
            .Asks("limit", "integer", "Runs to return at most, 1 to 10,000; default 200.")
            .AsksScope();
        api.MapGet("/events", StreamAsync).Unqueued()
            .Says<string>("The same as a stream of server-sent events: hello, then runs; resumes by the header Last-Event-ID.", "text/event-stream")
            .Asks("since", "integer", "The version last seen, where no Last-Event-ID is sent; default: the newest.")
            .Asks("deltas", "boolean", "Send only what changed of a run that this stream has sent before (RunDelta); default false.")
            .AsksScope();
    }

    private static T AsksScope<T>(this T route)
        where T : IEndpointConventionBuilder => route.Asks("project", "integer", "Only this project's runs.").Asks("run", "string", "Only this run.");

    private static async Task<JsonHttpResult<RunChanges>> ChangesAsync(HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var query = request.Query;
        return TypedResults.Json(await store.GetChangesAsync(Scope(query), query.Number("since") ?? 0, query.Count("limit", PageSize, 1, 10_000), ct), TrackingJson.Default.RunChanges);
    }

    private static async Task StreamAsync(HttpContext context, IRunStore store, LiveFeed feed, ServerMeter meter, ServerOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        var (query, ct) = (context.Request.Query, context.RequestAborted);
        var (scope, since, deltas) = (Scope(query), Since(context.Request), query.Flag("deltas"));
        if (scope.Run is { } run)
            await store.GetRunAsync(run, ct);
        if (scope.Project is { } project)
            await store.GetProjectAsync(project, ct);
        try
        {
            if (meter.StreamOpened() > options.MaxStreams)
            {
                meter.Refused.Add(1);
                await Overload.AnswerAsync(context, "The server has as many live streams open as it can hold.");
                return;
            }
            // Before the version is read, so that nothing falls between.
            using var listener = feed.Listen();
            await listener.Ready.WaitAsync(ct);
            var version = since ?? await LiveFeed.VersionAsync(store, ct);
            var writer = new EventWriter(context, scope, deltas, time);
            using var until = CancellationTokenSource.CreateLinkedTokenSource(ct, lifetime.ApplicationStopping);
            try
            {
                await writer.HelloAsync(version, until.Token);
                if (since is not null)
                    version = await CatchUpAsync(store, scope, version, writer, until.Token);
                await foreach (var piece in listener.Pieces.ReadAllAsync(until.Token))
                    await writer.WriteAsync(piece, version, until.Token);
                meter.Dropped.Add(1);
            }
            catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                await writer.FarewellAsync();
            }
            catch (LodeException error) when (error.Code == ErrorCode.Unavailable && context.Response.HasStarted)
            {
                // The database is away: the reader resumes by the last id.
            }
            catch (SlowReaderException)
            {
                meter.Dropped.Add(1);
                context.Abort();
            }
        }
        finally
        {
            meter.StreamClosed();
        }
    }

    /// <summary>Sends what happened before this stream listened; returns how far that goes.</summary>
    private static async Task<long> CatchUpAsync(IRunStore store, ChangeScope scope, long version, EventWriter writer, CancellationToken ct)
    {
        while (true)
        {
            var changes = await store.GetChangesAsync(scope, version, PageSize, ct);
            if (changes.Runs.Count > 0)
                await writer.WriteAsync(new LivePiece([.. changes.Runs.Select(run => new LiveRun(run, null))], changes.Version), version, ct);
            version = changes.Version;
            if (changes.Runs.Count < PageSize)
                return version;
        }
    }

    private static long? Since(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], CultureInfo.InvariantCulture, out var last) ? last : request.Query.Number("since");

    private static ChangeScope Scope(IQueryCollection query) => new(
        query["project"].ToString() is { Length: > 0 } project ? ProjectId.Parse(project) : null,
        query["run"].ToString() is { Length: > 0 } run ? RunId.Parse(run) : null);
}
