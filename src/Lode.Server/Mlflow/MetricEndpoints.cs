using System.Text.Json;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>Metric histories. Runs and keys that do not exist have empty ones.</summary>
internal static class MetricEndpoints
{
    private const int MaxRuns = 100;
    private const int MaxBulkPoints = 25_000;
    private const int MaxSteps = 2500;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/metrics/get-history", HistoryAsync);
        api.MapGet("/metrics/get-history-bulk", BulkAsync);
        api.MapGet("/metrics/get-history-bulk-interval", BulkIntervalAsync);
    }

    private static async Task<HistoryAnswer> HistoryAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (run, key) = (RunEndpoints.IdText(request), request.RequiredText("metric_key"));
        // Without max_results all of it; one less than the greatest, as one more is read to see whether there is more.
        var page = MlflowPage.Of(request, int.MaxValue - 1, int.MaxValue - 1);
        var points = await ReadAsync(store, run, key, page.Offset, page.Limit + 1, ct);
        return new HistoryAnswer(key, points, Math.Min(points.Count, page.Limit), points.Count > page.Limit ? page.NextToken() : null);
    }

    private static async Task<MlflowAnswer> BulkAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (runs, named) = Runs(request, "run_id");
        if (runs.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "GetMetricHistoryBulk request must specify at least one run_id.");
        if (named > MaxRuns)
            throw new LodeException(ErrorCode.InvalidArgument, $"GetMetricHistoryBulk request cannot specify more than {MaxRuns} run_ids. Received {named} run_ids.");
        var key = request.Text("metric_key") is { Length: > 0 } text ? text : throw new LodeException(ErrorCode.InvalidArgument, "GetMetricHistoryBulk request must specify a metric_key.");
        var left = (int)Math.Min(request.Integer("max_results") ?? MaxBulkPoints, MaxBulkPoints);
        if (left < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid value {left} for parameter 'max_results' supplied. It must be a positive integer");
        var histories = new List<(string Run, IReadOnlyList<MetricPoint> Points)>();
        foreach (var run in runs.Order(StringComparer.Ordinal))
        {
            if (left == 0)
                break;
            var points = await ReadAsync(store, run, key, 0, left, ct);
            histories.Add((run, points));
            left -= points.Count;
        }
        return new MlflowAnswer(json =>
        {
            json.WriteStartArray("metrics"u8);
            foreach (var (run, points) in histories)
                WriteWithRun(json, run, points);
            json.WriteEndArray();
        });
    }

    private static async Task<MlflowAnswer> BulkIntervalAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (runs, named) = Runs(request, "run_ids");
        if (runs.Count == 0)
            throw MlflowErrors.Missing("run_ids");
        if (named > MaxRuns)
            throw new LodeException(ErrorCode.InvalidArgument, $"GetMetricHistoryBulkInterval request must specify at most {MaxRuns} run_ids. Received {named} run_ids.");
        var key = request.RequiredText("metric_key");
        var (start, end) = (request.Integer("start_step"), request.Integer("end_step"));
        if (start is null != end is null)
            throw new LodeException(ErrorCode.InvalidArgument, "If either start step or end step are specified, both must be specified.");
        if (start > end)
            throw new LodeException(ErrorCode.InvalidArgument, $"end_step must be greater than start_step. Found start_step={start} and end_step={end}.");
        var max = request.Integer("max_results") ?? MaxSteps;
        if (max is < 1 or > MaxSteps)
            throw new LodeException(ErrorCode.InvalidArgument, $"max_results must be between 1 and {MaxSteps}. Found {max}.");
        var histories = new List<(string Run, List<MetricPoint> Points)>();
        foreach (var run in runs)
        {
            var points = await ReadAsync(store, run, key, 0, int.MaxValue, ct);
            histories.Add((run, [.. points.Where(point => (start is null || point.Step >= start) && (end is null || point.Step <= end))]));
        }
        var steps = ChooseSteps(histories.ConvertAll(history => history.Points), (int)max);
        return new MlflowAnswer(json =>
        {
            if (steps.Count == 0)
                return;
            json.WriteStartArray("metrics"u8);
            foreach (var (run, points) in histories)
                WriteWithRun(json, run, points.Where(point => steps.Contains(point.Step)).OrderBy(point => point.Step).ThenBy(point => point.Time).ThenBy(point => point.Value));
            json.WriteEndArray();
        });
    }

    /// <summary>About <paramref name="max"/> evenly spaced ones of all steps, and each history's first and last; all where they are few.</summary>
    private static HashSet<long> ChooseSteps(List<List<MetricPoint>> histories, int max)
    {
        var all = new HashSet<long>();
        foreach (var points in histories)
        {
            foreach (var point in points)
                all.Add(point.Step);
        }
        if (all.Count <= max)
            return all;
        var sorted = all.ToArray();
        Array.Sort(sorted);
        var chosen = new HashSet<long>();
        var stride = (double)sorted.Length / max;
        for (var i = 0; i < max; i++)
            chosen.Add(sorted[(int)(i * stride)]);
        foreach (var points in histories)
        {
            if (points.Count == 0)
                continue;
            chosen.Add(points.Min(point => point.Step));
            chosen.Add(points.Max(point => point.Step));
        }
        return chosen;
    }

    /// <summary>The runs asked for, each once; how many were named counts each time.</summary>
    private static (List<string> Runs, int Named) Runs(MlflowRequest request, string name)
    {
        var named = request.Texts(name).Where(run => run.Length > 0).ToList();
        return ([.. named.Distinct(StringComparer.Ordinal)], named.Count);
    }

    private static async Task<IReadOnlyList<MetricPoint>> ReadAsync(IRunStore store, string run, string key, int offset, int limit, CancellationToken ct)
    {
        try
        {
            return await store.GetHistoryAsync(RunEndpoints.ParseId(run), key, offset, limit, ct);
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return [];
        }
    }

    private static void WriteWithRun(Utf8JsonWriter json, string run, IEnumerable<MetricPoint> points)
    {
        foreach (var point in points)
        {
            json.WriteStartObject();
            json.WritePoint(point);
            json.WriteString("run_id"u8, run);
            json.WriteEndObject();
        }
    }
}
