using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    private const int MaxSeriesSide = 100;
    private const int MaxBuckets = 10_000;

    /// <inheritdoc/>
    public Task<IReadOnlyList<MetricPoint>> GetHistoryAsync(RunId id, string key, int offset, int limit, CancellationToken ct) => database.ReadAsync<IReadOnlyList<MetricPoint>>(sql =>
    {
        var (run, _) = FindRun(sql, id) ?? throw NoRun(id);
        return FindMetric(sql, run, key) is { } metric ? SeriesReader.History(sql, metric, key, offset, limit) : [];
    }, ct);

    /// <inheritdoc/>
    public Task<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken ct)
    {
        if (query.Runs.Count is < 1 or > MaxSeriesSide || query.Keys.Count is < 1 or > MaxSeriesSide)
            throw new LodeException(ErrorCode.InvalidArgument, $"Ask for 1 to {MaxSeriesSide} runs and 1 to {MaxSeriesSide} metrics; got {query.Runs.Count} and {query.Keys.Count}.");
        if (query.Buckets is < 1 or > MaxBuckets)
            throw new LodeException(ErrorCode.InvalidArgument, $"Buckets are 1 to {MaxBuckets}; got {query.Buckets}.");
        return database.ReadAsync<IReadOnlyList<MetricSeries>>(sql =>
        {
            var series = new List<MetricSeries>();
            foreach (var run in query.Runs.Distinct())
            {
                if (FindRun(sql, run) is not { } found)
                    throw NoRun(run);
                foreach (var key in query.Keys.Distinct(StringComparer.Ordinal))
                {
                    if (FindMetric(sql, found.Row, key) is { } metric && SeriesBuilder.Build(sql, metric, run, key, query) is { } one)
                        series.Add(one);
                }
            }
            return series;
        }, ct);
    }

    private static long? FindMetric(SqlSession sql, long run, string key) => sql.Scalar<long?>("SELECT id FROM metric WHERE run_id = @0 AND key = @1", run, key);
}
