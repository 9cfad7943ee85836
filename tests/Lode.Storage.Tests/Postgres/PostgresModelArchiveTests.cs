using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Postgres;

[NeedsPostgres]
public sealed class PostgresModelArchiveTests : ModelArchiveContract
{
    private PostgresDatabase? _database;

    public override async Task DisposeAsync() => await _database!.DisposeAsync();

    protected override Task<IModelArchive> CreateAsync()
    {
        _database = PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase()));
        return Task.FromResult<IModelArchive>(new SqlModelArchive(_database));
    }
}
