using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lode.Core;

namespace Lode.Bench.Tracking;

/// <summary>A real server process under HTTP load: rates, server CPU per operation, memory.</summary>
internal static class RestBench
{
    public const string Api = "/api/2.0/mlflow/";

    public static async Task RunAsync(string path, TimeSpan time)
    {
        await using (await ServerProcess.StartAsync(path))
        {
            // Files are in the page cache from here on.
        }
        await using var server = await ServerProcess.StartAsync(path);
        Report.Head($"REST, {time.TotalSeconds:0} s each");
        Report.Row("start to ready, s", server.ReadySeconds, Peer.ReadySeconds, "<= 0.5");
        await Task.Delay(1000);
        Report.Row("resident idle, MiB", server.ResidentMiB, Peer.IdleMiB, "<= 120");
        using var client = new RawClient(server.Address);
        var experiment = Field(client.Post(Api + "experiments/create", "{\"name\":\"bench\"}"), "experiment_id");
        string NewRun(RawClient connection) =>
            Field(connection.Post(Api + "runs/create", $$"""{"experiment_id":"{{experiment}}","start_time":1700000000000,"run_name":"r","tags":[{"key":"mlflow.user","value":"bench"}]}"""), "run_id");

        // Warms up: the first seconds are the compiler's.
        Load(server, 8, time / 2, i => LogMetric(server, NewRun(client), i));
        Load(server, 1, time / 4, _ => new Caller(new RawClient(server.Address), (connection, _) => NewRun(connection)));

        var one = Load(server, 1, time, i => LogMetric(server, NewRun(client), i));
        Report.Row("log-metric, 1 client, calls/s", one.PerSecond, Peer.LogMetricPerSecond1, ">= 5,000", more: true);
        Report.Row("  server CPU, ms each", one.CpuMs, Peer.LogMetricCpuMs, "<= 0.06");
        var eight = Load(server, 8, time, i => LogMetric(server, NewRun(client), i));
        Report.Row("log-metric, 8 clients, calls/s", eight.PerSecond, Peer.LogMetricPerSecond8, ">= 10,000", more: true);
        Report.Row("  server CPU, ms each", eight.CpuMs, Peer.LogMetricCpuMs, "<= 0.06");
        var create = Load(server, 1, time, _ => new Caller(new RawClient(server.Address), (connection, _) => NewRun(connection)));
        Report.Row("create run, calls/s", create.PerSecond, Peer.CreateRunPerSecond, more: true);
        Report.Row("  server CPU, ms each", create.CpuMs, Peer.CreateRunCpuMs, "<= 0.14");
        var known = NewRun(client);
        var get = Load(server, 1, time / 2, _ => new Caller(new RawClient(server.Address), (connection, _) => connection.Get(Api + "runs/get?run_id=" + known)));
        Report.Row("get run, calls/s", get.PerSecond, Peer.GetRunPerSecond, more: true);
        Report.Row("  server CPU, ms each", get.CpuMs, Peer.GetRunCpuMs);
        var batch = Load(server, 1, time, i => LogBatch(server, NewRun(client)));
        Report.Row("log-batch of 1,000 metrics, metrics/s", batch.PerSecond * 1000, Peer.BatchMetricsPerSecond, more: true);
        Report.Row("  server CPU, ms each", batch.CpuMs, Peer.BatchCpuMs, "<= 1.5");
        History(server, client, NewRun(client));
        Report.Row("resident after the load, MiB", server.ResidentMiB, null);
    }

    public static Caller LogMetric(ServerProcess server, string run, int client)
    {
        var head = $"{{\"run_id\": \"{run}\", \"key\": \"m{client}\", \"value\": ";
        return new Caller(new RawClient(server.Address), (connection, i) =>
            connection.Post(Api + "runs/log-metric", string.Create(CultureInfo.InvariantCulture, $"{head}{i * 0.5}, \"timestamp\": {1_700_000_000_000 + i}, \"step\": {i}}}")));
    }

    private static Caller LogBatch(ServerProcess server, string run) => new(new RawClient(server.Address), (connection, batch) =>
    {
        var body = new StringBuilder($"{{\"run_id\": \"{run}\", \"metrics\": [");
        for (var j = 0; j < 1000; j++)
            body.Append(CultureInfo.InvariantCulture, $"{(j > 0 ? ", " : "")}{{\"key\": \"k{j % 10}\", \"value\": {j * 0.25}, \"timestamp\": {1_700_000_000_000 + j}, \"step\": {batch * 100 + j / 10}}}");
        connection.Post(Api + "runs/log-batch", body.Append("]}").ToString());
    });

    private static void History(ServerProcess server, RawClient client, string run)
    {
        var rng = new Rng(1);
        for (var start = 0; start < 100_000; start += 1000)
        {
            var body = new StringBuilder($"{{\"run_id\": \"{run}\", \"metrics\": [");
            for (var j = start; j < start + 1000; j++)
                body.Append(CultureInfo.InvariantCulture, $"{(j > start ? ", " : "")}{{\"key\": \"long\", \"value\": {1 / (j + 1.0)}, \"timestamp\": {1_700_000_000_000 + j}, \"step\": {j}}}");
            client.Post(Api + "runs/log-batch", body.Append("]}").ToString());
        }
        var (times, cpu) = (new List<double>(), new List<double>());
        for (var i = 0; i < 15; i++)
        {
            var (clock, before) = (Stopwatch.StartNew(), server.CpuMs);
            client.Get($"{Api}metrics/get-history?run_id={run}&metric_key=long&max_results=100001");
            times.Add(clock.Elapsed.TotalMilliseconds);
            cpu.Add(server.CpuMs - before);
        }
        Report.Row("history of 100,000 points, ms", times.Order().ElementAt(7), Peer.HistoryMs, "<= 40");
        Report.Row("  server CPU, ms each", cpu.Skip(5).Average(), Peer.HistoryCpuMs);
    }

    /// <summary>As many callers as asked, each calling again and again, for that long.</summary>
    public static (double PerSecond, double CpuMs) Load(ServerProcess server, int clients, TimeSpan time, Func<int, Caller> make)
    {
        Caller[] callers = [.. Enumerable.Range(0, clients).Select(make)];
        foreach (var caller in callers)
            caller.Call(caller.Connection, 0);
        long calls = 0;
        var (before, clock) = (server.CpuMs, Stopwatch.StartNew());
        Thread[] threads = [.. callers.Select(caller => new Thread(() =>
        {
            var i = 1;
            for (; clock.Elapsed < time; i++)
                caller.Call(caller.Connection, i);
            Interlocked.Add(ref calls, i - 1);
        }))];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        var (elapsed, cpu) = (clock.Elapsed.TotalSeconds, server.CpuMs - before);
        foreach (var caller in callers)
            caller.Connection.Dispose();
        return (calls / elapsed, cpu / calls);
    }

    // The answer may come in pieces; the field is short and stands at its beginning.
    public static string Field(ReadOnlySpan<byte> answer, string name)
    {
        var text = Encoding.UTF8.GetString(answer);
        var at = text.IndexOf($"\"{name}\":\"", StringComparison.Ordinal) + name.Length + 4;
        return text[at..text.IndexOf('"', at)];
    }

    public sealed record Caller(RawClient Connection, Action<RawClient, int> Call);
}
