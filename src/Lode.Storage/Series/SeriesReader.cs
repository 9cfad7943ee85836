using System.Buffers;
using System.Runtime.InteropServices;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>Reads a metric's points out of its chunks and its tail.</summary>
internal static class SeriesReader
{
    /// <summary>Points in order of time, step, value.</summary>
    /// <param name="sql">Where.</param>
    /// <param name="metric">Whose.</param>
    /// <param name="key">The metric's name.</param>
    /// <param name="offset">Points to pass over.</param>
    /// <param name="limit">Points to return at most.</param>
    public static MetricPoint[] History(SqlSession sql, long metric, string key, int offset, int limit)
    {
        var parts = ChunkTable.List(sql, metric).ConvertAll(chunk => new Part(chunk.FirstTime, chunk.LastTime, chunk.Count, chunk.Number, null));
        var tail = Tail(sql, metric);
        if (tail.Count > 0)
            parts.Add(new Part(tail.Min(point => point.Time), tail.Max(point => point.Time), tail.Count, 0, tail));
        parts.Sort((a, b) => a.FirstTime.CompareTo(b.FirstTime));
        var all = 0L;
        foreach (var part in parts)
            all += part.Count;
        var history = new MetricPoint[Math.Clamp(all - offset, 0, limit)];
        var (passed, filled) = (0L, 0);
        for (var i = 0; i < parts.Count && filled < history.Length;)
        {
            // Parts whose times overlap are put in order together.
            var (end, count, lastTime) = (i, 0L, long.MinValue);
            for (; end < parts.Count && (end == i || parts[end].FirstTime <= lastTime); end++)
            {
                lastTime = Math.Max(lastTime, parts[end].LastTime);
                count += parts[end].Count;
            }
            if (passed + count > offset)
                filled += Copy(sql, metric, key, CollectionsMarshal.AsSpan(parts)[i..end], checked((int)count), (int)Math.Max(0, offset - passed), history.AsSpan(filled));
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

    /// <summary>Puts parts' points in order and copies them, all but the first <paramref name="skip"/>, as far as there is room; how many.</summary>
    private static int Copy(SqlSession sql, long metric, string key, ReadOnlySpan<Part> parts, int count, int skip, Span<MetricPoint> target)
    {
        var rented = ArrayPool<Sample>.Shared.Rent(count);
        try
        {
            var points = rented.AsSpan(0, count);
            var at = 0;
            foreach (var part in parts)
            {
                var room = points.Slice(at, (int)part.Count);
                if (part.Points is { } tail)
                    CollectionsMarshal.AsSpan(tail).CopyTo(room);
                else
                    ChunkTable.Read(sql, metric, part.Chunk).ReadAll(room);
                at += room.Length;
            }
            for (var i = 1; i < points.Length; i++)
            {
                if (Sample.ByTime(points[i - 1], points[i]) <= 0)
                    continue;
                points.Sort(Sample.ByTime);
                break;
            }
            points = points.Slice(skip, Math.Min(count - skip, target.Length));
            for (var i = 0; i < points.Length; i++)
                target[i] = new MetricPoint(key, points[i].Value, points[i].Time, points[i].Step);
            return points.Length;
        }
        finally
        {
            ArrayPool<Sample>.Shared.Return(rented);
        }
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
