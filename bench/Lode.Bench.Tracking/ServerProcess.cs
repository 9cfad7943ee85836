using System.Diagnostics;
using System.Text.Json;

namespace Lode.Bench.Tracking;

/// <summary>A real server in a process of its own, on a fresh data folder.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _home;

    private ServerProcess(Process process, string home, Uri address, double readySeconds) => (_process, _home, Address, ReadySeconds) = (process, home, address, readySeconds);

    public Uri Address { get; }

    public double ReadySeconds { get; }

    public string DatabaseFile => Directory.GetFiles(_home, "*.db").Single();

    public double CpuMs
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalMilliseconds;
        }
    }

    public double ResidentMiB
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1048576.0;
        }
    }

    public static Task<ServerProcess> StartAsync(string server) => StartAsync(server, "up", "--port", "0", "--json");

    /// <summary>One of several on a PostgreSQL database.</summary>
    public static Task<ServerProcess> StartOnAsync(string server, string store) => StartAsync(server, "up", "--port", "0", "--json", "--store", store);

    /// <summary>The reference beside it: see <see cref="BareServer"/>.</summary>
    public static Task<ServerProcess> StartBareAsync() => StartAsync(typeof(BareServer).Assembly.Location, "bare-server");

    private static async Task<ServerProcess> StartAsync(string program, params string[] arguments)
    {
        var home = Directory.CreateTempSubdirectory("lode-bench-").FullName;
        var clock = Stopwatch.StartNew();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in new[] { program }.Concat(arguments).Concat(["--home", home]))
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var text = "";
        while (!text.TrimEnd().EndsWith('}'))
            text += await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"{program} did not start.");
        using var said = JsonDocument.Parse(text);
        var address = new Uri(said.RootElement.GetProperty("address").GetString()!);
        using var http = new HttpClient { BaseAddress = address };
        using var answer = await http.PostAsync("api/2.0/mlflow/experiments/search", new StringContent("{\"max_results\":1}", null, "application/json"));
        answer.EnsureSuccessStatusCode();
        return new ServerProcess(process, home, address, clock.Elapsed.TotalSeconds);
    }

    public async ValueTask DisposeAsync()
    {
        using (var stop = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await stop.WaitForExitAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_home, recursive: true);
    }
}
