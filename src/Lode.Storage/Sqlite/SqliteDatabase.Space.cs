using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Lode.Storage;

public sealed partial class SqliteDatabase
{
    private const int Incremental = 2;
    private const int CheckpointTries = 20;

    /// <inheritdoc/>
    public override Task<DatabaseSize> MeasureAsync(CancellationToken ct) => ReadAsync(
        sql => new DatabaseSize(LengthOf(_file) + LengthOf(_file + "-wal"), sql.Scalar<long>("PRAGMA freelist_count") * sql.Scalar<long>("PRAGMA page_size")), ct);

    /// <inheritdoc/>
    public override async Task CompactAsync(CancellationToken ct)
    {
        if (await ReadAsync(sql => sql.Scalar<int>("PRAGMA auto_vacuum"), ct).ConfigureAwait(false) == Incremental)
        {
            // In pieces, each in the writers' turn: pages move, and nobody waits long.
            var (free, left) = (long.MaxValue, await FreePagesAsync(ct).ConfigureAwait(false));
            while (left > 0 && left < free)
            {
                await WriteAsync(
                    sql =>
                    {
                        sql.Read("PRAGMA incremental_vacuum(2000)", [], _ => { });
                        return true;
                    },
                    ct).ConfigureAwait(false);
                (free, left) = (left, await FreePagesAsync(ct).ConfigureAwait(false));
            }
        }
        else
        {
            // A file of before it was told that it may shrink: once as a whole, and it can do it in pieces from then on.
            await OnOwnConnectionAsync(
                connection =>
                {
                    using var command = connection.CreateCommand();
                    command.CommandTimeout = 0;
                    command.CommandText = "PRAGMA auto_vacuum = INCREMENTAL; VACUUM;";
                    return command.ExecuteNonQuery();
                },
                ct).ConfigureAwait(false);
        }
        for (var i = 0; i < CheckpointTries; i++)
        {
            // The file shrinks when its log is taken over, which must wait for readers of older snapshots.
            if (await OnOwnConnectionAsync(Checkpoint, ct).ConfigureAwait(false))
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(50), ct).ConfigureAwait(false);
        }
    }

    private Task<long> FreePagesAsync(CancellationToken ct) => ReadAsync(sql => sql.Scalar<long>("PRAGMA freelist_count"), ct);

    private static bool Checkpoint(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE);";
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture) == 0;
    }

    private async Task<T> OnOwnConnectionAsync<T>(Func<SqliteConnection, T> work, CancellationToken ct) => await Task.Run(
        () =>
        {
            try
            {
                using var connection = Connect(_file, SqliteOpenMode.ReadWrite);
                return work(connection);
            }
            catch (SqliteException error)
            {
                throw Explain(error, _file);
            }
        },
        ct).ConfigureAwait(false);

    private static long LengthOf(string file) => File.Exists(file) ? new FileInfo(file).Length : 0;
}
