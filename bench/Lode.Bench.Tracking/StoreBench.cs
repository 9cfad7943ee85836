using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lode.Core;
using Lode.Storage;
using Lode.Tracking;

namespace Lode.Bench.Tracking;

/// <summary>The store in this process: journal ingestion, bytes a point, histories, buckets of a long metric.</summary>
internal static class StoreBench
{
    private const int PieceBytes = 1 << 20;

    public static async Task RunAsync(int points)
    {
        Report.Head("Store, SQLite, synchronous=FULL");
        await IngestAsync(1, 1_000_000);
        await IngestAsync(4, 2_000_000);
        await BytesAsync("losses of 6 significant digits, bytes/point", loss => double.Parse(loss.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
        await BytesAsync("losses of 32-bit floats, bytes/point", loss => (float)loss);
        await BytesAsync("losses with full-double noise, bytes/point", loss => loss);
        await LongAsync(points);
    }

    private static async Task IngestAsync(int perLine, int points)
    {
        var bytes = Journal(perLine, points);
        var (rates, perCpu) = (new List<double>(), new List<double>());
        for (var i = 0; i < 4; i++)
        {
            await WithStoreAsync(async store =>
            {
                var (run, clock, cpu) = (RunId.New(), Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
                for (long offset = 0; offset < bytes.Length;)
                    offset = (await store.AppendJournalAsync(run, offset, bytes.AsMemory((int)offset, (int)Math.Min(PieceBytes, bytes.Length - offset)), CancellationToken.None)).Offset;
                rates.Add(points / clock.Elapsed.TotalSeconds);
                perCpu.Add(points / (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
            });
        }
        Report.Row($"journal ingestion, {perLine} metric{(perLine > 1 ? "s" : "")} a line, points/s", rates.Skip(1).Order().ElementAt(1), null, ">= 1,000,000");
        Report.Row("  points per second of CPU", perCpu.Skip(1).Order().ElementAt(1), null);
    }

    private static byte[] Journal(int perLine, int points)
    {
        var (text, rng) = (new StringBuilder("{\"e\":\"start\",\"t\":1700000000000,\"project\":\"bench\"}\n"), new Rng(2));
        for (var step = 0; step < points / perLine; step++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{{\"e\":\"metrics\",\"t\":{1_700_000_000_000 + step * 7L},\"step\":{step},\"metrics\":{{");
            for (var i = 0; i < perLine; i++)
                text.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? "," : "")}\"metric{i}\":{Loss(step, rng):R}");
            text.Append("}}\n");
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static double Loss(int step, Rng rng) => (2.3 * Math.Exp(-step / 20000.0) + 0.3) * (1 + 0.05 * rng.NextGaussian());

    private static async Task BytesAsync(string what, Func<double, double> round)
    {
        const int Points = 100_000;
        var (empty, full) = (0L, 0L);
        // Closing the database leaves all of it in its one file.
        await WithStoreAsync(store => NewRunAsync(store), size => empty = size);
        await WithStoreAsync(
            async store =>
            {
                var (run, rng, time) = (await NewRunAsync(store), new Rng(4), 1_700_000_000_000L);
                for (var start = 0; start < Points; start += 50)
                {
                    var batch = new MetricPoint[50];
                    for (var i = 0; i < batch.Length; i++)
                        batch[i] = new MetricPoint("loss", round(Loss(start + i, rng)), time += 80 + rng.NextInt32(40), start + i);
                    await store.LogAsync(run, new RunBatch { Metrics = batch }, CancellationToken.None);
                }
            },
            size => full = size);
        Report.Row(what, (full - empty) / (double)Points, null, "<= 6");
    }

    private static async Task LongAsync(int points) => await WithStoreAsync(async store =>
    {
        var (run, rng) = (await NewRunAsync(store), new Rng(6));
        for (var start = 0; start < points; start += 100_000)
        {
            var batch = new MetricPoint[Math.Min(100_000, points - start)];
            for (var i = 0; i < batch.Length; i++)
                batch[i] = new MetricPoint("loss", Loss(start + i, rng), 1_700_000_000_000 + (start + i) * 90L, start + i);
            await store.LogAsync(run, new RunBatch { Metrics = batch }, CancellationToken.None);
        }
        await TimeAsync($"1,000 buckets of {points:N0} points", "<= 30", () => store.GetSeriesAsync(new SeriesQuery { Runs = [run], Keys = ["loss"], Buckets = 1000 }, CancellationToken.None));
        await TimeAsync("1,000 buckets of a tenth of it", "", () => store.GetSeriesAsync(new SeriesQuery { Runs = [run], Keys = ["loss"], Buckets = 1000, From = points / 3, To = points / 3 + points / 10 }, CancellationToken.None));
        await TimeAsync("100,000 points of its history", "<= 40", () => store.GetHistoryAsync(run, "loss", points / 2, 100_000, CancellationToken.None));
    });

    private static async Task TimeAsync<T>(string what, string goal, Func<Task<T>> read)
    {
        var (times, cpu) = (new List<double>(), TimeSpan.Zero);
        for (var i = 0; i < 25; i++)
        {
            if (i == 5)
                cpu = Environment.CpuUsage.TotalTime;
            var clock = Stopwatch.StartNew();
            await read();
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        Report.Row(what + ", ms", times.Skip(5).Order().ElementAt(10), null, goal);
        Report.Row("  CPU, ms each", (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / 20, null, goal);
    }

    private static async Task<RunId> NewRunAsync(SqlRunStore store)
    {
        var run = RunId.New();
        await store.CreateRunAsync(new NewRun { Id = run, ProjectId = ProjectId.Default }, CancellationToken.None);
        return run;
    }

    private static async Task WithStoreAsync(Func<SqlRunStore, Task> use, Action<long>? size = null)
    {
        var folder = Directory.CreateTempSubdirectory("lode-bench-").FullName;
        try
        {
            var file = Path.Combine(folder, "lode.db");
            await using (var database = SqliteDatabase.Open(file))
                await use(new SqlRunStore(database, TimeProvider.System));
            size?.Invoke(new FileInfo(file).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
