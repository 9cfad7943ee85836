using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>
/// Points that the writes of a group log: however many writes log to a metric, its points are stored together, its summary is
/// written once, and its run gets one new version. Where the session keeps a log they may wait beyond their group (<see cref="MetricLog"/>).
/// </summary>
internal sealed class MetricAppends : ISqlDeferred
{
    // Some 200 bytes each.
    private const int MaxRemembered = 20_000;

    // So many that are not known yet are looked up together.
    private const int ManyKeys = 8;

    private readonly Dictionary<RunId, OpenRun> _runs = [];
    private readonly List<OpenRun> _changed = [];
    private readonly MetricLog _log = new();
    private int _remembered;
    private long _changes;
    private bool _isLost;

    /// <summary>The run of that id; null where there is none.</summary>
    public OpenRun? Find(SqlSession sql, RunId id)
    {
        if (_runs.TryGetValue(id, out var run))
            return run;
        sql.ReadApart("SELECT id, lifecycle FROM run WHERE uuid = @0", [id.ToString()], row => run = Remember(id, new OpenRun(row.GetInt64(0), (Lifecycle)row.GetInt32(1))));
        return run;
    }

    /// <summary>Takes over a run with all its metrics as the database has them; one that is remembered already stays as it is.</summary>
    public void Know(RunId id, OpenRun run)
    {
        if (_runs.ContainsKey(id))
            return;
        run.IsComplete = true;
        _remembered += run.Metrics.Count;
        Remember(id, run);
    }

    /// <summary>Lets points wait, and the run's next version with them.</summary>
    /// <param name="sql">The session that this belongs to.</param>
    /// <param name="run">What <see cref="Find"/> has just given.</param>
    /// <param name="points">With keys that are in order; may be empty.</param>
    public void Add(SqlSession sql, OpenRun run, IReadOnlyList<MetricPoint> points)
    {
        if (sql.KeepsLog)
            _log.Add(run.Row, points);
        Take(sql, run, points);
        sql.Defer();
    }

    public void Settle(SqlSession sql)
    {
        if (_isLost)
            ReadLog(sql);
        foreach (var run in _changed)
        {
            foreach (var metric in run.Changed)
                metric.Store(sql);
            run.Changed.Clear();
            run.IsChanged = false;
        }
        // Versions are in the order of each run's last change.
        _changed.Sort((a, b) => a.LastChange.CompareTo(b.LastChange));
        if (_changed.Count > 0)
            Versions.Raise(sql, _changed.ConvertAll(run => run.Row));
        _changed.Clear();
        if (sql.KeepsLog)
            _log.Empty(sql);
        if (_remembered > MaxRemembered)
            Forget();
    }

    public bool TryKeep(SqlSession sql) => sql.KeepsLog && !_isLost && _log.TryStore(sql);

    public void Forget()
    {
        _log.Drop();
        if (_remembered == 0)
            return;
        _runs.Clear();
        _changed.Clear();
        _remembered = 0;
    }

    public void Lose()
    {
        Forget();
        _isLost = true;
    }

    private void ReadLog(SqlSession sql)
    {
        _isLost = false;
        var runs = new Dictionary<long, OpenRun?>();
        _log.Read(sql, (row, points) =>
        {
            if (!runs.TryGetValue(row, out var run))
            {
                sql.ReadApart("SELECT uuid, lifecycle FROM run WHERE id = @0", [row], found => run = Remember(RunId.Parse(found.GetString(0)), new OpenRun(row, (Lifecycle)found.GetInt32(1))));
                runs.Add(row, run);
            }
            if (run is not null)
                Take(sql, run, points);
        });
    }

    private static int UnknownKeys(OpenRun run, IReadOnlyList<MetricPoint> points)
    {
        if (points.Count < ManyKeys)
            return 0;
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < points.Count && unknown.Count < ManyKeys; i++)
        {
            if (!run.Metrics.ContainsKey(points[i].Key))
                unknown.Add(points[i].Key);
        }
        return unknown.Count;
    }

    private OpenRun Remember(RunId id, OpenRun run)
    {
        _runs.Add(id, run);
        _remembered++;
        return run;
    }

    private void Take(SqlSession sql, OpenRun run, IReadOnlyList<MetricPoint> points)
    {
        if (!run.IsComplete && UnknownKeys(run, points) >= ManyKeys)
        {
            var known = run.Metrics.Count;
            OpenMetric.FindAll(sql, run.Row, run.Metrics);
            run.IsComplete = true;
            _remembered += run.Metrics.Count - known;
        }
        var (key, metric) = ("", (OpenMetric?)null);
        for (var i = 0; i < points.Count; i++)
        {
            var point = points[i];
            if (metric is null || !string.Equals(key, point.Key, StringComparison.Ordinal))
            {
                if (!run.Metrics.TryGetValue(point.Key, out metric))
                {
                    run.Metrics.Add(point.Key, metric = run.IsComplete && sql.Gathers ? OpenMetric.New(run.Row, point.Key) : OpenMetric.Open(sql, run.Row, point.Key));
                    _remembered++;
                }
                if (metric.Waiting == 0)
                    run.Changed.Add(metric);
                key = point.Key;
            }
            metric.Add(new Sample(point.Step, point.Time, point.Value));
        }
        if (!run.IsChanged)
            _changed.Add(run);
        run.IsChanged = true;
        run.LastChange = ++_changes;
    }
}

/// <summary>A run that is being logged to.</summary>
internal sealed class OpenRun(long row, Lifecycle lifecycle)
{
    public long Row => row;

    public Lifecycle Lifecycle => lifecycle;

    /// <summary>Its metrics as far as they are known.</summary>
    public Dictionary<string, OpenMetric> Metrics { get; } = new(StringComparer.Ordinal);

    /// <summary>Those with points that wait.</summary>
    public List<OpenMetric> Changed { get; } = [];

    public bool IsChanged { get; set; }

    /// <summary>The greater, the later.</summary>
    public long LastChange { get; set; }

    /// <summary>Whether all metrics that it had are known.</summary>
    public bool IsComplete { get; set; }
}
