using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Bench.Tuning;

/// <summary>Runs methods on tasks, one trial after the other, and writes run records (the benchmark's definition, sections 4 and 8).</summary>
public static class Blackbox
{
    private static readonly int[] s_checkpoints = [10, 25, 50, 100, 200, 500, 1000];

    public static int Run(Dictionary<string, string> arguments)
    {
        var tasks = Tasks.Read(arguments["spec"], arguments.GetValueOrDefault("tables", "."), arguments.GetValueOrDefault("tasks", "all"));
        var methods = Methods(arguments.GetValueOrDefault("methods", string.Join(',', SamplerCatalog.Names)));
        var seeds = arguments.GetValueOrDefault("seeds", "0..19").Split("..").Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray();
        var trials = int.Parse(arguments.GetValueOrDefault("trials", "200"), CultureInfo.InvariantCulture);
        using var output = new StreamWriter(arguments.GetValueOrDefault("out", "runs.jsonl"), append: false);
        var queue = new ConcurrentQueue<(int Seed, BenchTask Task, string Method)>(
            from seed in Enumerable.Range(seeds[0], seeds[^1] - seeds[0] + 1) from task in tasks from method in methods select (seed, task, method));
        var workers = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (queue.TryDequeue(out var job))
            {
                var record = Record(job.Task, job.Method, job.Seed, trials);
                lock (output)
                {
                    output.WriteLine(record);
                    output.Flush();
                }
            }
        })).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        return 0;
    }

    /// <summary>Prints random configurations and their values, to compare with another implementation of the tasks.</summary>
    public static int Values(Dictionary<string, string> arguments)
    {
        foreach (var task in Tasks.Read(arguments["spec"], arguments.GetValueOrDefault("tables", "."), arguments.GetValueOrDefault("tasks", "all")))
        {
            for (var i = 0; i < 50; i++)
            {
                var values = task.Space.FromUnit(new RandomSampler().Propose(task.Space, new History([Direction.Minimize], []), new Rng(1, (ulong)i)));
                var named = values.ToDictionary(item => item.Key, item => item.Value.Kind == ParamKind.Text ? (object)item.Value.AsText() : item.Value.AsDouble());
                Console.WriteLine(JsonSerializer.Serialize(new { task = task.Name, values = named, value = task.Evaluate(values) }));
            }
        }
        return 0;
    }

    private static string Record(BenchTask task, string method, int seed, int trials)
    {
        var cpu = ThreadSeconds();
        var best = new Dictionary<string, double>();
        try
        {
            var study = new Study(new StudyOptions { Space = task.Space, Sampler = Create(method), Seed = (ulong)seed });
            var (lowest, value) = (double.PositiveInfinity, double.NaN);
            for (var n = 1; n <= trials; n++)
            {
                var trial = study.Ask();
                var exact = task.Evaluate(trial.Params);
                var observed = exact + (task.Noise == 0 ? 0 : task.Noise * new Rng((ulong)seed, (ulong)n).Child(99).NextGaussian());
                study.Tell(trial.Number, observed);
                if (observed < lowest)
                    (lowest, value) = (observed, exact);
                if (s_checkpoints.Contains(n))
                    best[n.ToString(CultureInfo.InvariantCulture)] = value;
            }
            return JsonSerializer.Serialize(new { task = task.Name, method, seed, n = trials, best, cpu = Math.Round(ThreadSeconds() - cpu, 3) });
        }
        catch (Exception fault)
        {
            Console.Error.WriteLine($"{task.Name} {method} {seed}: {fault}");
            return JsonSerializer.Serialize(new { task = task.Name, method, seed, n = trials, error = fault.Message });
        }
    }

    // tpe,gp{"acquisition":"pi","startup_trials":5},random: a comma inside braces belongs to the options.
    public static List<string> Methods(string text)
    {
        var (methods, depth, start) = (new List<string>(), 0, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                methods.Add(text[start..i]);
                start = i + 1;
            }
            else
            {
                depth += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            }
        }
        return methods;
    }

    public static ISampler Create(string method)
    {
        var brace = method.IndexOf('{', StringComparison.Ordinal);
        if (brace < 0)
            return SamplerCatalog.Create(method);
        using var options = JsonDocument.Parse(method[brace..]);
        return SamplerCatalog.Create(method[..brace], options.RootElement);
    }

    // Processor time of this thread alone, since runs share the process; where the system does not tell, wall time.
    private static double ThreadSeconds() =>
        OperatingSystem.IsLinux() && ClockGetTime(3, out var time) == 0 ? time.Seconds + (time.Nanoseconds * 1e-9) : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern int ClockGetTime(int clock, out TimeSpec time);
}
