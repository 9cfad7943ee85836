using Npgsql;

namespace Lode.Storage;

/// <summary>A session that sends statements nobody waits for together: a group of writes is a few round trips, however many rows it changes.</summary>
internal sealed class PostgresSession(NpgsqlConnection connection, SqlDialect dialect) : SqlSession(connection, dialect)
{
    // Bounds what is held: chunks are some ten thousand bytes each.
    private const int MaxPosted = 500;

    private readonly Dictionary<string, string> _translated = [];
    private NpgsqlBatch? _posted;

    internal override bool Gathers => true;

    internal override void SendPosted()
    {
        if (_posted is not { BatchCommands.Count: > 0 } batch)
            return;
        // First of all: whatever happens, they are not sent twice.
        _posted = null;
        using (batch)
            batch.ExecuteNonQuery();
    }

    internal override void ReadTogether(IReadOnlyList<SqlQuestion> questions)
    {
        SendPosted();
        using var batch = connection.CreateBatch();
        foreach (var question in questions)
            batch.BatchCommands.Add(CommandOf(question.Sql, question.Values));
        using var reader = batch.ExecuteReader();
        foreach (var question in questions)
        {
            while (reader.Read())
                question.Read(reader);
            reader.NextResult();
        }
    }

    internal override void Commit()
    {
        TryPost("COMMIT", []);
        SendPosted();
    }

    internal override void DropPosted()
    {
        _posted?.Dispose();
        _posted = null;
    }

    private protected override bool TryPost(string sql, ReadOnlySpan<object?> values)
    {
        _posted ??= connection.CreateBatch();
        _posted.BatchCommands.Add(CommandOf(sql, values));
        Changes++;
        if (_posted.BatchCommands.Count >= MaxPosted)
            SendPosted();
        return true;
    }

    private NpgsqlBatchCommand CommandOf(string sql, ReadOnlySpan<object?> values)
    {
        if (!_translated.TryGetValue(sql, out var text))
            _translated.Add(sql, text = Dialect.Translate(sql));
        var command = new NpgsqlBatchCommand(text);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = Dialect.Bind(value) });
        return command;
    }

    protected override void Dispose(bool disposing)
    {
        DropPosted();
        base.Dispose(disposing);
    }
}
