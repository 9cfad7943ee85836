using System.Globalization;

namespace Lode.Bench.Tracking;

/// <summary>Log-metric on Lode and on <see cref="BareServer"/> in turn, several times over, so that a noisy machine is as noisy for both. Prints medians and their ratio.</summary>
internal static class BoundBench
{
    public static async Task RunAsync(string path, TimeSpan time, int repeats)
    {
        await using var lode = await ServerProcess.StartAsync(path);
        await using var bare = await ServerProcess.StartBareAsync();
        using var client = new RawClient(lode.Address);
        var experiment = RestBench.Field(client.Post(RestBench.Api + "experiments/create", "{\"name\":\"bench\"}"), "experiment_id");
        string NewRun() => RestBench.Field(client.Post(RestBench.Api + "runs/create", $$"""{"experiment_id":"{{experiment}}"}"""), "run_id");
        RestBench.Load(lode, 8, time, i => RestBench.LogMetric(lode, NewRun(), i));
        RestBench.Load(bare, 8, time, i => RestBench.LogMetric(bare, NewRun(), i));
        Console.WriteLine($"\n{"log-metric, medians of " + repeats.ToString(CultureInfo.InvariantCulture),-40}{"lode",12}{"bare",12}{"lode/bare",12}");
        foreach (var clients in (int[])[1, 8, 32])
        {
            var (ours, bound) = (new List<(double PerSecond, double CpuMs)>(), new List<(double PerSecond, double CpuMs)>());
            for (var i = 0; i < repeats; i++)
            {
                ours.Add(RestBench.Load(lode, clients, time, client => RestBench.LogMetric(lode, NewRun(), client)));
                bound.Add(RestBench.Load(bare, clients, time, client => RestBench.LogMetric(bare, "0123456789abcdef0123456789abcdef", client)));
            }
            Row(string.Create(CultureInfo.InvariantCulture, $"{clients} client(s), calls/s"), Median(ours, one => one.PerSecond), Median(bound, one => one.PerSecond));
            Row("  server CPU, ms each", Median(ours, one => one.CpuMs), Median(bound, one => one.CpuMs));
        }
        Row("resident after the load, MiB", lode.ResidentMiB, bare.ResidentMiB);
    }

    private static double Median(List<(double PerSecond, double CpuMs)> all, Func<(double PerSecond, double CpuMs), double> of) => all.Select(of).Order().ElementAt(all.Count / 2);

    private static void Row(string what, double ours, double bound) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-40}{ours,12:0.###}{bound,12:0.###}{ours / bound,12:0.##}"));
}
