using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests;

public sealed class SqliteModelArchiveTests : ModelArchiveContract
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    public override async Task DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<IModelArchive> CreateAsync()
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        return Task.FromResult<IModelArchive>(new SqlModelArchive(_database));
    }

    [Fact]
    public async Task Put_IsWhatTheOtherStoresSee()
    {
        var (time, model) = (new ManualTime(), NewLogged(ProjectId.Default));
        await Archive.PutLoggedAsync(model, Ct);
        var logged = new SqlLoggedModelStore(_database!, time);
        Assert.Equal("3", (await logged.GetAsync(model.Id, Ct)).Params["depth"]);
        await Archive.PutRegisteredAsync(NewRegistered("churn"), Ct);
        var registry = new SqlModelRegistry(_database!, time);
        Assert.Equal(3, (await registry.FindByAliasAsync("churn", "champion", Ct))!.Version);
        Assert.Equal("mlflow-artifacts:/0/models/m-1/artifacts", await registry.GetLocationAsync("churn", 3, Ct));
        Assert.Equal([1L, 3], (await registry.SearchVersionsAsync(new RegistryQuery(), Ct)).Versions.Select(version => version.Version));
        Assert.Equal(5, (await registry.CreateVersionAsync(new NewModelVersion { Model = "churn", Source = "s3://bucket/5" }, Ct)).Version);
        await logged.DeleteAsync(model.Id, Ct);
        Assert.Equal(ErrorCode.Conflict, (await Assert.ThrowsAsync<LodeException>(() => Archive.PutLoggedAsync(model, Ct))).Code);
    }
}
