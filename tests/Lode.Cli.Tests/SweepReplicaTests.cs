using System.Text.Json.Nodes;
using Lode.TestKit;

namespace Lode.Cli.Tests;

/// <summary>Sweeps that several servers on one PostgreSQL database serve.</summary>
[NeedsPostgres]
public sealed class SweepReplicaTests : SweepTestsBase
{
    [Fact]
    public async Task TwoServersOnOneDatabase_OneKilled_NoTrialIsLostOrRepeated()
    {
        var store = PostgresCluster.Shared.NewDatabase();
        using var otherHome = new TemporaryFolder();
        using var one = await ServeAsync(Home.Path, "--store", store);
        using var two = await ServeAsync(otherHome.Path, "--store", store);
        Write("x: { float: [0, 1] }", ["sh", "-c", "echo $LODE_TRIAL >> started; sleep 0.3; echo loss: {x}"], "budget: { trials: 12 }");
        using var first = Start("sweep", "start", "sweep.yaml", "--parallel", "2", "--server", Address(one), "--server", Address(two));
        await UntilAsync(() => Lines("started").Length >= 1);
        using var second = Start("agent", "p/s", "--slots", "2", "--server", Address(two), "--server", Address(one));
        await UntilAsync(() => Lines("started").Length >= 5);
        await one.KillAsync();
        var (code, _, error) = await first.EndAsync();
        Assert.True(code == 0, error);
        Assert.Equal(0, (await second.EndAsync()).Code);
        Assert.Equal(Enumerable.Range(0, 12), Lines("started").Select(int.Parse).Order());
        Assert.Equal(12, (int?)JsonNode.Parse((await InAsync("sweep", "status", "@last", "--json", "--store", store)).Out)!["counts"]!["complete"]);
    }
}
