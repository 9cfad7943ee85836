using Lode.Storage;
using Lode.TestKit;

namespace Lode.Tracking.Tests.Journal;

/// <summary>A folder with a store in it, for tests of what programs write and what arrives.</summary>
public abstract class JournalTests : IAsyncLifetime
{
    private SqliteDatabase _database = null!;

    private protected TemporaryFolder Folder { get; } = new();

    /// <summary>What trackers and shippers said.</summary>
    private protected List<string> Warnings { get; } = [];

    private protected SqlRunStore Store { get; private set; } = null!;

    public Task InitializeAsync()
    {
        _database = SqliteDatabase.Open(Folder["lode.db"]);
        Store = new SqlRunStore(_database, TimeProvider.System);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        Folder.Dispose();
    }
}
