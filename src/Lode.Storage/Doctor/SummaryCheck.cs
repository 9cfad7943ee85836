using System.Globalization;
using Lode.Core;

namespace Lode.Storage;

/// <summary>Each metric's summary against its points, and each chunk's checksum. A repair makes the summary anew.</summary>
internal static class SummaryCheck
{
    private const int PageSize = 100;
    private const int MostLines = 20;

    // Means are added up in the order in which points came.
    private const double MeanTolerance = 1e-6;

    public static async Task<CheckResult> RunAsync(SqliteDatabase database, bool fix, CancellationToken ct)
    {
        var check = new OpenCheck("summaries");
        var (metrics, points, lines) = (0L, 0L, 0);
        for (var last = 0L; ;)
        {
            var from = last;
            var page = await database.ReadAsync(
                sql => sql.Query(
                    "SELECT m.id, m.key, r.uuid, m.last, m.last_step, m.last_time, m.min, m.max, m.mean, m.numbers, m.count, m.tail FROM metric m JOIN run r ON r.id = m.run_id WHERE m.id > @0 ORDER BY m.id LIMIT @1",
                    [from, PageSize],
                    row => (Id: row.GetInt64(0), Name: $"metric '{row.GetString(1)}' of run {row.GetString(2)}",
                        Said: new Summary(Number(row, 3), row.GetInt64(4), row.GetInt64(5), Number(row, 6), Number(row, 7), Number(row, 8), row.GetInt64(9), row.GetInt64(10), row.GetInt64(11)))),
                ct).ConfigureAwait(false);
            if (page.Count == 0)
                break;
            foreach (var (id, name, said) in page)
            {
                metrics++;
                Summary actual;
                try
                {
                    actual = await database.ReadAsync(sql => Read(sql, id), ct).ConfigureAwait(false);
                }
                catch (LodeException error) when (error.Code == ErrorCode.DataLoss)
                {
                    check.Wrong($"{name}: {error.Message} Its other metrics are not touched by that.");
                    continue;
                }
                points += actual.Count;
                if (actual.IsLike(said))
                    continue;
                var line = $"{name}: the summary says {said}, its points say {actual}";
                if (fix)
                    await database.WriteAsync(sql => Write(sql, id, actual), ct).ConfigureAwait(false);
                if (lines++ < MostLines && fix)
                    check.Fixed(line + "; it was made anew");
                else if (!fix)
                    check.Wrong(lines <= MostLines ? line : "…");
            }
            last = page[^1].Id;
        }
        check.Note(string.Create(CultureInfo.InvariantCulture, $"{metrics} metrics with {points} points"));
        return check.End();
    }

    private static double Number(System.Data.Common.DbDataReader row, int column) => row.IsDBNull(column) ? double.NaN : row.GetDouble(column);

    private static Summary Read(SqlSession sql, long metric)
    {
        var summary = new Summary(double.NaN, 0, 0, double.NaN, double.NaN, double.NaN, 0, 0, 0);
        foreach (var chunk in ChunkTable.List(sql, metric))
        {
            foreach (var point in ChunkTable.Read(sql, metric, chunk.Number).ReadAll())
                summary = summary.Add(point);
        }
        var sealedPoints = summary.Count;
        SeriesReader.ReadTail(sql, metric, point => summary = summary.Add(point));
        return summary with { Tail = summary.Count - sealedPoints };
    }

    private static bool Write(SqlSession sql, long metric, Summary summary)
    {
        object? Stored(double value) => double.IsNaN(value) ? null : value;
        sql.Execute("UPDATE metric SET last = @1, last_step = @2, last_time = @3, min = @4, max = @5, mean = @6, numbers = @7, count = @8, tail = @9 WHERE id = @0",
            metric, Stored(summary.Last), summary.LastStep, summary.LastTime, Stored(summary.Min), Stored(summary.Max), Stored(summary.Mean), summary.Numbers, summary.Count, summary.Tail);
        Versions.Raise(sql, [sql.Scalar<long>("SELECT run_id FROM metric WHERE id = @0", metric)]);
        return true;
    }

    private sealed record Summary(double Last, long LastStep, long LastTime, double Min, double Max, double Mean, long Numbers, long Count, long Tail)
    {
        public Summary Add(Sample point)
        {
            var next = this with { Count = Count + 1 };
            if (Count == 0 || Sample.ByStep(point, new Sample(LastStep, LastTime, Last)) >= 0)
                next = next with { Last = point.Value, LastStep = point.Step, LastTime = point.Time };
            if (double.IsNaN(point.Value))
                return next;
            return Numbers == 0
                ? next with { Numbers = 1, Min = point.Value, Max = point.Value, Mean = point.Value }
                : next with { Numbers = Numbers + 1, Min = Math.Min(Min, point.Value), Max = Math.Max(Max, point.Value), Mean = double.IsInfinity(Mean) ? Mean + point.Value : Mean + ((point.Value - Mean) / (Numbers + 1)) };
        }

        public bool IsLike(Summary other) =>
            (Last, LastStep, LastTime, Min, Max, Numbers, Count, Tail).Equals((other.Last, other.LastStep, other.LastTime, other.Min, other.Max, other.Numbers, other.Count, other.Tail))
            && (Mean.Equals(other.Mean) || Math.Abs(Mean - other.Mean) <= MeanTolerance * Math.Max(Math.Abs(Min), Math.Abs(Max)));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count} points, last {Last} at step {LastStep}, {Min} to {Max}, mean {Mean}");
    }
}
