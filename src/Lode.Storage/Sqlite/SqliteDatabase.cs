using System.Collections.Concurrent;
using Lode.Core;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lode.Storage;

/// <summary>A SQLite file: one writer that commits in groups, and any number of readers on snapshots beside it.</summary>
public sealed partial class SqliteDatabase : SqlDatabase, ISqlWriterHost
{
    private const int ConstraintViolated = 19;
    private const int BusyMs = 30_000;

    private static readonly SqliteDialect s_dialect = new();

    private readonly string _file;
    private readonly SqlSession _session;
    private readonly SqlWriter _writer;
    private readonly ConcurrentBag<SqlSession> _readers = [];
    private volatile bool _closed;

    private SqliteDatabase(string file, SqliteConnection connection)
    {
        _file = file;
        _session = new SqliteSession(connection, s_dialect);
        _session.Deferred<MetricAppends>();
        // What a program that crashed had taken is put in its places before anything is read or written.
        _session.Lose();
        _writer = new SqlWriter("lode sqlite writer", this) { Holds = true };
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
            // Only an empty file can be told that it may shrink; others are told when they are compacted. Saying it again would write.
            if (SqliteSchema.IsEmpty(connection))
                Execute(connection, "PRAGMA auto_vacuum = INCREMENTAL;");
            // Full: an answered write survives loss of power, not only of the process. 4000 pages: busy pages are copied home once for many commits.
            Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;");
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
        if (_writer.Holds)
            await SettleAsync(ct).ConfigureAwait(false);
        // Off the caller's thread: SQLite blocks, and callers are request handlers.
        return await Task.Run(() => Read(work), ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override bool CallersCommit { get => _writer.CallersCommit; set => _writer.CallersCommit = value; }

    /// <inheritdoc/>
    public override Task<T> WriteAsync<T>(Func<SqlSession, T> work, CancellationToken ct) => _writer.WriteAsync(work, ct);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_closed)
            return;
        try
        {
            if (_writer.Holds)
                await SettleAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _closed = true;
            await _writer.DisposeAsync().ConfigureAwait(false);
            foreach (var reader in _readers)
                reader.Dispose();
            _session.Dispose();
        }
    }

    string ISqlWriterHost.Begin => "BEGIN IMMEDIATE";

    bool ISqlWriterHost.IsSoleWriter => true;

    bool ISqlWriterHost.MayRunAgain(Exception error, bool committing) => false;

    SqlSession ISqlWriterHost.OpenWriter() => _session;

    bool ISqlWriterHost.IsDatabaseError(Exception error) => error is SqliteException;

    bool ISqlWriterHost.IsRefusal(Exception error) => error is SqliteException { SqliteErrorCode: ConstraintViolated };

    LodeException ISqlWriterHost.Explain(Exception error) => ExplainOpen((SqliteException)error, _file);

    private async Task SettleAsync(CancellationToken ct)
    {
        try
        {
            await _writer.SettleAsync(ct).ConfigureAwait(false);
        }
        catch (LodeException error) when (error.Code == ErrorCode.Unavailable)
        {
            // The disk is full: what is in its places can be read; what waits is safe in the log, and follows when there is room.
        }
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
            throw ExplainOpen(error, _file);
        }
    }

    private static SqliteConnection Connect(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, DefaultTimeout = 30, Pooling = false }.ToString());
        try
        {
            connection.Open();
            raw.sqlite3_busy_timeout(connection.Handle!, BusyMs);
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

    // Once it was open, a file that cannot be written is the disk's trouble and may pass; whoever writes should come back.
    private static LodeException ExplainOpen(SqliteException error, string file) => error.SqliteErrorCode is 8 or 14
        ? new LodeException(ErrorCode.Unavailable, $"The database '{file}' cannot be {(error.SqliteErrorCode == 8 ? "written" : "reached")} now ({error.Message.TrimEnd('.')}).", "Mend the disk or the folder's rights; nothing was half-written.", error)
        : Explain(error, file);

    private static LodeException Explain(SqliteException error, string file) => error.SqliteErrorCode switch
    {
        11 or 26 => new LodeException(ErrorCode.DataLoss, $"The database '{file}' is damaged or is not a Lode database ({error.Message.TrimEnd('.')}).",
            "Nothing was changed. Move the file away and start anew, or restore it from a backup.", error),
        8 or 3 or 23 => new LodeException(ErrorCode.PermissionDenied, $"The database '{file}' cannot be written ({error.Message.TrimEnd('.')}).", "Mend the rights of the file and its folder.", error),
        // A write that a disk refuses, also one that has turned read-only under the open file; the others concern reading.
        10 when error.SqliteExtendedErrorCode is 778 or 1034 or 1290 or 1546 or 4618 or 4874 => new LodeException(ErrorCode.Unavailable, $"The database '{file}' cannot be written now ({error.Message.TrimEnd('.')}).",
            "The disk fails, or has turned read-only: see the system's log, and mend it; nothing was half-written.", error),
        10 => new LodeException(ErrorCode.Unavailable, $"The database '{file}' cannot be read now ({error.Message.TrimEnd('.')}).", "The disk fails: see the system's log, and mend it.", error),
        ConstraintViolated => new LodeException(error.SqliteExtendedErrorCode is 2067 or 1555 ? ErrorCode.AlreadyExists : ErrorCode.Conflict, $"The database '{file}' refused: {error.Message.TrimEnd('.')}.", null, error),
        13 => new LodeException(ErrorCode.Unavailable, $"The disk that holds '{file}' is full.", "Free some space; nothing was half-written.", error),
        14 => new LodeException(ErrorCode.PermissionDenied, $"The database '{file}' cannot be opened ({error.Message.TrimEnd('.')}).", "Mend the rights of the file and its folder.", error),
        _ => new LodeException(ErrorCode.Unavailable, $"The database '{file}' refused: {error.Message.TrimEnd('.')}.", null, error),
    };
}
