using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests;

public sealed class SqliteArtifactStoreTests : ArtifactStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    public override async Task DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<IArtifactStore> CreateStoreAsync()
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        return Task.FromResult<IArtifactStore>(new SqlArtifactStore(_database, new FolderBlobStore(_folder["artifacts"]), Time));
    }
}

public sealed class SqliteLoggedModelStoreTests : LoggedModelStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    public override async Task DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<(ILoggedModelStore Models, IRunStore Runs)> CreateStoresAsync()
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        return Task.FromResult<(ILoggedModelStore, IRunStore)>((new SqlLoggedModelStore(_database, Time), new SqlRunStore(_database, Time)));
    }
}
