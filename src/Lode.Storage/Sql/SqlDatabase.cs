namespace Lode.Storage;

/// <summary>What the SQL stores need of a database; one subclass a dialect.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently.</remarks>
public abstract class SqlDatabase : IAsyncDisposable
{
    /// <summary>Runs a read on a snapshot.</summary>
    public abstract Task<T> ReadAsync<T>(Func<SqlSession, T> work, CancellationToken ct);

    /// <summary>
    /// Runs a write; returns when it is durable. Work that throws leaves nothing behind. Work may be run together with others'
    /// in one transaction, in any thread, and twice (once taken back): it must do the same each time, and not be cancelled half-way.
    /// </summary>
    public abstract Task<T> WriteAsync<T>(Func<SqlSession, T> work, CancellationToken ct);

    /// <summary>
    /// Whether a write that finds nobody committing is committed by its caller, in the call of <see cref="WriteAsync"/>. Faster where
    /// each caller waits for its write before it makes the next; who makes many writes before waiting would commit them one by one. Default no.
    /// </summary>
    public abstract bool CallersCommit { get; set; }

    /// <summary>How much it takes on disk.</summary>
    public abstract Task<DatabaseSize> MeasureAsync(CancellationToken ct);

    /// <summary>Gives what deletions left free back to the disk, or (PostgreSQL) to later writes. Reads and writes go on meanwhile.</summary>
    public abstract Task CompactAsync(CancellationToken ct);

    /// <summary>Finishes what was begun and closes.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>How much a database takes on disk.</summary>
/// <param name="Bytes">With its log.</param>
/// <param name="FreeBytes">The part that holds nothing and can be given back, as far as the database knows it.</param>
public readonly record struct DatabaseSize(long Bytes, long FreeBytes);
