using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Postgres;

[NeedsPostgres]
public sealed class PostgresHousekeepingTests : HousekeepingContract
{
    private readonly TemporaryFolder _folder = new();
    private PostgresDatabase? _database;

    protected override string JournalFolder => _folder["journal"];

    public override async Task DisposeAsync()
    {
        await _database!.DisposeAsync();
        _folder.Dispose();
    }

    protected override Task<(IRunStore Store, IHousekeeping Housekeeping)> CreateAsync()
    {
        _database = PostgresDatabase.Open(PostgresAddress.Parse(PostgresCluster.Shared.NewDatabase()));
        return Task.FromResult<(IRunStore, IHousekeeping)>((new SqlRunStore(_database, Time), new SqlHousekeeping(_database, Time, JournalFolder)));
    }
}
