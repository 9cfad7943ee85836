using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Lode.TestKit.Faults;

/// <summary>A real <c>lode up</c> in a process of its own, there to be killed.</summary>
public sealed class Victim : IDisposable
{
    private readonly Process _process;

    private Victim(Process process) => _process = process;

    /// <summary>Where it listens; known once <see cref="ReadyAsync"/> has returned.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0/");

    /// <summary>The memory that it holds, in MiB.</summary>
    public double ResidentMiB
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1048576.0;
        }
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts it; it is not ready yet when this returns.</summary>
    /// <param name="dll">The program, <c>lode.dll</c>.</param>
    /// <param name="home">Its data folder.</param>
    /// <param name="store">The address of a PostgreSQL database; null = the folder's own SQLite.</param>
    public static Victim Start(string dll, string home, string? store = null)
    {
        var start = new ProcessStartInfo("dotnet", [dll, "up", "--port", "0", "--home", home, "--json", .. store is null ? Array.Empty<string>() : ["--store", store]])
        {
            RedirectStandardOutput = true,
            Environment = { ["LODE_TOKEN"] = null, ["LODE_HOME"] = null },
        };
        return new Victim(Process.Start(start)!);
    }

    /// <summary>Waits until it listens; false when it ended before that.</summary>
    public async Task<bool> ReadyAsync()
    {
        var said = "";
        while (!said.TrimEnd().EndsWith('}'))
        {
            if (await _process.StandardOutput.ReadLineAsync() is not { } line)
                return false;
            said += line;
        }
        using var json = JsonDocument.Parse(said);
        Address = new Uri(json.RootElement.GetProperty("address").GetString()!);
        return true;
    }

    /// <summary>A client with connections of its own.</summary>
    public HttpClient Client() => new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(30) }) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(1) };

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as service managers send it; the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
