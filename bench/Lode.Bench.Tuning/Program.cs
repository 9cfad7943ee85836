using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lode.Bench.Tuning;
using Lode.Core;
using Lode.Optimization;

// lode-bench-tuning blackbox --spec spec.json --tables DIR --tasks a,b|all --methods gp,tpe,… --seeds 0..19 --trials 200 --out runs.jsonl
//                                               run records of any specification and tables; a method may carry options: gp{"acquisition":"pi"}
// lode-bench-tuning values --spec spec.json --tables DIR --tasks all     values of random configurations, to check the tasks against others
// lode-bench-tuning overhead [--json] [--methods gp,tpe] [--counts 100,1000] [--rounds 20]
//                                               what an ask + tell costs as trials grow, beside Optuna's where python3 has it
// lode-bench-tuning quality [--json] [options]  best values on the stated problems, 20 seeds; options = a sampler's, as JSON
var json = args.Contains("--json");
var rest = args.Where(arg => arg != "--json").ToArray();
return rest.FirstOrDefault() switch
{
    "blackbox" => Blackbox.Run(Named(rest[1..])),
    "values" => Blackbox.Values(Named(rest[1..])),
    "overhead" => Overhead(json, Named(rest[1..])),
    "quality" => Quality(json, rest.Skip(1).FirstOrDefault()),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: lode-bench-tuning blackbox|overhead|quality [--json]");
    return 2;
}

static Dictionary<string, string> Named(string[] arguments) =>
    arguments.Chunk(2).ToDictionary(pair => pair[0].TrimStart('-'), pair => pair.Length == 2 ? pair[1] : "");

static int Overhead(bool json, Dictionary<string, string> arguments)
{
    var space = new SearchSpace(Enumerable.Range(0, 10).Select(i => new FloatParameter($"x{i}", -5, 5)));
    var rounds = int.Parse(arguments.GetValueOrDefault("rounds", "20"), CultureInfo.InvariantCulture);
    foreach (var name in Blackbox.Methods(arguments.GetValueOrDefault("methods", string.Join(',', SamplerCatalog.Names))))
    {
        foreach (var n in arguments.GetValueOrDefault("counts", "100,1000,10000").Split(',').Select(count => int.Parse(count, CultureInfo.InvariantCulture)))
        {
            var finished = Finished(space, n).ToList();
            Study Fresh() => new(new StudyOptions { Space = space, Sampler = Blackbox.Create(name) }, finished);
            // Until the code is compiled for the hot path, which takes the runtime a second or two; on fresh studies, so that trials do not pile up.
            for (var warming = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(warming).TotalSeconds < 2;)
            {
                var warmup = Fresh();
                for (var i = 0; i < 300 && Stopwatch.GetElapsedTime(warming).TotalSeconds < 2; i++)
                    Round(warmup);
            }
            var (wall, cpu) = (new List<double>(), new List<double>());
            using var process = Process.GetCurrentProcess();
            var measuring = Stopwatch.GetTimestamp();
            for (var i = 0; i < 21 && (i < 3 || Stopwatch.GetElapsedTime(measuring).TotalSeconds < 10); i++)
            {
                // The processor clock is too coarse for one round; a fresh study keeps the number of trials.
                var study = Fresh();
                process.Refresh();
                var (cpuStart, start) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
                for (var r = 0; r < rounds; r++)
                    Round(study);
                wall.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / rounds);
                process.Refresh();
                cpu.Add((process.TotalProcessorTime - cpuStart).TotalMilliseconds / rounds);
            }
            var ours = Median(cpu);
            if (OptunaPeer.Measure(name, n) is { } peer)
                Print(json, new { mode = "overhead", sampler = name, trials = n, dims = 10, wall_ms = Math.Round(Median(wall), 4), cpu_ms = Math.Round(ours, 4), optuna = peer.Version, optuna_cpu_ms = Math.Round(peer.CpuMilliseconds, 3), ratio = Math.Round(peer.CpuMilliseconds / ours) });
            else
                Print(json, new { mode = "overhead", sampler = name, trials = n, dims = 10, wall_ms = Math.Round(Median(wall), 4), cpu_ms = Math.Round(ours, 4) });
        }
    }
    return 0;
}

static void Round(Study study)
{
    var trial = study.Ask();
    study.Tell(trial.Number, Sphere(trial.Params));
}

static IEnumerable<Trial> Finished(SearchSpace space, int count)
{
    for (var i = 0; i < count; i++)
    {
        var rng = new Rng(1, (ulong)i);
        var values = space.FromUnit(Enumerable.Range(0, space.Count).Select(_ => rng.NextDouble()).ToArray());
        yield return new Trial(i, TrialState.Complete, values) { Space = space, Values = [Sphere(values)] };
    }
}

static double Sphere(Params values) => values.Sum(item => (item.Value.AsDouble() - 1) * (item.Value.AsDouble() - 1));

static int Quality(bool json, string? options)
{
    var parsed = options is null ? (JsonElement?)null : JsonDocument.Parse(options).RootElement;
    foreach (var problem in Problems.All)
    {
        foreach (var name in SamplerCatalog.Names)
        {
            if (name == "random" && parsed is not null)
                continue;
            var best = Enumerable.Range(0, 20).Select(seed => Problems.BestOf(problem, SamplerCatalog.Create(name, name == "random" ? null : parsed), (ulong)seed, 100)).ToList();
            Print(json, new { mode = "quality", problem = problem.Name, sampler = name, trials = 100, seeds = 20, median = Median(best), mean = best.Average(), worst = best.Max() });
        }
    }
    return 0;
}

static double Median(List<double> values)
{
    var sorted = values.Order().ToList();
    return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
}

static void Print<T>(bool json, T row) => Console.WriteLine(json
    ? JsonSerializer.Serialize(row)
    : string.Join("  ", typeof(T).GetProperties().Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Name}={p.GetValue(row)}"))));
