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
        api.MapGet("/metrics", SeriesAsync);
        api.MapGet("/runs/{id}/history", HistoryAsync);
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
