using System.Diagnostics;
using System.Globalization;
using Lode.Core;
using Lode.Storage;
using Lode.Tracking;

namespace Lode.Bench.Tracking;

/// <summary>
/// Points a second from a program's log call to the durable store, the way every point goes: journal file, shipper, SQLite. The
/// reference is the same points appended to a text file and flushed to disk once: what the disk and formatting alone cost.
/// </summary>
internal static class JournalBench
{
    private const int PerLine = 4;

    public static async Task RunAsync(int points, int repeats)
    {
        Console.WriteLine($"\n{points:N0} points, {PerLine} metrics a step, medians of {repeats}");
        var reference = await MedianAsync(PlainFileAsync);
        Print("plain text file (reference)", points / reference, null);
        Print("log call to journal file", points / await MedianAsync(JournalOnlyAsync), reference);
        Print("log call to durable store", points / await MedianAsync(ThroughStoreAsync), reference);
        Print("  1,000-bucket view of it, ms", await BucketMillisecondsAsync(), null);

        void Print(string what, double value, double? reference) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-34}{value,14:N0}{(reference is null ? "" : $"   {value / (points / reference.Value),6:0.000} x reference")}"));

        async Task<double> MedianAsync(Func<string, Task<double>> measure)
        {
            var seconds = new List<double>();
            for (var i = 0; i <= repeats; i++)
            {
                var folder = Directory.CreateTempSubdirectory("lode-bench-");
                try
                {
                    var one = await measure(folder.FullName);
                    if (i > 0) // the first warms up
                        seconds.Add(one);
                }
                finally
                {
                    folder.Delete(recursive: true);
                }
            }
            return seconds.Order().ElementAt(repeats / 2);
        }

        Task<double> PlainFileAsync(string folder)
        {
            var clock = Stopwatch.StartNew();
            using var file = new FileStream(Path.Combine(folder, "plain"), FileMode.Create);
            using (var text = new StreamWriter(file, leaveOpen: true))
            {
                for (var step = 0; step < points / PerLine; step++)
                    text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{step} {Loss(step):R} {Loss(step + 1):R} {Loss(step + 2):R} {Loss(step + 3):R}"));
            }
            file.Flush(flushToDisk: true);
            return Task.FromResult(clock.Elapsed.TotalSeconds);
        }

        Task<double> JournalOnlyAsync(string folder)
        {
            var clock = Stopwatch.StartNew();
            using var journal = JournalFile.Create(folder, RunId.New());
            for (var step = 0; step < points / PerLine; step++)
                journal.Metrics(step, step, [("loss", Loss(step)), ("accuracy", Loss(step + 1)), ("val/loss", Loss(step + 2)), ("val/accuracy", Loss(step + 3))]);
            journal.Finish(0, RunStatus.Finished);
            return Task.FromResult(clock.Elapsed.TotalSeconds);
        }

        async Task<double> ThroughStoreAsync(string folder)
        {
            await using var database = SqliteDatabase.Open(Path.Combine(folder, "lode.db"));
            var clock = Stopwatch.StartNew();
            await using var tracker = new Tracker(new SqlRunStore(database, TimeProvider.System), Path.Combine(folder, "journal"), TimeProvider.System, Console.Error.WriteLine);
            Log(tracker);
            await tracker.FlushAsync(CancellationToken.None);
            return clock.Elapsed.TotalSeconds;
        }

        ActiveRun Log(Tracker tracker)
        {
            var run = tracker.Start("bench");
            for (var step = 0; step < points / PerLine; step++)
                run.Log(step, ("loss", Loss(step)), ("accuracy", Loss(step + 1)), ("val/loss", Loss(step + 2)), ("val/accuracy", Loss(step + 3)));
            run.Finish();
            return run;
        }

        async Task<double> BucketMillisecondsAsync()
        {
            var folder = Directory.CreateTempSubdirectory("lode-bench-").FullName;
            try
            {
                await using var database = SqliteDatabase.Open(Path.Combine(folder, "lode.db"));
                var store = new SqlRunStore(database, TimeProvider.System);
                await using var tracker = new Tracker(store, Path.Combine(folder, "journal"), TimeProvider.System, Console.Error.WriteLine);
                var run = Log(tracker);
                await tracker.FlushAsync(CancellationToken.None);
                var times = new List<double>();
                for (var i = 0; i <= repeats; i++)
                {
                    var clock = Stopwatch.StartNew();
                    await store.GetSeriesAsync(new SeriesQuery { Runs = [run.Id], Keys = ["loss"], Buckets = 1000 }, CancellationToken.None);
                    times.Add(clock.Elapsed.TotalMilliseconds);
                }
                return times.Skip(1).Order().ElementAt(repeats / 2);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static double Loss(int step) => 2.5 * Math.Exp(-step / 5e4) + 0.1 * Math.Sin(step * 0.37);
}
