using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lode.Bench.Tuning;
using Lode.Core;
using Lode.Optimization;

// lode-bench-tuning overhead [--json]           what an ask + tell costs as trials grow
// lode-bench-tuning quality [--json] [options]  best values on the stated problems, 20 seeds; options = a sampler's, as JSON
var json = args.Contains("--json");
var rest = args.Where(arg => arg != "--json").ToArray();
return rest.FirstOrDefault() switch
{
    "overhead" => Overhead(json),
    "quality" => Quality(json, rest.Skip(1).FirstOrDefault()),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: lode-bench-tuning overhead|quality [--json]");
    return 2;
}

static int Overhead(bool json)
{
    var space = new SearchSpace(Enumerable.Range(0, 10).Select(i => new FloatParameter($"x{i}", -5, 5)));
    foreach (var name in SamplerCatalog.Names)
    {
        foreach (var n in new[] { 100, 1_000, 10_000 })
        {
            var finished = Finished(space, n).ToList();
            Study Fresh() => new(new StudyOptions { Space = space, Sampler = SamplerCatalog.Create(name) }, finished);
            var warmup = Fresh();
            for (var i = 0; i < 300; i++)
                Round(warmup); // until the code is compiled for the hot path
            var (wall, cpu) = (new List<double>(), new List<double>());
            using var process = Process.GetCurrentProcess();
            for (var i = 0; i < 21; i++)
            {
                // The processor clock is too coarse for one round; a fresh study keeps the number of trials.
                const int rounds = 20;
                var study = Fresh();
                process.Refresh();
                var (cpuStart, start) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
                for (var r = 0; r < rounds; r++)
                    Round(study);
                wall.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / rounds);
                process.Refresh();
                cpu.Add((process.TotalProcessorTime - cpuStart).TotalMilliseconds / rounds);
            }
            Print(json, new { mode = "overhead", sampler = name, trials = n, dims = 10, wall_ms = Math.Round(Median(wall), 4), cpu_ms = Math.Round(Median(cpu), 4) });
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
