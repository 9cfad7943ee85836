using System.Text.Json;
using Lode.Core;
using Lode.Storage;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Cli.Tests;

/// <summary><c>lode run rewind</c> and <c>lode run fork</c>.</summary>
public sealed class CutTests : IAsyncLifetime
{
    private readonly TemporaryFolder _home = new();

    public async Task InitializeAsync()
    {
        await using var database = SqliteDatabase.Open(_home["lode.db"]);
        var (store, id) = (new SqlRunStore(database, TimeProvider.System), RunId.New());
        await store.CreateRunAsync(new NewRun { Id = id, ProjectId = ProjectId.Default, Name = "long", StartedAt = 1 }, default);
        await store.LogAsync(id, new RunBatch { Metrics = [.. Enumerable.Range(0, 100).Select(step => new MetricPoint("loss", 100 - step, 1, step))], Params = [new("lr", "0.1")] }, default);
    }

    public Task DisposeAsync()
    {
        _home.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task ForkThenRewind_CutAtTheStep()
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, "run", "fork", "long", "--step", "49", "--json");
        Assert.True(code == 0, error);
        var fork = JsonSerializer.Deserialize(output, TrackingJson.Default.Run)!;
        Assert.Equal((50, "0.1", "49", RunStatus.Scheduled), (fork.Metrics["loss"].Count, fork.Params["lr"], fork.Tags[RunOrigin.ForkStep], fork.Status));
        (code, output, error) = await LodeProcess.RunAsync(_home.Path, "run", "rewind", "long", "--step", "9");
        Assert.True(code == 0, error);
        Assert.Equal("long: 10 points up to step 9", output.TrimEnd());
        (_, output, _) = await LodeProcess.RunAsync(_home.Path, "show", fork.Id.ToString(), "--json");
        Assert.Equal(50, JsonSerializer.Deserialize(output, TrackingJson.Default.Run)!.Metrics["loss"].Count);
    }

    [Theory]
    [InlineData("rewind", "long")]
    [InlineData("fork", "long", "--step", "x")]
    public async Task WithoutAStep_IsMisuse(params string[] args)
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, ["run", .. args]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("--step", error, StringComparison.Ordinal);
    }
}
