using System.Diagnostics;
using System.Globalization;
using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests.Runs;

/// <summary>Real programs, ended in every way, and what a real server says of their runs.</summary>
public sealed class RunStateTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;
    private HttpRunStore _store = null!;

    public async Task InitializeAsync()
    {
        _server = await RunningServer.StartAsync(change: options => options with { StaleAfter = TimeSpan.FromSeconds(3) });
        _store = new HttpRunStore(_server.Http);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private Process Start(params string[] what) => Process.Start(new ProcessStartInfo("dotnet", [typeof(RunStateTests).Assembly.Location, _server.Address.ToString(), _folder["journal"], .. what])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>Starts a program and waits until the server has heard of its run.</summary>
    private async Task<(Process Program, RunId Run, Task<string> Output)> StartRunAsync(params string[] what)
    {
        var program = Start(what);
        _ = program.StandardError.ReadToEndAsync();
        var id = RunId.Parse(await program.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the program ended at once"));
        var rest = program.StandardOutput.ReadToEndAsync();
        await UntilAsync(id, run => run.Metrics.ContainsKey("m"));
        return (program, id, rest);
    }

    private async Task<Run> UntilAsync(RunId id, Func<Run, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            try
            {
                var run = await _store.GetRunAsync(id, patience.Token);
                if (condition(run))
                    return run;
            }
            catch (LodeException error) when (error.Code == ErrorCode.NotFound)
            {
                // Not heard of yet.
            }
            await Task.Delay(50, patience.Token);
        }
    }

    private static async Task SignalAsync(Process program, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, program.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    [Fact]
    public async Task KilledWithoutMercy_IsStale()
    {
        var (program, id, _) = await StartRunAsync("loops");
        using (program)
        {
            await SignalAsync(program, "KILL");
            await program.WaitForExitAsync();
            Assert.Null((await UntilAsync(id, run => run.Status == RunStatus.Stale)).EndedAt);
        }
        // What it had written and not sent is brought by whoever opens the folder next.
        await JournalShipper.RecoverAsync(_folder["journal"], _store, _ => { }, default);
        Assert.Equal(RunStatus.Stale, (await _store.GetRunAsync(id, default)).Status);
        Assert.Empty(Directory.GetFiles(_folder["journal"]));
    }

    [Fact]
    public async Task Stopped_IsStale_AndRunningAgainWhenItGoesOn()
    {
        var (program, id, _) = await StartRunAsync("loops");
        using (program)
        {
            await SignalAsync(program, "STOP");
            await UntilAsync(id, run => run.Status == RunStatus.Stale);
            await SignalAsync(program, "CONT");
            await UntilAsync(id, run => run.Status == RunStatus.Running);
            program.Kill();
        }
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Signalled_IsKilled_AndSaysBy(string signal)
    {
        var (program, id, _) = await StartRunAsync("loops");
        using (program)
        {
            await SignalAsync(program, signal);
            await program.WaitForExitAsync();
            Assert.NotEqual(0, program.ExitCode);
            var run = await _store.GetRunAsync(id, default);
            Assert.Equal((RunStatus.Killed, "SIG" + signal), (run.Status, run.Tags[RunOrigin.ExitSignal]));
            Assert.NotNull(run.EndedAt);
        }
    }

    [Fact]
    public async Task SignalledAndHeeded_EndsAsTheProgramSays()
    {
        var (program, id, output) = await StartRunAsync("heeds-signals");
        using (program)
        {
            await SignalAsync(program, "TERM");
            await program.WaitForExitAsync();
            Assert.Equal(0, program.ExitCode);
            var run = await _store.GetRunAsync(id, default);
            Assert.Equal((RunStatus.Finished, -1), (run.Status, run.Metrics["m"].Last));
            // Between the signal and the end it went on.
            Assert.EndsWith("Running", (await output).Trim(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("throws-on-a-thread")]
    public async Task UnhandledException_IsFailed_AndSaysWhy(string how)
    {
        using var program = Start(how);
        var id = RunId.Parse((await program.StandardOutput.ReadLineAsync())!);
        _ = program.StandardError.ReadToEndAsync();
        await program.WaitForExitAsync();
        Assert.NotEqual(0, program.ExitCode);
        // The journals that a program leaves are brought by whoever opens the folder next.
        await JournalShipper.RecoverAsync(_folder["journal"], _store, _ => { }, default);
        var run = await _store.GetRunAsync(id, default);
        Assert.Equal((RunStatus.Failed, "System.InvalidOperationException", "it broke", 1), (run.Status, run.Tags[RunOrigin.ExitType], run.Tags[RunOrigin.ExitMessage], run.Metrics["m"].Count));
        Assert.Contains("SdkProgram", run.Tags[RunOrigin.ExitStack], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["journal"]));
    }

    [Fact]
    public async Task Attempts_KilledAndResumedFromCheckpoints_GiveOneRunWithoutItsCutTails()
    {
        var id = RunId.New();
        long first = 0;
        var rng = new Rng(3);
        for (var attempt = 0; attempt < 4; attempt++)
        {
            using var program = Start("attempt", id.ToString(), first.ToString(CultureInfo.InvariantCulture));
            var reached = first;
            for (var lines = 0; lines < 20 + rng.NextInt32(20); lines++)
                _ = long.TryParse(await program.StandardOutput.ReadLineAsync(), CultureInfo.InvariantCulture, out var step) ? reached = Math.Max(reached, step) : 0;
            await SignalAsync(program, "KILL");
            var rest = await program.StandardOutput.ReadToEndAsync();
            await program.WaitForExitAsync();
            reached = rest.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line, CultureInfo.InvariantCulture)).Append(reached).Max();
            first = reached - 7;
        }
        await JournalShipper.RecoverAsync(_folder["journal"], _store, _ => { }, default);
        var history = await _store.GetHistoryAsync(id, "m", 0, 100_000, default);
        // Each step once: the killed attempts' last steps were cut by the next.
        Assert.Equal(Enumerable.Range(0, history.Count).Select(step => (long)step), history.Select(point => point.Step));
        Assert.InRange(history.Count, (int)first, (int)first + 100);
        var run = await _store.GetRunAsync(id, default);
        Assert.Equal((RunStatus.Stale, "tries", history.Count), (run.Status, run.Name, run.Metrics["m"].Count));
    }
}
