using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests;

public abstract class SqlModelRegistryTests : ModelRegistryContract
{
    private SqlDatabase? _database;

    protected override ILoggedModelStore LoggedModels => new SqlLoggedModelStore(_database!, Time);

    protected abstract SqlDatabase Open();

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override Task<IModelRegistry> CreateRegistryAsync()
    {
        _database = Open();
        return Task.FromResult<IModelRegistry>(new SqlModelRegistry(_database, Time));
    }

    protected override async Task<(string Id, string Artifacts)> NewRunAsync(string folder)
    {
        var runs = new SqlRunStore(_database!, Time);
        var project = await runs.CreateProjectAsync(new NewProject { Name = folder, ArtifactLocation = folder }, Ct);
        var run = await runs.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = project.Id, User = "ada" }, Ct);
        return (run.Id.ToString(), run.ArtifactUri);
    }

    [Fact]
    public async Task Reopen_FindsEverything()
    {
        await NewModelAsync();
        await NewVersionAsync();
        await Registry.SetAliasAsync("m", "champion", 1, Ct);
        await _database!.DisposeAsync();
        _database = Open();
        Assert.Equal(1, (await new SqlModelRegistry(_database, Time).FindByAliasAsync("m", "champion", Ct))!.Version);
    }
}

public sealed class SqliteModelRegistryTests : SqlModelRegistryTests
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    protected override SqlDatabase Open() => SqliteDatabase.Open(_folder["lode.db"]);
}

[NeedsPostgres]
public sealed class PostgresModelRegistryTests : SqlModelRegistryTests
{
    private readonly PostgresAddress _address = PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase());

    protected override SqlDatabase Open() => PostgresDatabase.Open(_address);
}
