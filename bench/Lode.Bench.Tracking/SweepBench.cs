using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lode.TestKit;

namespace Lode.Bench.Tracking;

/// <summary>Ask and tell over HTTP by 32 workers: on SQLite, on PostgreSQL through two servers, and Optuna on SQLite in the same run.</summary>
internal static class SweepBench
{
    private const int Workers = 32;

    private const string Spec = """
        {"goals":[{"metric":"loss","direction":"minimize"}],"sampler":{"name":"random"},"duplicates":"allow","space":{"parameters":[
        {"name":"lr","type":"float","low":1e-5,"high":0.1,"log":true},{"name":"units","type":"int","low":16,"high":512},{"name":"act","type":"categorical","choices":["relu","gelu"]}]}}
        """;

    public static async Task RunAsync(string lode, TimeSpan time)
    {
        Report.Head($"Sweeps: ask and tell, random sampler, {Workers} workers, {time.TotalSeconds:0} s each");
        double sqlite;
        await using (var server = await ServerProcess.StartAsync(lode))
        {
            Measure([server], time / 2);
            var (rate, cpu, slowest) = Measure([server], time);
            sqlite = rate;
            Report.Row("SQLite, trials/s", rate, null, ">= 2,000", more: true);
            Report.Row("  server CPU, ms a trial", cpu, null);
            Report.Row("  99 of 100 pairs within, ms", slowest, null);
        }
        if (PostgresCluster.Missing is { } why)
        {
            Console.WriteLine($"PostgreSQL: left out, {why}");
        }
        else
        {
            using var cluster = PostgresCluster.Start(durable: true);
            var address = cluster.NewDatabase();
            await using var one = await ServerProcess.StartOnAsync(lode, address);
            await using var two = await ServerProcess.StartOnAsync(lode, address);
            Measure([one, two], time / 2);
            var (rate, cpu, slowest) = Measure([one, two], time);
            Report.Row("PostgreSQL, two servers, trials/s", rate, null, ">= 1,000", more: true);
            Report.Row("  both servers' CPU, ms a trial", cpu, null);
            Report.Row("  99 of 100 pairs within, ms", slowest, null);
        }
        foreach (var processes in new[] { 1, 4 })
        {
            if (Optuna(processes, time) is not { } peer)
                return;
            Report.Row($"Optuna, SQLite, {processes} process{(processes == 1 ? "" : "es")}, trials/s", peer, null, more: true);
            Report.Row("  ours on SQLite, times as many", sqlite / peer, null, more: true);
        }
    }

    private static (double Rate, double CpuMs, double Slowest) Measure(ServerProcess[] servers, TimeSpan time)
    {
        using var client = new RawClient(servers[0].Address);
        var study = Number(client.Post("/api/v1/studies", $"{{\"project\":\"bench\",\"spec\":{Spec}}}"), "{\"id\":"u8);
        var cpu = servers.Sum(server => server.CpuMs);
        var (done, clock) = (0L, Stopwatch.StartNew());
        var times = new List<double>[Workers];
        var threads = Enumerable.Range(0, Workers).Select(worker => new Thread(() =>
        {
            using var connection = new RawClient(servers[worker % servers.Length].Address);
            var mine = times[worker] = [];
            while (clock.Elapsed < time)
            {
                var began = clock.Elapsed;
                var answer = connection.Post($"/api/v1/studies/{study}/ask", $"{{\"agent\":\"w{worker}\"}}");
                var number = Number(answer, "{\"trials\":[{\"number\":"u8);
                connection.Post(string.Create(CultureInfo.InvariantCulture, $"/api/v1/studies/{study}/trials/{number}/tell"), string.Create(CultureInfo.InvariantCulture, $"{{\"attempt\":1,\"values\":[{1.0 / (number + 1)}]}}"));
                mine.Add((clock.Elapsed - began).TotalMilliseconds);
            }
            Interlocked.Add(ref done, mine.Count);
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        var seconds = clock.Elapsed.TotalSeconds;
        cpu = servers.Sum(server => server.CpuMs) - cpu;
        var info = client.Get($"/api/v1/studies/{study}").ToArray();
        if (Number(info, "\"complete\":"u8) != done || Number(info, "\"trials\":"u8, last: true) != done)
            throw new InvalidOperationException($"{done} trials were told; the study has {Encoding.UTF8.GetString(info)}.");
        var all = times.SelectMany(mine => mine).Order().ToArray();
        return (done / seconds, cpu / done, all[(int)(all.Length * 0.99)]);
    }

    private static int Number(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> before, bool last = false)
    {
        // The spec, with the budget's trials, stands before the study's own.
        var at = last ? answer.LastIndexOf(before) : answer.IndexOf(before);
        if (at < 0 || !System.Buffers.Text.Utf8Parser.TryParse(answer[(at + before.Length)..], out int number, out _))
            throw new InvalidOperationException($"No trial in {Encoding.UTF8.GetString(answer)}");
        return number;
    }

    /// <summary>Trials a second of so many processes on one SQLite study; null where there is no Optuna.</summary>
    private static double? Optuna(int processes, TimeSpan time)
    {
        var folder = Directory.CreateTempSubdirectory("optuna-bench-");
        try
        {
            const string Script = """
                import sys, time
                import optuna
                from optuna.distributions import FloatDistribution, IntDistribution, CategoricalDistribution
                optuna.logging.set_verbosity(optuna.logging.ERROR)
                study = optuna.create_study(study_name='b', storage=sys.argv[1], load_if_exists=True, sampler=optuna.samplers.RandomSampler())
                space = {'lr': FloatDistribution(1e-5, 0.1, log=True), 'units': IntDistribution(16, 512), 'act': CategoricalDistribution(['relu', 'gelu'])}
                end, done = time.monotonic() + float(sys.argv[2]), 0
                while time.monotonic() < end:
                    try:
                        trial = study.ask(space)
                        study.tell(trial, 1.0 / (trial.number + 1))
                        done += 1
                    except Exception as error:
                        print('lost:', type(error).__name__, file=sys.stderr)
                print(done)
                """;
            var file = Path.Combine(folder.FullName, "bench.py");
            File.WriteAllText(file, Script);
            var storage = $"sqlite:///{Path.Combine(folder.FullName, "optuna.db")}";
            if (Run("0.1") is null)
                return null;
            var workers = Enumerable.Range(0, processes).Select(_ => Start(time.TotalSeconds.ToString(CultureInfo.InvariantCulture))).ToList();
            var done = 0;
            foreach (var worker in workers)
            {
                done += int.TryParse(worker.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture, out var count) ? count : 0;
                worker.WaitForExit();
                worker.Dispose();
            }
            return done / time.TotalSeconds;

            Process Start(string seconds) => Process.Start(new ProcessStartInfo(File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3", [file, storage, seconds]) { RedirectStandardOutput = true })!;

            string? Run(string seconds)
            {
                using var process = Start(seconds);
                var text = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode == 0 ? text : null;
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
