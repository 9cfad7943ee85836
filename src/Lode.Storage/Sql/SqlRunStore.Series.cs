using System.Data.Common;
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
        return sql.Query(
            """
            SELECT p.value, p.is_nan, p.time, p.step FROM metric m JOIN metric_point p ON p.metric_id = m.id
            WHERE m.run_id = @0 AND m.key = @1 ORDER BY p.time, p.step, p.value LIMIT @2 OFFSET @3
            """,
            [run, key, limit, offset],
            row => new MetricPoint(key, row.GetInt32(1) == 1 ? double.NaN : row.GetDouble(0), row.GetInt64(2), row.GetInt64(3)));
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
                    if (ReadSeries(sql, found.Row, run, key, query) is { } one)
                        series.Add(one);
                }
            }
            return series;
        }, ct);
    }

    private static MetricSeries? ReadSeries(SqlSession sql, long row, RunId run, string key, SeriesQuery query)
    {
        if (sql.Scalar<long?>("SELECT id FROM metric WHERE run_id = @0 AND key = @1", row, key) is not { } metric)
            return null;
        var (from, to) = (query.From ?? long.MinValue, query.To ?? long.MaxValue);
        (long Count, long First, long Last) range = default;
        sql.Read("SELECT count(*), min(step), max(step) FROM metric_point WHERE metric_id = @0 AND step BETWEEN @1 AND @2", [metric, from, to],
            reader => range = (reader.GetInt64(0), reader.IsDBNull(1) ? 0 : reader.GetInt64(1), reader.IsDBNull(2) ? 0 : reader.GetInt64(2)));
        if (range.Count == 0)
            return null;
        var builder = new SeriesBuilder(range.Count > query.Buckets ? query.Buckets : 0, range.First, range.Last);
        sql.Read("SELECT step, time, value, is_nan FROM metric_point WHERE metric_id = @0 AND step BETWEEN @1 AND @2 ORDER BY step, time, value", [metric, from, to], builder.Add);
        return builder.Build(run, key, range.Count);
    }

    /// <summary>Gathers points in step order, each for itself or into buckets of equal width in steps.</summary>
    private sealed class SeriesBuilder(int buckets, long first, long last)
    {
        private readonly List<long> _steps = [];
        private readonly List<long> _times = [];
        private readonly List<double> _values = [];
        private readonly List<double> _min = [];
        private readonly List<double> _max = [];
        private readonly double _width = buckets == 0 ? 0 : ((double)last - first + 1) / buckets;
        private long _bucket = -1;

        public void Add(DbDataReader row)
        {
            var (step, time) = (row.GetInt64(0), row.GetInt64(1));
            var value = row.GetInt32(3) == 1 ? double.NaN : row.GetDouble(2);
            var bucket = buckets == 0 ? _steps.Count : Math.Min(buckets - 1, (long)(((double)step - first) / _width));
            if (bucket != _bucket)
            {
                _bucket = bucket;
                _steps.Add(step);
                _times.Add(time);
                _values.Add(value);
                _min.Add(value);
                _max.Add(value);
                return;
            }
            (_steps[^1], _times[^1], _values[^1]) = (step, time, value);
            if (double.IsNaN(value))
                return;
            _min[^1] = double.IsNaN(_min[^1]) ? value : Math.Min(_min[^1], value);
            _max[^1] = double.IsNaN(_max[^1]) ? value : Math.Max(_max[^1], value);
        }

        public MetricSeries Build(RunId run, string key, long count) => new()
        {
            Run = run,
            Key = key,
            Count = count,
            Bucketed = buckets > 0,
            Steps = _steps,
            Times = _times,
            Values = _values,
            Min = buckets > 0 ? _min : null,
            Max = buckets > 0 ? _max : null,
        };
    }
}
