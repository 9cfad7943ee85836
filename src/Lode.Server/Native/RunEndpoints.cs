using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>Runs and what is logged to them.</summary>
internal static class RunEndpoints
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/runs", (HttpRequest request, IRunStore store, CancellationToken ct) =>
            SearchAsync(request, [.. request.Query["project"].Select(id => ProjectId.Parse(id ?? ""))], store, ct))
            .Says<RunPage>("Runs of several projects that pass a filter.").Asks("project", "integer", "A project's id.", repeated: true).AsksSearch(100).Asks("counts", "boolean", "Whether to count all runs and those that pass, which takes long over many; default true.");
        api.MapPost("/runs", CreateAsync).Takes(typeof(NewRun)).Says<Run>("Makes a run; sent again with the same id, answers with the run as it is.");
        api.MapGet("/runs/{id}", GetAsync).Says<Run>("One run, in use or in the trash.");
        api.MapPut("/runs/{id}", PutAsync).Takes(typeof(Run)).Says<Run>("Puts a run as it was elsewhere, with its id, times, status, lifecycle, params and tags, without metrics; one of that id is replaced.");
        api.MapPatch("/runs/{id}", UpdateAsync).Takes(typeof(RunPatch)).Says<Run>("Changes a run; answers with it as it is then.");
        api.MapDelete("/runs/{id}", TrashAsync).SaysNothing("Moves a run into the trash.");
        api.MapPost("/runs/{id}/restore", RestoreAsync).Says<Run>("Takes a run out of the trash.");
        api.MapPost("/runs/{id}/batch", LogAsync).Takes(typeof(RunBatch)).SaysNothing("Logs params, metrics and tags, all or none.");
        api.MapPost("/runs/{id}/journal", AppendJournalAsync).Takes(typeof(string), "application/x-ndjson").Says<JournalReceipt>("Takes bytes of the run's journal.")
            .Asks("offset", "integer", "Where in the segment the bytes begin; default 0.").Asks("segment", "string", "Which of the run's journals; default the first.");
        api.MapPost("/runs/{id}/rewind", RewindAsync).Takes(typeof(RunRewind)).Says<Run>("Drops the points of all metrics after a step; answers with the run as it is then.");
        api.MapPost("/runs/{id}/fork", ForkAsync).Takes(typeof(RunFork)).Says<Run>("Makes a run with another's params, tags and points up to a step; sent again with the same id, answers with the run as it is.");
    }

    public static async Task<JsonHttpResult<RunPage>> SearchAsync(HttpRequest request, IReadOnlyList<ProjectId> projects, IRunStore store, CancellationToken ct)
    {
        var query = request.Query;
        var page = await store.SearchRunsAsync(new RunQuery
        {
            Projects = projects,
            Filter = FilterParser.Parse(query["q"]),
            Order = query.Order(),
            View = query.View(),
            Offset = query.Count("offset", 0, 0, int.MaxValue),
            Limit = query.Count("limit", 100, 1, 50_000),
            Counts = query["counts"] != "false",
        }, ct);
        return TypedResults.Json(page, s_json.RunPage);
    }

    private static async Task<JsonHttpResult<Run>> CreateAsync(HttpRequest request, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await store.CreateRunAsync(await request.ReadAsync(s_json.NewRun, ct), ct), s_json.Run);

    private static async Task<JsonHttpResult<Run>> GetAsync(string id, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await store.GetRunAsync(RunId.Parse(id), ct), s_json.Run);

    private static async Task<JsonHttpResult<Run>> PutAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await store.PutRunAsync(await request.ReadAsync(s_json.Run, ct) with { Id = RunId.Parse(id) }, ct), s_json.Run);

    private static async Task<JsonHttpResult<Run>> UpdateAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var (run, patch) = (RunId.Parse(id), await request.ReadAsync(s_json.RunPatch, ct));
        if (patch.Tags is { Count: > 0 } tags)
            await store.LogAsync(run, new RunBatch { Tags = [.. tags] }, ct);
        return TypedResults.Json(await store.UpdateRunAsync(run, new RunChange { Name = patch.Name, Status = patch.Status, EndedAt = patch.EndedAt, Lifecycle = patch.Lifecycle }, ct), s_json.Run);
    }

    private static async Task<NoContent> TrashAsync(string id, IRunStore store, CancellationToken ct)
    {
        await store.UpdateRunAsync(RunId.Parse(id), new RunChange { Lifecycle = Lifecycle.Deleted }, ct);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<Run>> RestoreAsync(string id, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await store.UpdateRunAsync(RunId.Parse(id), new RunChange { Lifecycle = Lifecycle.Active }, ct), s_json.Run);

    private static async Task<NoContent> LogAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct)
    {
        await store.LogAsync(RunId.Parse(id), await request.ReadAsync(s_json.RunBatch, ct), ct);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<Run>> RewindAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct) =>
        TypedResults.Json(await store.RewindAsync(RunId.Parse(id), (await request.ReadAsync(s_json.RunRewind, ct)).Step, ct), s_json.Run);

    private static async Task<JsonHttpResult<Run>> ForkAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var (source, fork) = (RunId.Parse(id), await request.ReadAsync(s_json.RunFork, ct));
        return TypedResults.Json(await store.ForkAsync(source, fork.Step, fork.Id ?? RunId.New(), ct), s_json.Run);
    }

    private static async Task<JsonHttpResult<JournalReceipt>> AppendJournalAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var (run, offset) = (RunId.Parse(id), request.Query.Number("offset") ?? 0);
        using var bytes = new MemoryStream((int)Math.Min(request.ContentLength ?? 0, 1 << 20));
        await request.Body.CopyToAsync(bytes, ct);
        return TypedResults.Json(await store.AppendJournalAsync(run, request.Query["segment"].ToString(), offset, bytes.GetBuffer().AsMemory(0, (int)bytes.Length), ct), s_json.JournalReceipt);
    }
}
