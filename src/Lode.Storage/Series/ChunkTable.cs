using System.Data.Common;
using Lode.Core;

namespace Lode.Storage;

/// <summary>What is known of a chunk without its data.</summary>
/// <param name="Number">Within its metric, in the order of sealing.</param>
/// <param name="Count">Points.</param>
/// <param name="FirstStep">Least step.</param>
/// <param name="FirstTime">Least time.</param>
/// <param name="LastTime">Greatest time.</param>
/// <param name="End">Its last point by step, time, value.</param>
/// <param name="Min">Smallest number; NaN where there is none.</param>
/// <param name="Max">Greatest number; NaN where there is none.</param>
internal readonly record struct ChunkInfo(long Number, long Count, long FirstStep, long FirstTime, long LastTime, Sample End, double Min, double Max);

/// <summary>The sealed points of metrics: tables <c>metric_chunk</c> and <c>metric_chunk_data</c>.</summary>
internal static class ChunkTable
{
    private const string Columns = "chunk, count, first_step, first_time, last_time, last_step, end_time, end_value, min, max";

    public static void Insert(SqlSession sql, long metric, long number, ReadOnlySpan<Sample> points)
    {
        var (firstTime, lastTime, min, max) = (long.MaxValue, long.MinValue, double.NaN, double.NaN);
        foreach (var (_, time, value) in points)
        {
            firstTime = Math.Min(firstTime, time);
            lastTime = Math.Max(lastTime, time);
            (min, max) = (Extremes.Min(min, value), Extremes.Max(max, value));
        }
        var end = points[^1];
        sql.Post(
            """
            INSERT INTO metric_chunk (metric_id, chunk, count, first_step, last_step, first_time, last_time, end_time, end_value, min, max)
            VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, @9, @10)
            """,
            metric, number, (long)points.Length, points[0].Step, end.Step, firstTime, lastTime, end.Time, NullIfNaN(end.Value), NullIfNaN(min), NullIfNaN(max));
        sql.Post("INSERT INTO metric_chunk_data (metric_id, chunk, data) VALUES (@0, @1, @2)", metric, number, ChunkCodec.Write(points));
    }

    /// <summary>All chunks of a metric, in the order of sealing.</summary>
    public static List<ChunkInfo> List(SqlSession sql, long metric)
    {
        var chunks = new List<ChunkInfo>();
        sql.ReadApart($"SELECT {Columns} FROM metric_chunk WHERE metric_id = @0 ORDER BY chunk", [metric], row => chunks.Add(Map(row)));
        return chunks;
    }

    public static Chunk Read(SqlSession sql, long metric, long number)
    {
        Chunk? chunk = null;
        sql.ReadApart("SELECT data FROM metric_chunk_data WHERE metric_id = @0 AND chunk = @1", [metric, number], row => chunk = ChunkCodec.Read(row.GetFieldValue<byte[]>(0)));
        return chunk ?? throw ChunkCodec.Damaged();
    }

    /// <summary>Takes the last chunk's points out, if it has at most so many and is sound; null otherwise.</summary>
    public static Sample[]? TakeLast(SqlSession sql, long metric, long next, int most)
    {
        long count = 0;
        sql.ReadApart("SELECT count FROM metric_chunk WHERE metric_id = @0 AND chunk = @1", [metric, next - 1], row => count = row.GetInt64(0));
        if (count == 0 || count > most || TryRead(sql, metric, next - 1) is not { } taken)
            return null;
        sql.Post("DELETE FROM metric_chunk WHERE metric_id = @0 AND chunk = @1", metric, next - 1);
        sql.Post("DELETE FROM metric_chunk_data WHERE metric_id = @0 AND chunk = @1", metric, next - 1);
        return taken;
    }

    /// <summary>A chunk's points; null where it is damaged: readers and the doctor tell that, but logging goes on.</summary>
    private static Sample[]? TryRead(SqlSession sql, long metric, long number)
    {
        try
        {
            return Read(sql, metric, number).ReadAll();
        }
        catch (LodeException error) when (error.Code == ErrorCode.DataLoss)
        {
            return null;
        }
    }

    /// <summary>Marks those points that some chunk holds.</summary>
    /// <param name="sql">Where.</param>
    /// <param name="metric">Whose.</param>
    /// <param name="points">At least one, in order of step, time, value.</param>
    /// <param name="known">As many, set to true for those that are stored.</param>
    public static void FindKnown(SqlSession sql, long metric, ReadOnlySpan<Sample> points, Span<bool> known)
    {
        var (firstTime, lastTime) = (long.MaxValue, long.MinValue);
        foreach (var point in points)
        {
            firstTime = Math.Min(firstTime, point.Time);
            lastTime = Math.Max(lastTime, point.Time);
        }
        var chunks = new List<ChunkInfo>();
        sql.ReadApart(
            $"SELECT {Columns} FROM metric_chunk WHERE metric_id = @0 AND last_step >= @1 AND first_step <= @2 AND last_time >= @3 AND first_time <= @4",
            [metric, points[0].Step, points[^1].Step, firstTime, lastTime], row => chunks.Add(Map(row)));
        foreach (var info in chunks)
        {
            Sample[]? stored = null;
            for (var i = 0; i < points.Length; i++)
            {
                var point = points[i];
                if (known[i] || point.Step < info.FirstStep || point.Step > info.End.Step || point.Time < info.FirstTime || point.Time > info.LastTime)
                    continue;
                stored ??= TryRead(sql, metric, info.Number) ?? [];
                known[i] = Array.BinarySearch(stored, point, Sample.StepOrder) >= 0;
            }
        }
    }

    private static ChunkInfo Map(DbDataReader row) => new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4),
        new Sample(row.GetInt64(5), row.GetInt64(6), NaNIfNull(row, 7)), NaNIfNull(row, 8), NaNIfNull(row, 9));

    private static double? NullIfNaN(double value) => double.IsNaN(value) ? null : value;

    private static double NaNIfNull(DbDataReader row, int column) => row.IsDBNull(column) ? double.NaN : row.GetDouble(column);
}
