using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Lode.Storage;

/// <summary>The writer's session: changes of rows, and transactions, go straight to SQLite's own statements, which takes a quarter of the driver's time.</summary>
internal sealed class SqliteSession(SqliteConnection connection, SqlDialect dialect) : SqlSession(connection, dialect)
{
    private const int MaxStatements = 200;

    private readonly Dictionary<string, Statement> _statements = [];

    internal override bool KeepsLog => true;

    protected override int ExecuteCore(string sql, ReadOnlySpan<object?> values)
    {
        if (!IsChange(sql))
            return base.ExecuteCore(sql, values);
        var db = connection.Handle!;
        var statement = Prepare(db, sql, values.Length);
        for (var i = 0; i < values.Length; i++)
            Check(Bind(statement.Handle, statement.Indexes[i], Dialect.Bind(values[i])), db);
        var before = raw.sqlite3_total_changes(db);
        var result = raw.sqlite3_step(statement.Handle);
        var reset = raw.sqlite3_reset(statement.Handle);
        if (result is not (raw.SQLITE_DONE or raw.SQLITE_ROW))
            Check(reset, db);
        return raw.sqlite3_total_changes(db) - before;
    }

    protected override void Dispose(bool disposing)
    {
        Finish();
        base.Dispose(disposing);
    }

    private static bool IsChange(string sql) => sql.StartsWith("INSERT ", StringComparison.Ordinal) || sql.StartsWith("UPDATE ", StringComparison.Ordinal) || sql.StartsWith("DELETE ", StringComparison.Ordinal)
        || sql is "BEGIN IMMEDIATE" or "COMMIT";

    private Statement Prepare(sqlite3 db, string sql, int parameters)
    {
        if (_statements.TryGetValue(sql, out var statement))
            return statement;
        if (_statements.Count > MaxStatements)
            Finish();
        Check(raw.sqlite3_prepare_v2(db, Dialect.Translate(sql), out var handle), db);
        var indexes = new int[parameters];
        for (var i = 0; i < parameters; i++)
            indexes[i] = raw.sqlite3_bind_parameter_index(handle, "@" + i.ToString(CultureInfo.InvariantCulture));
        statement = new Statement(handle, indexes);
        _statements.Add(sql, statement);
        return statement;
    }

    private static int Bind(sqlite3_stmt statement, int index, object value) => value switch
    {
        DBNull => raw.sqlite3_bind_null(statement, index),
        long number => raw.sqlite3_bind_int64(statement, index, number),
        int number => raw.sqlite3_bind_int64(statement, index, number),
        bool truth => raw.sqlite3_bind_int64(statement, index, truth ? 1 : 0),
        double number => raw.sqlite3_bind_double(statement, index, number),
        string text => raw.sqlite3_bind_text(statement, index, text),
        byte[] { Length: 0 } => raw.sqlite3_bind_zeroblob(statement, index, 0),
        byte[] bytes => raw.sqlite3_bind_blob(statement, index, bytes),
        _ => throw new ArgumentException($"A parameter cannot be a {value.GetType()}.", nameof(value)),
    };

    private static void Check(int result, sqlite3 db) => SqliteException.ThrowExceptionForRC(result, db);

    private void Finish()
    {
        foreach (var statement in _statements.Values)
            statement.Handle.Dispose();
        _statements.Clear();
    }

    private sealed record Statement(sqlite3_stmt Handle, int[] Indexes);
}
