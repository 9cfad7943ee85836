using System.Diagnostics;
using System.Text;
using Lode.TestKit.Faults;

namespace Lode.Cli.Tests;

/// <summary>The real program as a process of its own, in a data folder of its own.</summary>
public sealed class LodeProcess : IDisposable
{
    /// <summary>The program.</summary>
    public static readonly string Dll = Path.Combine(AppContext.BaseDirectory, "lode.dll");

    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();

    private LodeProcess(string home, string[] args, string? token = null, string directory = "", bool unprivileged = false)
    {
        string[] command = [.. unprivileged ? Unprivileged.Prefix : [], "dotnet", Dll, .. args];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory,
            Environment = { ["LODE_HOME"] = home, ["LODE_DEBUG"] = null, ["LODE_TOKEN"] = token },
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(_out, line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_error, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static LodeProcess Start(string home, params string[] args) => new(home, args);

    /// <summary>Starts it in another folder than this process's.</summary>
    public static LodeProcess StartIn(string directory, string home, params string[] args) => new(home, args, directory: directory);

    /// <summary>Starts it with LODE_TOKEN set.</summary>
    public static LodeProcess StartWithToken(string home, string token, params string[] args) => new(home, args, token);

    public static async Task<(int Code, string Out, string Error)> RunAsync(string home, params string[] args)
    {
        using var process = Start(home, args);
        return await process.EndAsync();
    }

    /// <summary>Runs it as a user for whom permissions count.</summary>
    public static async Task<(int Code, string Out, string Error)> RunUnprivilegedAsync(string home, params string[] args)
    {
        using var process = new LodeProcess(home, args, unprivileged: true);
        return await process.EndAsync();
    }

    /// <summary>Runs it in another folder than this process's.</summary>
    public static async Task<(int Code, string Out, string Error)> RunInAsync(string directory, string home, params string[] args)
    {
        using var process = new LodeProcess(home, args, directory: directory);
        return await process.EndAsync();
    }

    /// <summary>Runs it with a text on standard input.</summary>
    public static async Task<(int Code, string Out, string Error)> RunWithInputAsync(string home, string input, params string[] args)
    {
        using var process = Start(home, args);
        await process._process.StandardInput.WriteAsync(input);
        process._process.StandardInput.Close();
        return await process.EndAsync();
    }

    public string Out
    {
        get
        {
            lock (_out)
                return _out.ToString();
        }
    }

    public string Error
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    /// <summary>Waits until the output so far satisfies a condition.</summary>
    public async Task UntilAsync(Func<LodeProcess, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!condition(this))
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"lode ended with {_process.ExitCode} before that: {Out}{Error}");
            await Task.Delay(20, patience.Token);
        }
    }

    public async Task<(int Code, string Out, string Error)> EndAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, Out, Error);
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Ctrl-C.</summary>
    public Task<(int Code, string Out, string Error)> InterruptAsync() => SignalAsync("-INT");

    /// <summary>Ctrl-C, and once more 30 ms later.</summary>
    public async Task<(int Code, string Out, string Error)> InterruptTwiceAsync()
    {
        var id = _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var kill = Process.Start("sh", ["-c", $"kill -INT {id}; sleep 0.03; kill -INT {id}"]);
        await kill.WaitForExitAsync();
        return await EndAsync();
    }

    /// <summary>What service managers and containers send.</summary>
    public Task<(int Code, string Out, string Error)> TerminateAsync() => SignalAsync("-TERM");

    private async Task<(int Code, string Out, string Error)> SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        return await EndAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static void Keep(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (text)
            text.AppendLine(line);
    }
}
