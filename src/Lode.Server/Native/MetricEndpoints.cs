using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>Metric histories, whole or in buckets for charts.</summary>
internal static class MetricEndpoints
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/metrics", SeriesAsync).Says<SeriesPage>("Histories for charts; buckets keep every extreme.")
            .Asks("run", "string", "A run's id.", required: true, repeated: true)
            .Asks("key", "string", "A metric.", required: true, repeated: true)
            .Asks("buckets", "integer", "Entries of a series at most, 1 to 10,000; default 1,000.")
            .Asks("from", "integer", "The first step.")
            .Asks("to", "integer", "The last step.");
        api.MapGet("/runs/{id}/history", HistoryAsync).Says<MetricHistory>("A metric's points, ordered by time, step, value.")
            .Asks("key", "string", "The metric.", required: true)
            .Asks("offset", "integer", "Points to pass over; default 0.")
            .Asks("limit", "integer", "Points to return at most, 1 to 1,000,000; default 10,000.");
    }

    private static async Task<JsonHttpResult<SeriesPage>> SeriesAsync(HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var query = request.Query;
        var series = await store.GetSeriesAsync(new SeriesQuery
        {
            Runs = [.. query["run"].Select(id => RunId.Parse(id ?? ""))],
            Keys = [.. query["key"].Select(key => key ?? "")],
            Buckets = query.Count("buckets", 1000, 1, 10_000),
            From = query.Number("from"),
            To = query.Number("to"),
        }, ct);
        return TypedResults.Json(new SeriesPage(series), s_json.SeriesPage);
    }

    private static async Task<JsonHttpResult<MetricHistory>> HistoryAsync(string id, HttpRequest request, IRunStore store, CancellationToken ct)
    {
        var query = request.Query;
        var points = await store.GetHistoryAsync(RunId.Parse(id), query.Required("key"), query.Count("offset", 0, 0, int.MaxValue), query.Count("limit", 10_000, 1, 1_000_000), ct);
        return TypedResults.Json(new MetricHistory(points), s_json.MetricHistory);
    }
}
