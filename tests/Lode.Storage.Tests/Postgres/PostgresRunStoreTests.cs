using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Postgres;

[NeedsPostgres]
public sealed class PostgresRunStoreTests : RunStoreContract
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override Task<IRunStore> CreateStoreAsync()
    {
        _database = PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase()));
        return Task.FromResult<IRunStore>(new SqlRunStore(_database, Time));
    }
}
