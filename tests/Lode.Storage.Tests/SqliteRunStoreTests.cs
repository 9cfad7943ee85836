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
