using System.Text.Json;
using Lode.Core;
using Lode.Storage;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Cli.Tests;

/// <summary><c>lode log</c>, <c>tail</c>, <c>diff</c> and <c>plot</c>.</summary>
public sealed class RunToolsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _home = new();

    public async Task InitializeAsync()
    {
        await using var database = SqliteDatabase.Open(_home["lode.db"]);
        var store = new SqlRunStore(database, TimeProvider.System);
        foreach (var (name, lr, factor) in new[] { ("one", "0.1", 1.0), ("two", "0.2", 2.0) })
        {
            var id = RunId.New();
            await store.CreateRunAsync(new NewRun { Id = id, ProjectId = ProjectId.Default, Name = name, StartedAt = 1, Tags = new Dictionary<string, string> { ["lode.env.host"] = "h", ["mlflow.source.git.commit"] = name } }, default);
            await store.LogAsync(id, new RunBatch { Metrics = [.. Enumerable.Range(1, 50).Select(step => new MetricPoint("loss", factor / step, step, step))], Params = [new("lr", lr), new("same", "x")] }, default);
        }
    }

    public Task DisposeAsync()
    {
        _home.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Diff_TwoRuns_ShowsWhatDiffersAlone()
    {
        var (output, _) = await LodeAsync("diff", "one", "two");
        Assert.Equal(["params\tlr\t0.1\t0.2", "metrics\tloss\t0.02\t0.04\t+0.02", "code\tmlflow.source.git.commit\tone\ttwo"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        (output, _) = await LodeAsync("diff", "one", "two", "--only", "params", "--json");
        Assert.Equal("0.2", JsonDocument.Parse(output).RootElement.GetProperty("differences")[0].GetProperty("b").GetString());
        Assert.Contains("nothing differs", (await LodeAsync("diff", "one", "one")).Error, StringComparison.Ordinal);
        Assert.Contains("'params'", (await LodeAsync(2, "diff", "one", "two", "--only", "parms")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plot_Metric_IsDrawnWithItsRangesAndRuns()
    {
        var (output, _) = await LodeAsync("plot", "loss", "one", "--height", "8");
        var lines = output.Split('\n');
        Assert.Equal("loss by step", lines[0]);
        Assert.StartsWith("   1 ┤", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines[1..9], line => line.Any(c => c is >= '\u2801' and <= '\u28ff'));
        Assert.Contains("one: last 0.02, min 0.02, max 1, 50 points", output, StringComparison.Ordinal);
        (output, _) = await LodeAsync("plot", "loss", "one", "two", "--log-y");
        Assert.Contains("a one", output, StringComparison.Ordinal);
        Assert.Contains("b two", output, StringComparison.Ordinal);
        Assert.Contains("'loss'", (await LodeAsync(4, "plot", "lss", "one")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_FromAShell_IsLoggedWithTheNextStep()
    {
        await LodeAsync("log", "--run", "one", "loss=0.5", "acc=0.9", "--param", "depth=3", "--tag", "checked=yes");
        await LodeAsync("log", "--run", "one", "acc=1", "--step", "7");
        var run = JsonSerializer.Deserialize((await LodeAsync("show", "one", "--json")).Output, TrackingJson.Default.Run)!;
        Assert.Equal((0.5, 51L, 1.0, 7L, 2L), (run.Metrics["loss"].Last, run.Metrics["loss"].LastStep, run.Metrics["acc"].Last, run.Metrics["acc"].LastStep, run.Metrics["acc"].Count));
        Assert.Equal(("3", "yes"), (run.Params["depth"], run.Tags["checked"]));
        Assert.Contains("KEY=NUMBER", (await LodeAsync(2, "log", "--run", "one", "note=well")).Error, StringComparison.Ordinal);
        Assert.Contains("LODE_RUN_ID", (await LodeAsync(2, "log", "a=1")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_InAProgramUnderRun_GoesToItsRun()
    {
        await LodeAsync("run", "-q", "-n", "inner", "--", "sh", "-c", $"printf 'epoch=1 acc=0.5\\n{{\"epoch\":2,\"acc\":0.75}}\\n' | dotnet {LodeProcess.Dll} log --stdin");
        var run = JsonSerializer.Deserialize((await LodeAsync("show", "inner", "--json")).Output, TrackingJson.Default.Run)!;
        Assert.Equal((0.75, 2L, 2L), (run.Metrics["acc"].Last, run.Metrics["acc"].LastStep, run.Metrics["acc"].Count));
    }

    [Fact]
    public async Task Tail_EndedRun_ShowsItsLastLines()
    {
        await LodeAsync("run", "-q", "-n", "talker", "--", "sh", "-c", "for i in 1 2 3 4 5; do echo line $i; done");
        Assert.Equal("line 4\nline 5\n", (await LodeAsync("tail", "talker", "-n", "2")).Output);
        Assert.Equal("49\tloss\t0.020408\n50\tloss\t0.02\n", (await LodeAsync("tail", "one", "--metrics", "loss", "-n", "2", "--no-follow")).Output);
        Assert.Contains("no console.log", (await LodeAsync(4, "tail", "two", "--no-follow")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Chart_AnyPoints_AreDrawnInside()
    {
        var rng = new Rng(3);
        for (var i = 0; i < 200; i++)
        {
            var (width, height) = (1 + rng.NextInt32(40), 1 + rng.NextInt32(20));
            var chart = new BrailleChart(width, height);
            var count = rng.NextInt32(30);
            chart.Add([.. Enumerable.Range(0, count).Select(_ => rng.NextDouble(-5, 5))], [.. Enumerable.Range(0, count).Select(_ => rng.NextInt32(5) == 0 ? double.NaN : rng.NextDouble(-1e9, 1e9))]);
            var lines = chart.Draw(logY: rng.NextInt32(2) == 0, ascii: rng.NextInt32(2) == 0);
            Assert.True(lines.Count == 0 || lines.Count == height + 1);
        }
    }

    private async Task<(string Output, string Error)> LodeAsync(params string[] args) => await LodeAsync(0, args);

    private async Task<(string Output, string Error)> LodeAsync(int wanted, params string[] args)
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, args);
        Assert.True(code == wanted, $"lode {string.Join(' ', args)} ended with {code}: {error}");
        return (output, error);
    }
}
