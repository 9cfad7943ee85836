using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lode.Core;
using Lode.Learning;

namespace Lode.Bench.Learning;

/// <summary>Reading CSV: megabytes a second of wall and CPU time, and the memory that it takes beyond the table.</summary>
/// <remarks>Usage: <c>csv [--file A.csv] [--megabytes 200] [--repeat 3]</c>; without a file one is made: numbers, a level, a date, with gaps.</remarks>
internal static class CsvReadBench
{
    public static int Run(string[] args)
    {
        string Option(string name, string usual) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : usual;
        var made = Array.IndexOf(args, "--file") < 0;
        var path = Option("--file", Path.Combine(Path.GetTempPath(), $"lode-bench-{Environment.ProcessId}.csv"));
        try
        {
            if (made)
                Make(path, int.Parse(Option("--megabytes", "200"), CultureInfo.InvariantCulture));
            var megabytes = new FileInfo(path).Length / 1e6;
            var (wall, cpu) = (double.MaxValue, double.MaxValue);
            Table? table = null;
            for (var repeat = int.Parse(Option("--repeat", "3"), CultureInfo.InvariantCulture); repeat > 0; repeat--)
            {
                table = null;
                GC.Collect();
                var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                table = CsvReader.Read(path);
                wall = Math.Min(wall, Stopwatch.GetElapsedTime(start).TotalSeconds);
                cpu = Math.Min(cpu, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
            }
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                megabytes, rows = table!.Rows, columns = table.Columns.Count, wall, cpu, mb_per_wall_s = megabytes / wall, mb_per_cpu_s = megabytes / cpu,
                peak_mb = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6, table_mb = table.Columns.Sum(column => column is CategoricalColumn ? 4.0 : 8.0) * table.Rows / 1e6,
            }, JsonSerializerOptions.Web));
            return 0;
        }
        finally
        {
            if (made)
                File.Delete(path);
        }
    }

    private static void Make(string path, int megabytes)
    {
        var rng = new Rng(1);
        using var writer = new StreamWriter(path);
        writer.WriteLine("a,b,c,d,e,f,g,h,level,when");
        var line = new char[256];
        var day = new DateTime(2020, 1, 1);
        for (var written = 0L; written < megabytes * 1_000_000L;)
        {
            var length = 0;
            for (var column = 0; column < 8; column++)
            {
                if (rng.NextInt32(50) > 0)
                {
                    rng.NextGaussian().TryFormat(line.AsSpan(length), out var digits, "F6", CultureInfo.InvariantCulture);
                    length += digits;
                }
                line[length++] = ',';
            }
            line.AsSpan(length).TryWrite(CultureInfo.InvariantCulture, $"level {rng.NextInt32(100)},{day.AddDays(rng.NextInt32(2000)):yyyy-MM-dd}\n", out var rest);
            writer.Write(line, 0, length + rest);
            written += length + rest;
        }
    }
}
