using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    /// <inheritdoc/>
    public Task LogAsync(RunId id, RunBatch batch, CancellationToken ct)
    {
        Check(batch);
        return database.WriteAsync(sql =>
        {
            var (row, lifecycle) = FindRun(sql, id) ?? throw NoRun(id);
            if (lifecycle == Lifecycle.Deleted)
                throw InTrash(id);
            if (WriteParams(sql, row, batch.Params) is { Count: > 0 } refused)
                throw ParamRewritten(id, refused);
            WriteMetrics(sql, row, batch.Metrics);
            SetTags(sql, row, batch.Tags);
            Touch(sql, row);
            return true;
        }, ct);
    }

    private static void Check(RunBatch batch)
    {
        for (var i = 0; i < batch.Metrics.Count; i++)
        {
            NameRules.CheckKey(batch.Metrics[i].Key, string.Create(CultureInfo.InvariantCulture, $"metrics[{i}].name"));
            if (batch.Metrics[i].Time < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"Metric '{batch.Metrics[i].Key}': a timestamp is at least 0 milliseconds; got {batch.Metrics[i].Time}.");
        }
        for (var i = 0; i < batch.Params.Count; i++)
            NameRules.CheckKey(batch.Params[i].Key, string.Create(CultureInfo.InvariantCulture, $"params[{i}].key"));
        for (var i = 0; i < batch.Tags.Count; i++)
            NameRules.CheckKey(batch.Tags[i].Key, string.Create(CultureInfo.InvariantCulture, $"tags[{i}].key"));
    }

    /// <summary>Writes new params; returns those that were there with another value.</summary>
    private static List<(string Key, string Old, string New)> WriteParams(SqlSession sql, long run, IEnumerable<KeyValuePair<string, string>> values)
    {
        var refused = new List<(string, string, string)>();
        foreach (var (key, text) in values)
        {
            var value = NameRules.Truncate(text, NameRules.MaxParamLength);
            object? number = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) && !double.IsNaN(parsed) ? parsed : null;
            if (sql.Execute("INSERT INTO run_param (run_id, key, value, number) VALUES (@0, @1, @2, @3) ON CONFLICT DO NOTHING", run, key, value, number) == 1)
                continue;
            var old = sql.Scalar<string>("SELECT value FROM run_param WHERE run_id = @0 AND key = @1", run, key)!;
            if (old != value)
                refused.Add((key, old, value));
        }
        return refused;
    }

    private static LodeException ParamRewritten(RunId id, List<(string Key, string Old, string New)> refused) => new(ErrorCode.InvalidArgument, refused.Count == 1
        ? $"Changing param values is not allowed. Param with key='{refused[0].Key}' was already logged with value='{refused[0].Old}' for run ID='{id}'. Attempted logging new value '{refused[0].New}'."
        : $"Changing param values is not allowed. Params were already logged='[{string.Join(", ", refused.Select(param => $"{{'key': '{param.Key}', 'old_value': '{param.Old}', 'new_value': '{param.New}'}}"))}]' for run ID='{id}'.");

    private static void SetTags(SqlSession sql, long run, IEnumerable<KeyValuePair<string, string?>> tags)
    {
        foreach (var (key, value) in tags)
        {
            if (value is null)
                sql.Execute("DELETE FROM run_tag WHERE run_id = @0 AND key = @1", run, key);
            else
                sql.Execute("INSERT INTO run_tag (run_id, key, value) VALUES (@0, @1, @2) ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value",
                    run, key, NameRules.Truncate(value, NameRules.MaxTagLength));
        }
    }

    private static void WriteMetrics(SqlSession sql, long run, IReadOnlyList<MetricPoint> points)
    {
        if (points.Count == 0)
            return;
        var open = new Dictionary<string, OpenMetric>(StringComparer.Ordinal);
        foreach (var point in points)
        {
            if (!open.TryGetValue(point.Key, out var metric))
                open.Add(point.Key, metric = OpenMetric.Find(sql, run, point.Key) ?? OpenMetric.Insert(sql, run, point));
            metric.Append(sql, point);
        }
        foreach (var metric in open.Values)
            metric.Save(sql);
    }

    /// <summary>A metric's summary while points are added to it.</summary>
    private sealed class OpenMetric(long id)
    {
        private double _last;
        private long _lastStep;
        private long _lastTime;
        private double _min = double.NaN;
        private double _max = double.NaN;
        private double _mean = double.NaN;
        private long _numbers;
        private long _count;

        public static OpenMetric? Find(SqlSession sql, long run, string key)
        {
            OpenMetric? found = null;
            sql.Read("SELECT id, last, last_step, last_time, min, max, mean, numbers, count FROM metric WHERE run_id = @0 AND key = @1", [run, key],
                row => found = new OpenMetric(row.GetInt64(0))
                {
                    _last = NaNIfNull(row, 1),
                    _lastStep = row.GetInt64(2),
                    _lastTime = row.GetInt64(3),
                    _min = NaNIfNull(row, 4),
                    _max = NaNIfNull(row, 5),
                    _mean = NaNIfNull(row, 6),
                    _numbers = row.GetInt64(7),
                    _count = row.GetInt64(8),
                });
            return found;
        }

        public static OpenMetric Insert(SqlSession sql, long run, MetricPoint first)
        {
            sql.Execute("INSERT INTO metric (run_id, key, last_step, last_time, numbers, count) VALUES (@0, @1, @2, @3, 0, 0)", run, first.Key, first.Step, first.Time);
            return Find(sql, run, first.Key)!;
        }

        public void Append(SqlSession sql, MetricPoint point)
        {
            var isNaN = double.IsNaN(point.Value);
            var stored = sql.Execute("INSERT INTO metric_point (metric_id, step, time, value, is_nan) VALUES (@0, @1, @2, @3, @4) ON CONFLICT DO NOTHING",
                id, point.Step, point.Time, isNaN ? 0.0 : point.Value, isNaN ? 1 : 0);
            if (stored == 0)
                return;
            if (_count++ == 0 || IsLater(point))
                (_last, _lastStep, _lastTime) = (point.Value, point.Step, point.Time);
            if (isNaN)
                return;
            if (_numbers++ == 0)
            {
                (_min, _max, _mean) = (point.Value, point.Value, point.Value);
                return;
            }
            _min = Math.Min(_min, point.Value);
            _max = Math.Max(_max, point.Value);
            _mean += (point.Value - _mean) / _numbers;
        }

        public void Save(SqlSession sql) => sql.Execute(
            "UPDATE metric SET last = @1, last_step = @2, last_time = @3, min = @4, max = @5, mean = @6, numbers = @7, count = @8 WHERE id = @0",
            id, NullIfNaN(_last), _lastStep, _lastTime, NullIfNaN(_min), NullIfNaN(_max), NullIfNaN(_mean), _numbers, _count);

        // MLflow's order: step, then time, then value, NaN counting as 0.
        private bool IsLater(MetricPoint point) =>
            (point.Step, point.Time, double.IsNaN(point.Value) ? 0 : point.Value).CompareTo((_lastStep, _lastTime, double.IsNaN(_last) ? 0 : _last)) >= 0;
    }
}
