using System.Globalization;
using Lode.TestKit;
using Lode.TestKit.Faults;
using Xunit.Abstractions;

namespace Lode.Cli.Tests;

/// <summary>A real server, killed at random moments under load: what it acknowledged is there, once, and its files are sound.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    // bench/Lode.Bench.Tracking kills a hundred times.
    private static readonly int s_kills = int.Parse(Environment.GetEnvironmentVariable("LODE_KILLS") ?? "5", CultureInfo.InvariantCulture);

    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task KilledUnderLoad_LosesNothingAcknowledged()
    {
        var options = new KillOptions { Dll = LodeProcess.Dll, Home = _home.Path, Kills = s_kills };
        Assert.True(await KillRun.RunAsync(options, output.WriteLine) > s_kills);
    }

    [Fact]
    public async Task Witnesses_AtAServerThatForgot_SaySo()
    {
        using var other = new TemporaryFolder();
        using var remembers = Victim.Start(LodeProcess.Dll, _home.Path);
        using var forgot = Victim.Start(LodeProcess.Dll, other.Path);
        Assert.True(await remembers.ReadyAsync() && await forgot.ReadyAsync());
        var witnesses = KillRun.NewWitnesses();
        using var http = remembers.Client();
        using var elsewhere = forgot.Client();
        var writers = witnesses.Select(witness => Task.Run(() => witness.WriteAsync(http))).ToArray();
        while (witnesses.Any(witness => witness.Acknowledged < 3))
            await Task.Delay(20);
        await remembers.KillAsync();
        await Task.WhenAll(writers);
        foreach (var witness in witnesses)
            await Assert.ThrowsAsync<FaultFoundException>(() => witness.TestifyAsync(elsewhere, all: true));
    }
}

/// <summary>The same with PostgreSQL as the store.</summary>
[NeedsPostgres]
public sealed class PostgresKillTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task KilledUnderLoad_LosesNothingAcknowledged()
    {
        var options = new KillOptions { Dll = LodeProcess.Dll, Home = _home.Path, Store = PostgresCluster.Shared.NewDatabase(), Kills = 3 };
        Assert.True(await KillRun.RunAsync(options, output.WriteLine) > options.Kills);
    }
}
