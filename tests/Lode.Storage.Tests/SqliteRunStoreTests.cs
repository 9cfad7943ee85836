using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests;

public sealed class SqliteRunStoreTests : RunStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    public override async Task DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<IRunStore> CreateStoreAsync()
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        return Task.FromResult<IRunStore>(new SqlRunStore(_database, Time));
    }

    protected override async Task<IRunStore> ReopenAsync()
    {
        await _database!.DisposeAsync();
        return await CreateStoreAsync();
    }

    [Fact]
    public async Task UpdateRun_Ends_PutsTailsIntoChunks_AndTakesLatePoints()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        var points = Enumerable.Range(0, 40).Select(i => new MetricPoint("loss", 1.0 / (i + 1), 1000 + i, i)).ToList();
        foreach (var point in points)
        {
            await Store.LogAsync(run.Id, new RunBatch { Metrics = [point, point with { Key = point.Step < 5 ? "short" : "loss" }] }, Ct);
            // Whoever reads has them put in their places, here one by one.
            Assert.Equal(point.Step + 1 + Math.Min(point.Step + 1, 5), await RowsAsync("metric_point"));
        }
        await Store.UpdateRunAsync(run.Id, new RunChange { Status = RunStatus.Finished }, Ct);
        Assert.Equal((5, 1), (await RowsAsync("metric_point"), await RowsAsync("metric_chunk")));
        // A point that came before is known; a new one is not.
        await Store.LogAsync(run.Id, new RunBatch { Metrics = [points[7], new MetricPoint("loss", 9, 5000, 40)] }, Ct);
        Assert.Equal([.. points, new MetricPoint("loss", 9, 5000, 40)], await Store.GetHistoryAsync(run.Id, "loss", 0, 100, Ct));
        Assert.Equal((41, 9.0), ((await Store.GetRunAsync(run.Id, Ct)).Metrics["loss"].Count, (await Store.GetRunAsync(run.Id, Ct)).Metrics["loss"].Last));
    }

    [Fact]
    public async Task AppendJournal_Finish_PutsTailsIntoChunks()
    {
        var run = Lode.Core.RunId.New();
        var lines = string.Concat(Enumerable.Range(0, 20).Select(i => $"{{\"e\":\"metrics\",\"t\":{i},\"step\":{i},\"metrics\":{{\"loss\":{i}}}}}\n"));
        var start = System.Text.Encoding.UTF8.GetBytes("{\"e\":\"start\",\"t\":1,\"project\":\"p\"}\n");
        await Store.AppendJournalAsync(run, 0, start, Ct);
        long offset = start.Length;
        foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            offset = (await Store.AppendJournalAsync(run, offset, System.Text.Encoding.UTF8.GetBytes(line + "\n"), Ct)).Offset;
            await RowsAsync("metric_point");
        }
        Assert.Equal(20, await RowsAsync("metric_point"));
        await Store.AppendJournalAsync(run, offset, "{\"e\":\"finish\",\"t\":99,\"status\":\"finished\"}\n"u8.ToArray(), Ct);
        Assert.Equal((0, 1), (await RowsAsync("metric_point"), await RowsAsync("metric_chunk")));
        Assert.Equal(20, (await Store.GetHistoryAsync(run, "loss", 0, 100, Ct)).Count);
    }

    private Task<int> RowsAsync(string table) => _database!.ReadAsync(sql => sql.Scalar<int>($"SELECT count(*) FROM {table}"), Ct);

    [Fact]
    public async Task MarkStale_OnlyJournaledRunsThatAreSilent()
    {
        var store = (SqlRunStore)Store;
        var project = (await NewProjectAsync()).Id;
        var quiet = await NewRunAsync(project);
        var journaled = Lode.Core.RunId.New();
        await Store.AppendJournalAsync(journaled, 0, "{\"e\":\"start\",\"t\":1,\"project\":\"p\"}\n"u8.ToArray(), Ct);
        Assert.Equal(0, await store.MarkStaleAsync(TimeSpan.FromMinutes(1), Ct));
        Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, await store.MarkStaleAsync(TimeSpan.FromMinutes(1), Ct));
        Assert.Equal(RunStatus.Stale, (await Store.GetRunAsync(journaled, Ct)).Status);
        Assert.Equal(RunStatus.Running, (await Store.GetRunAsync(quiet.Id, Ct)).Status);
    }

    [Fact]
    public async Task Reopen_FindsEverything()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id, "kept");
        await LogAsync(run, ("m", 1.5, 3));
        await _database!.DisposeAsync();
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        var read = await new SqlRunStore(_database, Time).GetRunAsync(run.Id, Ct);
        Assert.Equal(("kept", 1.5), (read.Name, read.Metrics["m"].Last));
    }
}
