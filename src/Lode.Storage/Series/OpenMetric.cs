using System.Data.Common;

namespace Lode.Storage;

/// <summary>A metric that is being logged to: its summary, how its points are stored, and the points that wait.</summary>
/// <remarks>
/// A point is its (step, time, value): an equal one is stored once. A point behind the last one in step and time must be new, so
/// logging in order never looks back; others are looked for in the tail and in those chunks whose steps and times cover them.
/// </remarks>
internal sealed class OpenMetric
{
    /// <summary>Points from which on a tail becomes a chunk.</summary>
    public const int SealedTail = 256;

    // That many at once are worth a chunk, which costs two rows, at once.
    public const int SealedPiece = 16;

    private const string Columns = "id, last, last_step, last_time, min, max, mean, numbers, count, tail, next_chunk";

    private readonly long _run;
    private readonly string _key;
    private long? _id;
    private bool _isRow;
    private readonly List<Sample> _waiting = [];
    private double _last = double.NaN;
    private long _lastStep;
    private long _lastTime;
    private double _min = double.NaN;
    private double _max = double.NaN;
    private double _mean = double.NaN;
    private long _numbers;
    private long _count;
    private long _tail;
    private long _nextChunk;

    // Without an id it is made with its first points, and its id is asked for when it is needed.
    private OpenMetric(long? id, long run, string key) => (_id, _isRow, _run, _key) = (id, id is not null, run, key);

    /// <summary>Points that wait.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>The run's metric of that name, made where missing.</summary>
    public static OpenMetric Open(SqlSession sql, long run, string key)
    {
        if (Find(sql, run, key) is { } found)
            return found;
        var made = New(run, key);
        made.Id(sql);
        return made;
    }

    /// <summary>A metric that the run does not have yet; it comes into the database with its first points.</summary>
    public static OpenMetric New(long run, string key) => new(null, run, key);

    /// <summary>Puts the tails of a run that has ended into chunks, those that are worth it. No points wait; what was remembered of its metrics is out of date then.</summary>
    public static void SealTails(SqlSession sql, long run)
    {
        var keys = new List<string>();
        sql.ReadApart("SELECT key FROM metric WHERE run_id = @0 AND tail >= @1", [run, SealedPiece], row => keys.Add(row.GetString(0)));
        foreach (var key in keys)
        {
            var metric = Find(sql, run, key)!;
            metric.Seal(sql, []);
            metric.Save(sql);
        }
    }

    /// <summary>Lets a point wait.</summary>
    public void Add(Sample point) => _waiting.Add(point);

    /// <summary>Stores the points that wait.</summary>
    public void Store(SqlSession sql)
    {
        var points = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_waiting);
        points = points[..Sample.SortDistinct(points)];
        points = LeaveOutKnown(sql, points);
        if (points.Length > 0)
        {
            foreach (var point in points)
                Count(point);
            if (!_isRow && points.Length < SealedPiece)
            {
                Create(sql, points);
            }
            else
            {
                if (points.Length >= SealedPiece || _tail + points.Length >= SealedTail)
                    Seal(sql, points);
                else
                    AppendTail(sql, points);
                Save(sql);
            }
        }
        _waiting.Clear();
        if (_waiting.Capacity > SealedTail)
            _waiting.Capacity = 0;
    }

    /// <summary>Makes a metric's summary anew from what is stored of it; forgets the metric where that is nothing.</summary>
    public static void Recount(SqlSession sql, long id)
    {
        var metric = new OpenMetric(id, 0, "");
        foreach (var info in ChunkTable.List(sql, id))
        {
            foreach (var point in ChunkTable.Read(sql, id, info.Number).ReadAll())
                metric.Count(point);
            metric._nextChunk = info.Number + 1;
        }
        var sealedCount = metric._count;
        SeriesReader.ReadTail(sql, id, metric.Count);
        metric._tail = metric._count - sealedCount;
        if (metric._count == 0)
            sql.Post("DELETE FROM metric WHERE id = @0", id);
        else
            metric.Save(sql);
    }

    private void Save(SqlSession sql) => sql.Post(
        "UPDATE metric SET last = @1, last_step = @2, last_time = @3, min = @4, max = @5, mean = @6, numbers = @7, count = @8, tail = @9, next_chunk = @10 WHERE id = @0",
        Id(sql), NullIfNaN(_last), _lastStep, _lastTime, NullIfNaN(_min), NullIfNaN(_max), NullIfNaN(_mean), _numbers, _count, _tail, _nextChunk);

    // Two statements that nobody waits for.
    private void Create(SqlSession sql, ReadOnlySpan<Sample> points)
    {
        (_isRow, _tail) = (true, points.Length);
        sql.Post(
            "INSERT INTO metric (run_id, key, last, last_step, last_time, min, max, mean, numbers, count, tail, next_chunk) VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, @10, 0)",
            _run, _key, NullIfNaN(_last), _lastStep, _lastTime, NullIfNaN(_min), NullIfNaN(_max), NullIfNaN(_mean), _numbers, _count, _tail);
        foreach (var point in points)
        {
            var isNaN = double.IsNaN(point.Value);
            sql.Post("INSERT INTO metric_point (metric_id, step, time, value, is_nan) SELECT id, @2, @3, @4, @5 FROM metric WHERE run_id = @0 AND key = @1", _run, _key, point.Step, point.Time, isNaN ? 0.0 : point.Value, isNaN ? 1 : 0);
        }
    }

    private long Id(SqlSession sql)
    {
        if (_id is null && _isRow)
            sql.ReadApart("SELECT id FROM metric WHERE run_id = @0 AND key = @1", [_run, _key], row => _id = row.GetInt64(0));
        else if (_id is null)
            sql.RunReading("INSERT INTO metric (run_id, key, last_step, last_time, numbers, count, tail, next_chunk) VALUES (@0, @1, 0, 0, 0, 0, 0, 0) RETURNING id", [_run, _key], row => _id = row.GetInt64(0));
        _isRow = true;
        return _id!.Value;
    }

    private static OpenMetric? Find(SqlSession sql, long run, string key)
    {
        OpenMetric? found = null;
        sql.ReadApart($"SELECT {Columns} FROM metric WHERE run_id = @0 AND key = @1", [run, key], row => found = Map(row, run, key));
        return found;
    }

    /// <summary>Adds all metrics of a run that are not there yet.</summary>
    public static void FindAll(SqlSession sql, long run, Dictionary<string, OpenMetric> metrics) =>
        sql.ReadApart($"SELECT {Columns}, key FROM metric WHERE run_id = @0", [run], row => metrics.TryAdd(row.GetString(11), Map(row, run, row.GetString(11))));

    /// <summary>A metric out of a row that has <see cref="ColumnsOf"/>, its run and its key.</summary>
    public static (long Run, string Key, OpenMetric Metric) MapWhole(DbDataReader row) => (row.GetInt64(11), row.GetString(12), Map(row, row.GetInt64(11), row.GetString(12)));

    /// <summary>The columns of <see cref="MapWhole"/>.</summary>
    /// <param name="table">What the table is called.</param>
    public static string ColumnsOf(string table) => string.Join(", ", Columns.Split(", ").Append("run_id").Append("key").Select(column => $"{table}.{column}"));

    private static OpenMetric Map(DbDataReader row, long run, string key) => new(row.GetInt64(0), run, key)
    {
        _last = NaNIfNull(row, 1),
        _lastStep = row.GetInt64(2),
        _lastTime = row.GetInt64(3),
        _min = NaNIfNull(row, 4),
        _max = NaNIfNull(row, 5),
        _mean = NaNIfNull(row, 6),
        _numbers = row.GetInt64(7),
        _count = row.GetInt64(8),
        _tail = row.GetInt64(9),
        _nextChunk = row.GetInt64(10),
    };

    /// <summary>Moves the points that are not stored yet to the front.</summary>
    private Span<Sample> LeaveOutKnown(SqlSession sql, Span<Sample> points)
    {
        var last = new Sample(_lastStep, _lastTime, _last);
        var old = 0;
        while (old < points.Length && _count > 0 && (points[old].Step, points[old].Time).CompareTo((last.Step, last.Time)) <= 0)
            old++;
        if (old == 0)
            return points;
        var known = new bool[old];
        ChunkTable.FindKnown(sql, Id(sql), points[..old], known);
        var kept = 0;
        for (var i = 0; i < points.Length; i++)
        {
            if (i >= old || !(known[i] || IsInTail(sql, points[i])))
                points[kept++] = points[i];
        }
        return points[..kept];
    }

    private bool IsInTail(SqlSession sql, Sample point)
    {
        var found = false;
        if (_tail > 0)
        {
            sql.ReadApart("SELECT step FROM metric_point WHERE metric_id = @0 AND step = @1 AND time = @2 AND value = @3 AND is_nan = @4",
                [Id(sql), point.Step, point.Time, double.IsNaN(point.Value) ? 0.0 : point.Value, double.IsNaN(point.Value) ? 1 : 0], _ => found = true);
        }
        return found;
    }

    /// <summary>Takes a point, the points in ascending order, into the summary.</summary>
    private void Count(Sample point)
    {
        if (_count++ == 0 || Sample.ByStep(point, new Sample(_lastStep, _lastTime, _last)) >= 0)
            (_last, _lastStep, _lastTime) = (point.Value, point.Step, point.Time);
        var value = point.Value;
        if (double.IsNaN(value))
            return;
        if (_numbers++ == 0)
        {
            (_min, _max, _mean) = (value, value, value);
            return;
        }
        _min = Math.Min(_min, value);
        _max = Math.Max(_max, value);
        // An infinity stays what it is, until its opposite comes; differences from it would be none.
        _mean = double.IsInfinity(_mean) ? _mean + value : _mean + (value - _mean) / _numbers;
    }

    private void AppendTail(SqlSession sql, ReadOnlySpan<Sample> points)
    {
        InsertTail(sql, Id(sql), points);
        _tail += points.Length;
    }

    /// <summary>Adds rows to a metric's tail; its summary is the caller's.</summary>
    public static void InsertTail(SqlSession sql, long metric, ReadOnlySpan<Sample> points)
    {
        foreach (var point in points)
        {
            var isNaN = double.IsNaN(point.Value);
            sql.Post("INSERT INTO metric_point (metric_id, step, time, value, is_nan) VALUES (@0, @1, @2, @3, @4)", metric, point.Step, point.Time, isNaN ? 0.0 : point.Value, isNaN ? 1 : 0);
        }
    }

    /// <summary>Puts points into chunks, with the tail and with chunks before that have become small beside them.</summary>
    private void Seal(SqlSession sql, ReadOnlySpan<Sample> points)
    {
        var pieces = new List<Sample[]>();
        if (_tail > 0)
        {
            var tail = new List<Sample>((int)Math.Min(_tail, 1 << 20));
            SeriesReader.ReadTail(sql, Id(sql), tail.Add);
            sql.Post("DELETE FROM metric_point WHERE metric_id = @0", Id(sql));
            pieces.Add([.. tail]);
        }
        var total = points.Length + (pieces.Count > 0 ? pieces[0].Length : 0);
        // Each merge at least doubles what is merged, so a point is written again at most some eight times before its chunk is full.
        while (ChunkTable.TakeLast(sql, Id(sql), _nextChunk, Math.Min(total, ChunkCodec.MaxPoints - 1)) is { } taken)
        {
            pieces.Add(taken);
            total += taken.Length;
            _nextChunk--;
        }
        // Earliest first: what was logged in order is in order then.
        var all = new Sample[total];
        var at = 0;
        for (var i = pieces.Count - 1; i >= 0; at += pieces[i--].Length)
            pieces[i].CopyTo(all, at);
        points.CopyTo(all.AsSpan(at));
        var sorted = all.AsSpan(0, Sample.SortDistinct(all));
        while (sorted.Length >= SealedPiece)
        {
            var count = Math.Min(sorted.Length, ChunkCodec.MaxPoints);
            ChunkTable.Insert(sql, Id(sql), _nextChunk++, sorted[..count]);
            sorted = sorted[count..];
        }
        _tail = 0;
        AppendTail(sql, sorted);
    }

    private static double? NullIfNaN(double value) => double.IsNaN(value) ? null : value;

    private static double NaNIfNull(DbDataReader row, int column) => row.IsDBNull(column) ? double.NaN : row.GetDouble(column);
}
