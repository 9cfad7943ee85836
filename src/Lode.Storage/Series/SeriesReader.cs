using System.Runtime.InteropServices;

namespace Lode.Storage;

/// <summary>Reads a metric's points out of its chunks and its tail.</summary>
internal static class SeriesReader
{
    /// <summary>Points in order of time, step, value.</summary>
    /// <param name="sql">Where.</param>
    /// <param name="metric">Whose.</param>
    /// <param name="offset">Points to pass over.</param>
    /// <param name="limit">Points to return at most.</param>
    public static List<Sample> History(SqlSession sql, long metric, int offset, int limit)
    {
        var parts = ChunkTable.List(sql, metric).ConvertAll(chunk => new Part(chunk.FirstTime, chunk.LastTime, chunk.Count, chunk.Number, null));
        var tail = Tail(sql, metric);
        if (tail.Count > 0)
            parts.Add(new Part(tail.Min(point => point.Time), tail.Max(point => point.Time), tail.Count, 0, tail));
        parts.Sort((a, b) => a.FirstTime.CompareTo(b.FirstTime));
        var history = new List<Sample>();
        long passed = 0;
        for (var i = 0; i < parts.Count && history.Count < limit;)
        {
            // Parts whose times overlap are put in order together.
            var (end, count, lastTime) = (i, 0L, long.MinValue);
            for (; end < parts.Count && (end == i || parts[end].FirstTime <= lastTime); end++)
            {
                lastTime = Math.Max(lastTime, parts[end].LastTime);
                count += parts[end].Count;
            }
            if (passed + count > offset)
                Append(history, Load(sql, metric, parts.GetRange(i, end - i), (int)count), (int)Math.Max(0, offset - passed), limit);
            passed += count;
            i = end;
        }
        return history;
    }

    /// <summary>Gives each of the tail's points, in order of step, time, value.</summary>
    public static void ReadTail(SqlSession sql, long metric, Action<Sample> add) => sql.ReadApart(
        "SELECT step, time, value, is_nan FROM metric_point WHERE metric_id = @0 ORDER BY step, time, value, is_nan", [metric],
        row => add(new Sample(row.GetInt64(0), row.GetInt64(1), row.GetInt32(3) == 1 ? double.NaN : row.GetDouble(2))));

    /// <summary>Gives the points of a range of steps: as whole chunks or blocks where <paramref name="whole"/> takes them, else one by one.</summary>
    /// <param name="sql">Where.</param>
    /// <param name="metric">Whose.</param>
    /// <param name="chunks">Its chunks.</param>
    /// <param name="from">First step.</param>
    /// <param name="to">Last step, included.</param>
    /// <param name="whole">Takes many points at once if their steps suit it; false = it wants them one by one.</param>
    /// <param name="each">Takes a point.</param>
    public static void Visit(SqlSession sql, long metric, List<ChunkInfo> chunks, long from, long to, Func<PointSummary, bool> whole, Action<Sample> each)
    {
        Span<Sample> points = stackalloc Sample[ChunkCodec.BlockPoints];
        foreach (var info in chunks)
        {
            if (info.End.Step < from || info.FirstStep > to)
                continue;
            if (info.FirstStep >= from && info.End.Step <= to && whole(new PointSummary(info.Count, info.FirstStep, info.End, info.Min, info.Max)))
                continue;
            var chunk = ChunkTable.Read(sql, metric, info.Number);
            for (var i = 0; i < chunk.Blocks.Length; i++)
            {
                var block = chunk.Blocks[i];
                if (block.Last.Step < from || block.FirstStep > to)
                    continue;
                if (block.FirstStep >= from && block.Last.Step <= to && whole(new PointSummary(block.Count, block.FirstStep, block.Last, block.Min, block.Max)))
                    continue;
                chunk.ReadBlock(i, points[..block.Count]);
                foreach (var point in points[..block.Count])
                {
                    if (point.Step >= from && point.Step <= to)
                        each(point);
                }
            }
        }
        sql.ReadApart("SELECT step, time, value, is_nan FROM metric_point WHERE metric_id = @0 AND step BETWEEN @1 AND @2", [metric, from, to],
            row => each(new Sample(row.GetInt64(0), row.GetInt64(1), row.GetInt32(3) == 1 ? double.NaN : row.GetDouble(2))));
    }

    private static List<Sample> Tail(SqlSession sql, long metric)
    {
        var tail = new List<Sample>();
        ReadTail(sql, metric, tail.Add);
        return tail;
    }

    private static List<Sample> Load(SqlSession sql, long metric, List<Part> parts, int count)
    {
        var points = new List<Sample>(count);
        foreach (var part in parts)
            points.AddRange(part.Points ?? (IEnumerable<Sample>)ChunkTable.Read(sql, metric, part.Chunk).ReadAll());
        var span = CollectionsMarshal.AsSpan(points);
        for (var i = 1; i < span.Length; i++)
        {
            if (Sample.ByTime(span[i - 1], span[i]) <= 0)
                continue;
            span.Sort(Sample.ByTime);
            break;
        }
        return points;
    }

    private static void Append(List<Sample> history, List<Sample> points, int skip, int limit)
    {
        var count = Math.Min(points.Count - skip, limit - history.Count);
        history.AddRange(CollectionsMarshal.AsSpan(points).Slice(skip, count));
    }

    private sealed record Part(long FirstTime, long LastTime, long Count, long Chunk, List<Sample>? Points);
}

/// <summary>Many points in short.</summary>
/// <param name="Count">How many.</param>
/// <param name="FirstStep">Least step.</param>
/// <param name="Last">The last by step, time, value.</param>
/// <param name="Min">Smallest number; NaN where there is none.</param>
/// <param name="Max">Greatest number; NaN where there is none.</param>
internal readonly record struct PointSummary(long Count, long FirstStep, Sample Last, double Min, double Max);
