using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Postgres;

[NeedsPostgres]
public sealed class PostgresArtifactStoreTests : ArtifactStoreContract
{
    private readonly TemporaryFolder _folder = new();
    private PostgresDatabase? _database;

    public override async Task DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<IArtifactStore> CreateStoreAsync()
    {
        _database = PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase()));
        return Task.FromResult<IArtifactStore>(new SqlArtifactStore(_database, new FolderBlobStore(_folder["artifacts"]), Time));
    }
}

[NeedsPostgres]
public sealed class PostgresLoggedModelStoreTests : LoggedModelStoreContract
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override Task<(ILoggedModelStore Models, IRunStore Runs)> CreateStoresAsync()
    {
        _database = PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase()));
        return Task.FromResult<(ILoggedModelStore, IRunStore)>((new SqlLoggedModelStore(_database, Time), new SqlRunStore(_database, Time)));
    }
}
