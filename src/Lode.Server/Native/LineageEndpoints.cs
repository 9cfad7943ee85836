using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>What runs read and made.</summary>
internal static class LineageEndpoints
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/runs/{id}/lineage", LogAsync).Takes(typeof(RunLineage)).SaysNothing("Logs datasets and logged models that the run read or made.");
        api.MapGet("/datasets", ListAsync).Says<DatasetList>("The datasets that runs of some projects read.")
            .Asks("project", "integer", "A project's id.", required: true, repeated: true)
            .Asks("limit", "integer", "Datasets to return at most, 1 to 50,000; default 1,000.");
    }

    private static async Task<NoContent> LogAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct)
    {
        await store.LogLineageAsync(RunId.Parse(id), await request.ReadAsync(s_json.RunLineage, ct), ct);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<DatasetList>> ListAsync(HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var projects = request.Query["project"].Select(id => ProjectId.Parse(id ?? "")).ToList();
        return TypedResults.Json(new DatasetList(await store.ListDatasetsAsync(projects, request.Query.Count("limit", 1000, 1, 50_000), ct)), s_json.DatasetList);
    }
}
