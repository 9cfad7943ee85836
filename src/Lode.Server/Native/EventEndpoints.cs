using System.Text.Json;
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
    // Twice a second is as fast as people see, and lets a burst of points travel as one change.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(15);
    private const int PageSize = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/changes", ChangesAsync);
        api.MapGet("/events", StreamAsync);
    }

    private static async Task<JsonHttpResult<RunChanges>> ChangesAsync(HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var query = request.Query;
        return TypedResults.Json(await store.GetChangesAsync(Scope(query), query.Number("since") ?? 0, query.Count("limit", PageSize, 1, 10_000), ct), TrackingJson.Default.RunChanges);
    }

    private static async Task StreamAsync(HttpContext context, IRunStore store, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var ct = until.Token;
        var scope = Scope(context.Request.Query);
        if (scope.Run is { } run)
            await store.GetRunAsync(run, ct);
        if (scope.Project is { } project)
            await store.GetProjectAsync(project, ct);
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        try
        {
            // Nothing is named: begin at now. A run that does not exist has no changes, so this only reads the version.
            var version = Since(context.Request) ?? (await store.GetChangesAsync(new ChangeScope(Run: new RunId(Guid.Empty)), 0, 1, ct)).Version;
            await SendAsync(response, "hello", version, JsonSerializer.Serialize(new VersionCursor(version), TrackingJson.Default.VersionCursor), ct);
            var quietSince = time.GetTimestamp();
            while (true)
            {
                var changes = await store.GetChangesAsync(scope, version, PageSize, ct);
                version = changes.Version;
                if (changes.Runs.Count > 0)
                {
                    await SendAsync(response, "runs", version, JsonSerializer.Serialize(changes, TrackingJson.Default.RunChanges), ct);
                    quietSince = time.GetTimestamp();
                }
                else if (time.GetElapsedTime(quietSince) > s_beat)
                {
                    await response.WriteAsync(": beat\n\n", ct);
                    await response.Body.FlushAsync(ct);
                    quietSince = time.GetTimestamp();
                }
                await Task.Delay(s_pause, time, ct);
            }
        }
        catch (Exception error) when (error is OperationCanceledException || (response.HasStarted && error is LodeException { Code: ErrorCode.Unavailable }))
        {
            // The reader left, the server stops, or the database is away; the reader resumes by the last id.
        }
    }

    private static async Task SendAsync(HttpResponse response, string name, long version, string json, CancellationToken ct)
    {
        await response.WriteAsync($"event: {name}\nid: {version}\ndata: {json}\n\n", ct);
        await response.Body.FlushAsync(ct);
    }

    private static long? Since(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], System.Globalization.CultureInfo.InvariantCulture, out var last) ? last : request.Query.Number("since");

    private static ChangeScope Scope(IQueryCollection query) => new(
        query["project"].ToString() is { Length: > 0 } project ? ProjectId.Parse(project) : null,
        query["run"].ToString() is { Length: > 0 } run ? RunId.Parse(run) : null);
}
