using System.Collections.Concurrent;
using System.Data;
using System.Globalization;
using Lode.Core;
using Npgsql;

namespace Lode.Storage;

/// <summary>A PostgreSQL database, which several servers may share: one writer that commits in groups, and readers on snapshots beside it.</summary>
/// <remarks>
/// <b>Several servers.</b> A group of writes holds one lock of the database until it is committed, so the groups of all servers
/// form one order: versions rise in the order of commits, and no change feed misses one.
/// <b>Lost connections.</b> What is waiting is answered Unavailable at once or tried again where nothing can have been stored; the
/// next call connects anew.
/// </remarks>
public sealed class PostgresDatabase : SqlDatabase, ISqlWriterHost
{
    private const int MaxReaders = 16;

    private static readonly PostgresDialect s_dialect = new();

    private readonly PostgresAddress _address;
    private readonly SemaphoreSlim _free = new(MaxReaders);
    private readonly ConcurrentBag<Connection> _readers = [];
    private readonly SqlWriter _writer;
    private Connection? _session;
    private volatile bool _closed;

    private PostgresDatabase(PostgresAddress address, Connection session)
    {
        _address = address;
        _session = session;
        _writer = new SqlWriter("lode postgres writer", this);
    }

    /// <summary>Connects and brings the schema up to date.</summary>
    /// <exception cref="LodeException">
    /// Unavailable: the server does not answer. PermissionDenied: it does not let this user in. NotFound: there is no such database.
    /// Conflict: it holds other tables, or was written by a newer Lode.
    /// </exception>
    public static PostgresDatabase Open(PostgresAddress address)
    {
        Connection? connection = null;
        try
        {
            connection = Connect(address);
            PostgresSchema.Migrate(connection.Inner, $"'{address.Database}' on {address.Server}");
            return new PostgresDatabase(address, connection);
        }
        catch (Exception error)
        {
            connection?.Session.Dispose();
            if (error is NpgsqlException)
                throw PostgresErrors.Explain(error, address);
            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task<T> ReadAsync<T>(Func<SqlSession, T> work, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        // Waits without a thread; those who have a connection block one each.
        await _free.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Read(work), ct).ConfigureAwait(false);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <inheritdoc/>
    public override bool CallersCommit { get => _writer.CallersCommit; set => _writer.CallersCommit = value; }

    /// <inheritdoc/>
    public override Task<T> WriteAsync<T>(Func<SqlSession, T> work, CancellationToken ct) => _writer.WriteAsync(work, ct);

    /// <inheritdoc/>
    public override Task<DatabaseSize> MeasureAsync(CancellationToken ct) => ReadAsync(sql => new DatabaseSize(sql.Scalar<long>("SELECT pg_database_size(current_database())"), 0), ct);

    /// <inheritdoc/>
    public override Task CompactAsync(CancellationToken ct) => Task.Run(
        () =>
        {
            try
            {
                // A connection of its own: VACUUM runs in no transaction, and takes as long as it takes.
                using var connection = Connect(_address).Inner;
                using var vacuum = new NpgsqlCommand("VACUUM (ANALYZE)", connection) { CommandTimeout = 0 };
                vacuum.ExecuteNonQuery();
            }
            catch (NpgsqlException error)
            {
                throw PostgresErrors.Explain(error, _address);
            }
        },
        ct);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_closed)
            return;
        _closed = true;
        await _writer.DisposeAsync().ConfigureAwait(false);
        DropReaders();
        _session?.Session.Dispose();
    }

    string ISqlWriterHost.Begin { get; } = string.Create(CultureInfo.InvariantCulture, $"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({PostgresSchema.WriterLock})");

    bool ISqlWriterHost.IsSoleWriter => false;

    SqlSession ISqlWriterHost.OpenWriter()
    {
        if (_session is { IsOpen: false } broken)
        {
            broken.Session.Dispose();
            _session = null;
        }
        return (_session ??= Connect(_address)).Session;
    }

    bool ISqlWriterHost.IsDatabaseError(Exception error) => IsDatabaseError(error, _session);

    bool ISqlWriterHost.IsRefusal(Exception error) => PostgresErrors.IsRefusal(error);

    bool ISqlWriterHost.MayRunAgain(Exception error, bool committing) =>
        PostgresErrors.IsLostRace(error) || (!committing && _session is { IsOpen: false } && !PostgresErrors.IsAway(error));

    LodeException ISqlWriterHost.Explain(Exception error) => PostgresErrors.Explain(error, _address);

    private T Read<T>(Func<SqlSession, T> work)
    {
        for (var attempt = 1; ; attempt++)
        {
            Connection? connection = null;
            try
            {
                connection = _readers.TryTake(out var idle) ? idle : Connect(_address);
                connection.Session.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                var result = work(connection.Session);
                connection.Session.Execute("COMMIT");
                GiveBack(connection);
                return result;
            }
            catch (Exception error)
            {
                var isDatabaseError = IsDatabaseError(error, connection);
                if (connection is { IsOpen: true } && TryRollback(connection))
                {
                    GiveBack(connection);
                }
                else if (connection is not null)
                {
                    connection.Session.Dispose();
                    // When one is broken, a restart has broken the others too.
                    DropReaders();
                    if (attempt == 1 && isDatabaseError)
                        continue;
                }
                if (isDatabaseError)
                    throw PostgresErrors.Explain(error, _address);
                throw;
            }
        }
    }

    private void GiveBack(Connection connection)
    {
        if (_closed)
            connection.Session.Dispose();
        else
            _readers.Add(connection);
    }

    private void DropReaders()
    {
        while (_readers.TryTake(out var reader))
            reader.Session.Dispose();
    }

    private static bool TryRollback(Connection connection)
    {
        try
        {
            connection.Session.Execute("ROLLBACK");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    // A driver that lost its connection may also complain of its own state.
    private static bool IsDatabaseError(Exception error, Connection? connection) =>
        error is NpgsqlException || (connection is { IsOpen: false } && error is InvalidOperationException or IOException);

    private static Connection Connect(PostgresAddress address)
    {
        var settings = new NpgsqlConnectionStringBuilder(address.Settings.ToString())
        {
            Pooling = false,
            MaxAutoPrepare = 200,
            AutoPrepareMinUsages = 2,
            CommandTimeout = 60,
            TcpKeepAlive = true,
        };
        var connection = new NpgsqlConnection(settings.ToString());
        try
        {
            connection.Open();
            // A server that is stopped in the middle of a group must not stop the others for good. Searches say themselves in which
            // order to join; looking for better orders and compiling cost more than they save. An answered write is a durable one.
            using var command = new NpgsqlCommand("SET idle_in_transaction_session_timeout = '60s'; SET join_collapse_limit = 1; SET jit = off; SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'", connection);
            command.ExecuteNonQuery();
            return new Connection(connection, new PostgresSession(connection, s_dialect));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private sealed record Connection(NpgsqlConnection Inner, SqlSession Session)
    {
        public bool IsOpen => Inner.FullState.HasFlag(ConnectionState.Open) && !Inner.FullState.HasFlag(ConnectionState.Broken);
    }
}
