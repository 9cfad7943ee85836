using System.Collections.Concurrent;
using System.Threading.Channels;
using Lode.Core;
using Microsoft.Data.Sqlite;

namespace Lode.Storage;

/// <summary>
/// A SQLite file: one writer thread that puts concurrent writes into one transaction (group commit) and answers each only after
/// the commit that holds it; any number of readers on snapshots beside it.
/// </summary>
public sealed class SqliteDatabase : SqlDatabase
{
    private const int MaxGroup = 1000;
    private const int ConstraintViolated = 19;

    private static readonly SqliteDialect s_dialect = new();

    private readonly string _file;
    private readonly SqlSession _writer;
    private readonly SqliteConnection _writerConnection;
    private readonly Channel<IWrite> _writes = Channel.CreateBounded<IWrite>(new BoundedChannelOptions(10_000) { SingleReader = true });
    private readonly ConcurrentBag<SqlSession> _readers = [];
    private readonly Thread _thread;
    private volatile bool _closed;

    private SqliteDatabase(string file, SqliteConnection connection)
    {
        _file = file;
        _writerConnection = connection;
        _writer = new SqlSession(connection, s_dialect);
        _thread = new Thread(WriteLoop) { IsBackground = true, Name = "lode sqlite writer" };
        _thread.Start();
    }

    /// <summary>Opens a file, makes it where missing, and brings its schema up to date.</summary>
    /// <exception cref="LodeException">DataLoss: the file is damaged or no database. Conflict: it was written by a newer Lode. PermissionDenied, Unavailable: it cannot be opened.</exception>
    public static SqliteDatabase Open(string file)
    {
        SQLitePCL.Batteries_V2.Init();
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(file, SqliteOpenMode.ReadWriteCreate);
            // Full: an answered write survives loss of power, not only of the process.
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
            SqliteSchema.Migrate(connection, file);
            return new SqliteDatabase(file, connection);
        }
        catch (Exception error)
        {
            connection?.Dispose();
            if (error is SqliteException sqlite)
                throw Explain(sqlite, file);
            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task<T> ReadAsync<T>(Func<SqlSession, T> work, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_closed, this);
        // Off the caller's thread: SQLite blocks, and callers are request handlers.
        return await Task.Run(() => Read(work), ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task<T> WriteAsync<T>(Func<SqlSession, T> work, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var write = new Write<T>(work);
        try
        {
            await _writes.Writer.WriteAsync(write, ct).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new LodeException(ErrorCode.Unavailable, "The store is closing.");
        }
        return await write.Result.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_closed)
            return;
        _closed = true;
        _writes.Writer.Complete();
        await Task.Run(_thread.Join).ConfigureAwait(false);
        foreach (var reader in _readers)
            reader.Dispose();
        _writer.Dispose();
    }

    private T Read<T>(Func<SqlSession, T> work)
    {
        try
        {
            if (!_readers.TryTake(out var session))
                session = new SqlSession(Connect(_file, SqliteOpenMode.ReadOnly), s_dialect);
            try
            {
                session.Execute("BEGIN;");
                try
                {
                    return work(session);
                }
                finally
                {
                    session.Execute("COMMIT;");
                }
            }
            finally
            {
                if (_closed)
                    session.Dispose();
                else
                    _readers.Add(session);
            }
        }
        catch (SqliteException error)
        {
            throw Explain(error, _file);
        }
    }

    private void WriteLoop()
    {
        var group = new List<IWrite>();
        while (WaitForWrites())
        {
            group.Clear();
            while (group.Count < MaxGroup && _writes.Reader.TryRead(out var write))
                group.Add(write);
            try
            {
                using var transaction = _writerConnection.BeginTransaction();
                _writer.Transaction = transaction;
                foreach (var write in group)
                {
                    _writer.Execute("SAVEPOINT one;");
                    // A refused write takes only itself back; its neighbours in the group stand.
                    _writer.Execute(write.Run(_writer) ? "RELEASE one;" : "ROLLBACK TO one; RELEASE one;");
                }
                transaction.Commit();
                foreach (var write in group)
                    write.Answer(null);
            }
            catch (Exception error)
            {
                // The whole group is rolled back; the thread lives on, since the next group may fare better (space freed, disk back).
                var explained = error is SqliteException sqlite ? Explain(sqlite, _file) : new LodeException(ErrorCode.Internal, $"The store made a mistake: {error.Message}", null, error);
                foreach (var write in group)
                    write.Answer(explained);
            }
            finally
            {
                _writer.Transaction = null;
            }
        }
    }

    private bool WaitForWrites() => _writes.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();

    private static SqliteConnection Connect(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, DefaultTimeout = 30 }.ToString());
        try
        {
            connection.Open();
            Execute(connection, "PRAGMA case_sensitive_like = ON;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static LodeException Explain(SqliteException error, string file) => error.SqliteErrorCode switch
    {
        11 or 26 => new LodeException(ErrorCode.DataLoss, $"The database '{file}' is damaged or is not a Lode database ({error.Message.TrimEnd('.')}).",
            "Nothing was changed. Move the file away and start anew, or restore it from a backup.", error),
        8 or 3 or 23 => new LodeException(ErrorCode.PermissionDenied, $"The database '{file}' cannot be written ({error.Message.TrimEnd('.')}).", "Mend the rights of the file and its folder.", error),
        13 => new LodeException(ErrorCode.Unavailable, $"The disk that holds '{file}' is full.", "Free some space; nothing was half-written.", error),
        14 => new LodeException(ErrorCode.PermissionDenied, $"The database '{file}' cannot be opened ({error.Message.TrimEnd('.')}).", "Mend the rights of the file and its folder.", error),
        _ => new LodeException(ErrorCode.Unavailable, $"The database '{file}' refused: {error.Message.TrimEnd('.')}.", null, error),
    };

    private interface IWrite
    {
        /// <summary>Does the work; false when it refused.</summary>
        bool Run(SqlSession session);

        /// <summary>Tells the caller; <paramref name="failed"/> is what kept the whole group from being committed.</summary>
        void Answer(LodeException? failed);
    }

    private sealed class Write<T>(Func<SqlSession, T> work) : IWrite
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _value = default!;
        private Exception? _refusal;

        public Task<T> Result => _result.Task;

        public bool Run(SqlSession session)
        {
            try
            {
                _value = work(session);
                return true;
            }
            catch (Exception error) when (error is not SqliteException { SqliteErrorCode: not ConstraintViolated })
            {
                _refusal = error;
                return false;
            }
        }

        public void Answer(LodeException? failed)
        {
            if (_refusal is not null)
                _result.SetException(_refusal);
            else if (failed is not null)
                _result.SetException(failed);
            else
                _result.SetResult(_value);
        }
    }
}
