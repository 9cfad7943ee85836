using System.Text.Json.Nodes;
using Lode.TestKit;

namespace Lode.Cli.Tests;

/// <summary>A sweep on a real Slurm that two servers on one PostgreSQL database look after.</summary>
[NeedsPostgres]
[NeedsSlurm]
public sealed class SlurmReplicaTests : SweepTestsBase
{
    [Fact]
    public async Task TwoServersOnOneDatabase_OneKilledInMidSweep_EveryTrialRunsOnceInSlurm()
    {
        // Sets SLURM_CONF for the servers to come.
        var cluster = SlurmCluster.Shared;
        var store = PostgresCluster.Shared.NewDatabase();
        using var otherHome = new TemporaryFolder();
        using var one = await ServeAsync(Home.Path, "--store", store);
        using var two = await ServeAsync(otherHome.Path, "--store", store);
        Write("x: { float: [0, 1] }", ["sh", "-c", "echo $LODE_TRIAL $SLURM_JOB_ID >> started; sleep 0.3; echo loss: {x}"],
            "budget: { trials: 24, parallel: 4 }", "launcher:", "  name: slurm", $"  server: \"{Address(one)},{Address(two)}\"", "  logs: logs");
        using var sweep = Start("sweep", "start", "sweep.yaml", "--server", Address(one), "--server", Address(two));
        await UntilAsync(() => Lines("started").Length >= 6);
        await one.KillAsync();
        var (code, _, error) = await sweep.EndAsync();
        Assert.True(code == 0, error);
        Assert.Equal(Enumerable.Range(0, 24), Lines("started").Select(line => int.Parse(line.Split(' ')[0])).Order());
        Assert.All(Lines("started"), line => Assert.Equal(2, line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Equal(24, (int?)JsonNode.Parse((await InAsync("sweep", "status", "@last", "--json", "--store", store)).Out)!["counts"]!["complete"]);
        await UntilAsync(() => cluster.Ask("squeue", "--noheader", "--states=all", "--format=%T").Split('\n', StringSplitOptions.RemoveEmptyEntries).All(state => state.Trim() is not ("RUNNING" or "PENDING")));
    }
}
