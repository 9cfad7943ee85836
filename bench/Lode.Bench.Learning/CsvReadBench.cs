using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.Core;
using Lode.Learning;

namespace Lode.Bench.Learning;

/// <summary>Reading CSV: wall and CPU time and memory beside the table's own, and pandas on the same file, in turn.</summary>
/// <remarks>Usage: <c>csv [--file A.csv] [--megabytes 200] [--repeat 3] [--threads 0] [--python /usr/bin/python3|none]</c>; without a file one is made: eight numbers with gaps, a
/// level, a date. Pandas is told the kinds of the made file's last two columns, which Lode finds out; of other files it is told nothing. Times are the least of the repeats;
/// memory is the process's most, so that of one read where there is one repeat.</remarks>
internal static class CsvReadBench
{
    private const string Pandas = """
        import sys, time, json, resource
        import pandas as pd
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        told = dict(dtype={"level": "category"}, parse_dates=["when"]) if sys.argv[2] == "made" else {}
        wall, cpu = time.perf_counter(), time.process_time()
        table = pd.read_csv(sys.argv[1], engine="c", **told)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps(dict(rows=len(table), wall=wall, cpu=cpu, base_mb=base * 1024 / 1e6, peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
            table_mb=int(table.memory_usage(deep=True).sum()) / 1e6, version=pd.__version__)))
        """;

    public static int Run(string[] args)
    {
        string Option(string name, string usual) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : usual;
        int Number(string name, int usual) => int.Parse(Option(name, usual.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
        var made = Array.IndexOf(args, "--file") < 0;
        var path = Option("--file", Path.Combine(Path.GetTempPath(), $"lode-bench-{Environment.ProcessId}.csv"));
        var python = Option("--python", "/usr/bin/python3");
        try
        {
            if (made)
                Make(path, Number("--megabytes", 200));
            var megabytes = new FileInfo(path).Length / 1e6;
            var (wall, cpu, rows, columns, bytes) = (double.MaxValue, double.MaxValue, 0, 0, 0.0);
            var baseMemory = Environment.WorkingSet / 1e6;
            var pandas = new List<JsonNode>();
            for (var repeat = Number("--repeat", 3); repeat > 0; repeat--)
            {
                var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                (rows, columns, bytes) = Read(path, Number("--threads", 0));
                wall = Math.Min(wall, Stopwatch.GetElapsedTime(start).TotalSeconds);
                cpu = Math.Min(cpu, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
                GC.Collect();
                if (File.Exists(python) && Reference(python, path, made) is { } other)
                    pandas.Add(other);
            }
            var peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
            var result = new JsonObject
            {
                ["megabytes"] = megabytes, ["rows"] = rows, ["columns"] = columns, ["wall"] = wall, ["cpu"] = cpu, ["mb_per_wall_s"] = megabytes / wall, ["mb_per_cpu_s"] = megabytes / cpu,
                ["base_mb"] = baseMemory, ["peak_mb"] = peak, ["table_mb"] = bytes / 1e6, ["beyond_mb"] = peak - baseMemory - (bytes / 1e6),
            };
            if (pandas.Count > 0)
            {
                double Least(string name) => pandas.Min(run => run[name]!.GetValue<double>());
                result["pandas"] = new JsonObject { ["wall"] = Least("wall"), ["cpu"] = Least("cpu"), ["peak_mb"] = Least("peak_mb"), ["table_mb"] = Least("table_mb"), ["version"] = pandas[0]["version"]!.GetValue<string>() };
                result["ratio"] = new JsonObject { ["wall"] = wall / Least("wall"), ["cpu"] = cpu / Least("cpu"), ["peak"] = peak / Least("peak_mb") };
            }
            Console.WriteLine(result.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            return 0;
        }
        finally
        {
            if (made)
                File.Delete(path);
        }
    }

    // Of its own, so that the table is garbage when it returns.
    private static (int Rows, int Columns, double Bytes) Read(string path, int threads)
    {
        var table = CsvReader.Read(path, new CsvOptions { Threads = threads });
        return (table.Rows, table.Columns.Count, table.Columns.Sum(column => column is CategoricalColumn levels
            ? (4.0 * table.Rows) + levels.Levels.Sum(level => 30.0 + (2 * level.Length)) : 8.0 * table.Rows));
    }

    private static JsonNode? Reference(string python, string path, bool made)
    {
        using var process = Process.Start(new ProcessStartInfo(python, ["-c", Pandas, path, made ? "made" : "other"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 0)
            return JsonNode.Parse(output);
        Console.Error.WriteLine($"No figures of pandas: {errors.Result.TrimEnd().Split('\n')[^1]}");
        return null;
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
