using System.Data.Common;
using System.Globalization;

namespace Lode.Storage;

/// <summary>One connection with its prepared statements, in one transaction. Used by one thread at a time.</summary>
/// <param name="connection">Open.</param>
/// <param name="dialect">The database's words; see <see cref="SqlDialect"/> for what statements may use.</param>
public class SqlSession(DbConnection connection, SqlDialect dialect) : IDisposable
{
    private readonly Dictionary<string, DbCommand> _prepared = [];
    private ISqlDeferred? _deferred;
    private bool _settled = true;
    private bool _isLost;

    /// <summary>Rises with every row that a statement changed and with every write that waits.</summary>
    internal long Changes { get; set; }

    /// <summary>Whether writes may wait beyond their group, because nobody else writes or reads the database but by this session's owner, and the schema has a log for them.</summary>
    internal virtual bool KeepsLog => false;

    /// <summary>Whether statements that nobody waits for are sent together: then what can be said without an answer should be.</summary>
    internal virtual bool Gathers => false;

    /// <summary>Whether writes wait.</summary>
    internal bool Waits => !_settled;

    /// <summary>The database's words.</summary>
    protected SqlDialect Dialect => dialect;

    /// <summary>Runs a statement; returns how many rows it changed. Parameters are written <c>@0</c>, <c>@1</c>, …</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values)
    {
        Settle();
        _deferred?.Forget();
        return Run(sql, values);
    }

    /// <summary>The first column of the first row; default where there is no row or it is null.</summary>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> values)
    {
        Settle();
        var value = Prepare(sql, values).ExecuteScalar();
        return value is null or DBNull ? default : (T)Convert.ChangeType(value, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T), CultureInfo.InvariantCulture);
    }

    /// <summary>Calls <paramref name="read"/> for each row.</summary>
    public void Read(string sql, ReadOnlySpan<object?> values, Action<DbDataReader> read)
    {
        Settle();
        using var reader = Prepare(sql, values).ExecuteReader();
        while (reader.Read())
            read(reader);
    }

    /// <summary>A row each.</summary>
    public List<T> Query<T>(string sql, ReadOnlySpan<object?> values, Func<DbDataReader, T> map)
    {
        var rows = new List<T>();
        Read(sql, values, reader => rows.Add(map(reader)));
        return rows;
    }

    /// <summary>After a row was inserted with an id of its own: the database gives only greater ids from now on.</summary>
    internal void SkipIds(string table)
    {
        if (dialect.SkipIds(table) is { } sql)
            Scalar<long>(sql);
    }

    /// <summary>Forgets the statements and closes the connection.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The writes that wait in this session; made when it is first asked for.</summary>
    internal T Deferred<T>()
        where T : class, ISqlDeferred, new()
    {
        if (_deferred is T mine)
        {
            if (_isLost)
                Settle();
            return mine;
        }
        Settle();
        mine = new T();
        _deferred = mine;
        return mine;
    }

    /// <summary>Notes that a write waits.</summary>
    internal void Defer()
    {
        _settled = false;
        Changes++;
    }

    /// <summary>Makes the writes that wait.</summary>
    internal void Settle()
    {
        if (_settled)
            return;
        (_settled, _isLost) = (true, false);
        // They were counted when they began to wait.
        var changes = Changes;
        try
        {
            _deferred!.Settle(this);
            SendPosted();
            Changes = changes;
        }
        catch
        {
            // Some may be made: the group must be taken back.
            Changes = changes + 1;
            Lose();
            throw;
        }
    }

    /// <summary>Before a commit: keeps the writes that wait so that they outlive the process, and lets them wait on; makes them where that is not possible or not worth it.</summary>
    internal void Keep()
    {
        if (!_settled && !_deferred!.TryKeep(this))
            Settle();
    }

    /// <summary>Drops the writes that wait, none of them kept: what they belong to is taken back, or others may have written since.</summary>
    internal void Forget()
    {
        _settled = true;
        _deferred?.Forget();
    }

    /// <summary>After the transaction was taken back: drops the writes that wait, and reads those that were kept again before anything else is done.</summary>
    internal void Lose()
    {
        DropPosted();
        if (KeepsLog)
            _deferred?.Lose();
        else
            _deferred?.Forget();
        _isLost = KeepsLog && _deferred is not null;
        _settled = !_isLost;
    }

    /// <summary>As <see cref="Execute"/>, for what concerns neither the writes that wait nor what is remembered beside them.</summary>
    internal int Run(string sql, params ReadOnlySpan<object?> values)
    {
        var rows = ExecuteCore(sql, values);
        // Statements that count no rows (of the schema) say -1: they may have changed anything.
        Changes += Math.Abs(rows);
        return rows;
    }

    /// <summary>As <see cref="Run"/>, for a change with RETURNING; false where it changed nothing.</summary>
    internal bool RunReading(string sql, ReadOnlySpan<object?> values, Action<DbDataReader> read)
    {
        var before = Changes;
        using var reader = Prepare(sql, values).ExecuteReader();
        while (reader.Read())
        {
            Changes++;
            read(reader);
        }
        return Changes > before;
    }

    /// <summary>See <see cref="SqlDialect.Clock"/>.</summary>
    internal string Clock(string parameter) => dialect.Clock(parameter);

    /// <summary>A text as it is stored.</summary>
    internal string Stored(string text) => (string)dialect.Bind(text);

    /// <summary>As <see cref="Run"/>, where nobody asks how many rows it changed: a session whose database is far away may send several such statements together, at the latest before it asks for anything.</summary>
    internal void Post(string sql, params ReadOnlySpan<object?> values)
    {
        if (!TryPost(sql, values))
            Run(sql, values);
    }

    /// <summary>Sends what <see cref="Post"/> gathered.</summary>
    internal virtual void SendPosted()
    {
    }

    /// <summary>As <see cref="Read"/>, for what the writes that wait do not change.</summary>
    internal void ReadApart(string sql, ReadOnlySpan<object?> values, Action<DbDataReader> read)
    {
        using var reader = Prepare(sql, values).ExecuteReader();
        while (reader.Read())
            read(reader);
    }

    /// <summary>As <see cref="ReadApart"/> for several questions, in this order: a session whose database is far away asks them together.</summary>
    internal virtual void ReadTogether(IReadOnlyList<SqlQuestion> questions)
    {
        foreach (var question in questions)
            ReadApart(question.Sql, question.Values, question.Read);
    }

    /// <summary>Ends the transaction; what was posted goes with it.</summary>
    internal virtual void Commit() => Run("COMMIT");

    /// <summary>Forgets what <see cref="Post"/> gathered.</summary>
    internal virtual void DropPosted()
    {
    }

    /// <summary>Gathers a statement for <see cref="SendPosted"/>; false where this session sends each at once.</summary>
    private protected virtual bool TryPost(string sql, ReadOnlySpan<object?> values) => false;

    /// <summary>Runs a statement; returns how many rows it changed.</summary>
    protected virtual int ExecuteCore(string sql, ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteNonQuery();

    /// <summary>See <see cref="Dispose()"/>.</summary>
    protected virtual void Dispose(bool disposing)
    {
        foreach (var command in _prepared.Values)
            command.Dispose();
        _prepared.Clear();
        connection.Dispose();
    }

    private DbCommand Prepare(string sql, ReadOnlySpan<object?> values)
    {
        SendPosted();
        if (!_prepared.TryGetValue(sql, out var command))
        {
            // Filters make statements without end; the few hot ones come first and stay.
            if (_prepared.Count > 200)
            {
                foreach (var old in _prepared.Values)
                    old.Dispose();
                _prepared.Clear();
            }
            command = connection.CreateCommand();
            command.CommandText = Dialect.Translate(sql);
            for (var i = 0; i < values.Length; i++)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = Dialect.ParameterName(i);
                command.Parameters.Add(parameter);
            }
            _prepared.Add(sql, command);
        }
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = Dialect.Bind(values[i]);
        return command;
    }
}

/// <summary>A question to a database.</summary>
/// <param name="Sql">As <see cref="SqlSession.Read"/> takes it.</param>
/// <param name="Values">Its parameters.</param>
/// <param name="Read">Called for each row.</param>
internal sealed record SqlQuestion(string Sql, object?[] Values, Action<DbDataReader> Read);
