using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;
using Microsoft.Data.Sqlite;

namespace Lode.Storage.Tests;

public sealed class SqliteHousekeepingTests : HousekeepingContract
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    protected override string JournalFolder => _folder["journal"];

    public override async Task DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<(IRunStore Store, IHousekeeping Housekeeping)> CreateAsync()
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        return Task.FromResult<(IRunStore, IHousekeeping)>((new SqlRunStore(_database, Time), new SqlHousekeeping(_database, Time, JournalFolder, Artifacts)));
    }

    private SqlArtifactStore Artifacts => new(_database!, new FolderBlobStore(_folder["artifacts"]), Time);

    [Fact]
    public async Task Collect_FreesTheFilesOfPurgedRuns_ButNotWhatOthersName()
    {
        var runs = new List<Run>();
        foreach (var text in new[] { "only mine", "shared" })
        {
            var run = await Store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, Ct);
            runs.Add(run);
            foreach (var content in new[] { text, "shared" })
                await Artifacts.PutAsync($"0/{run.Id}/artifacts/{content}.txt", new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), Ct);
        }
        Assert.Equal("only mine".Length + "shared".Length, (await Housekeeping.GetUseAsync(Ct)).Artifacts);
        await Store.UpdateRunAsync(runs[0].Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        Time.Advance(TimeSpan.FromDays(31));
        var dry = await Housekeeping.CollectAsync(new CollectQuery { DryRun = true }, Ct);
        var done = await Housekeeping.CollectAsync(new CollectQuery(), Ct);
        Assert.Equal((1, 1), (done.Runs, done.Blobs));
        Assert.Equal((dry.Runs, dry.Blobs, dry.Bytes), (done.Runs, done.Blobs, done.Bytes));
        Assert.Equal("shared".Length, (await Housekeeping.GetUseAsync(Ct)).Artifacts);
        Assert.Empty(await Artifacts.ListAsync($"0/{runs[0].Id}", Ct));
        Assert.Single(Directory.GetFiles(_folder["artifacts"], "*", SearchOption.AllDirectories), file => new FileInfo(file).Length == "shared".Length);
    }

    [Fact]
    public async Task Collect_TakesTheModelsThatARunLogged_UnlessTheyAreRegistered()
    {
        var models = new SqlLoggedModelStore(_database!, Time);
        var registry = new SqlModelRegistry(_database!, Time);
        await registry.CreateModelAsync(new NewRegisteredModel { Name = "churn" }, Ct);
        var run = await Store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, Ct);
        var ids = new List<string>();
        foreach (var name in new[] { "loose", "registered", "by source" })
        {
            var model = await models.CreateAsync(new NewLoggedModel { Id = NewLoggedModel.NewId(), ProjectId = ProjectId.Default, Name = name, SourceRun = run.Id.ToString(), Params = [new("p", "1")], Tags = [new("t", "1")] }, Ct);
            await models.LogMetricsAsync([new ModelMetric(model.Id, new MetricPoint("m", 1, 1, 1))], Ct);
            await Artifacts.PutAsync($"0/models/{model.Id}/artifacts/MLmodel", new MemoryStream(System.Text.Encoding.UTF8.GetBytes(name)), Ct);
            ids.Add(model.Id);
        }
        // By no run, so that the run itself may go.
        await _database!.WriteAsync(sql => sql.Execute("UPDATE logged_model SET source_run = '' WHERE id <> @0", ids[0]), Ct);
        await registry.CreateVersionAsync(new NewModelVersion { Model = "churn", Source = $"models:/{ids[1]}", ModelId = ids[1] }, Ct);
        await registry.CreateVersionAsync(new NewModelVersion { Model = "churn", Source = $"models:/{ids[2]}" }, Ct);
        await _database!.WriteAsync(sql => sql.Execute("UPDATE logged_model SET source_run = @0", run.Id.ToString()), Ct);
        await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        Time.Advance(TimeSpan.FromDays(31));
        var dry = await Housekeeping.CollectAsync(new CollectQuery { DryRun = true }, Ct);
        var done = await Housekeeping.CollectAsync(new CollectQuery(), Ct);
        Assert.Equal((1, 1, 1), (done.Runs, done.LoggedModels, done.Blobs));
        Assert.Equal((dry.Runs, dry.LoggedModels, dry.Blobs, dry.Bytes), (done.Runs, done.LoggedModels, done.Blobs, done.Bytes));
        await Assert.ThrowsAsync<LodeException>(() => models.GetAsync(ids[0], Ct));
        Assert.Equal(["registered", "by source"], [(await models.GetAsync(ids[1], Ct)).Name, (await models.GetAsync(ids[2], Ct)).Name]);
        Assert.Null(await Artifacts.FindAsync($"0/models/{ids[0]}", Ct));
        Assert.NotNull(await Artifacts.FindAsync($"0/models/{ids[2]}/artifacts/MLmodel", Ct));
    }

    private long OnDisk() => new DirectoryInfo(_folder.Path).GetFiles("lode.db*").Sum(file => file.Length);

    private async Task FillAsync()
    {
        for (var i = 0; i < 20; i++)
        {
            var run = await Store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, Ct);
            var rng = new Rng(1, (ulong)i);
            await Store.LogAsync(run.Id, new RunBatch { Metrics = [.. Enumerable.Range(0, 3000).Select(step => new MetricPoint("loss", rng.NextDouble(), step * 1000L, step))] }, Ct);
            if (i > 0)
                await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Collect_ShrinksTheFile(bool isOldFile)
    {
        if (isOldFile)
        {
            // As a lode made it that did not say beforehand that the file may shrink.
            await _database!.DisposeAsync();
            SqliteConnection.ClearAllPools();
            await using (var connection = new SqliteConnection($"Data Source={_folder["lode.db"]};Pooling=False"))
            {
                await connection.OpenAsync();
                var command = connection.CreateCommand();
                command.CommandText = "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM;";
                await command.ExecuteNonQueryAsync();
                command.CommandText = "PRAGMA auto_vacuum";
                Assert.Equal(0L, await command.ExecuteScalarAsync());
            }
            await InitializeAsync();
        }
        await FillAsync();
        var before = OnDisk();
        var done = await Housekeeping.CollectAsync(new CollectQuery { OlderThan = 0 }, Ct);
        var after = OnDisk();
        Assert.Equal(19, done.Runs);
        Assert.Equal(before - after, done.FreedBytes);
        Assert.True(after * 3 < before, $"{before} bytes before, {after} after");
        Assert.Equal(0, (await Housekeeping.GetUseAsync(Ct)).Free);
        Assert.Equal("ok", await _database!.ReadAsync(sql => sql.Scalar<string>("PRAGMA integrity_check"), Ct));
        Assert.Equal(3000, Assert.Single((await Store.SearchRunsAsync(new RunQuery { Projects = [ProjectId.Default] }, Ct)).Runs).Metrics["loss"].Count);
    }
}
