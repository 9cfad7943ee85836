using Npgsql;

namespace Lode.Storage;

/// <summary>A session that sends statements nobody waits for together: a group of writes is a few round trips, however many rows it changes.</summary>
internal sealed class PostgresSession(NpgsqlConnection connection, SqlDialect dialect) : SqlSession(connection, dialect)
{
    // Bounds what is held: chunks are some ten thousand bytes each.
    private const int MaxPosted = 500;

    private readonly Dictionary<string, string> _translated = [];
    private NpgsqlBatch? _posted;

    internal override void SendPosted()
    {
        if (_posted is not { BatchCommands.Count: > 0 } batch)
            return;
        // First of all: whatever happens, they are not sent twice.
        _posted = null;
        using (batch)
            batch.ExecuteNonQuery();
    }

    internal override void DropPosted()
    {
        _posted?.Dispose();
        _posted = null;
    }

    private protected override bool TryPost(string sql, ReadOnlySpan<object?> values)
    {
        _posted ??= connection.CreateBatch();
        if (!_translated.TryGetValue(sql, out var text))
            _translated.Add(sql, text = Dialect.Translate(sql));
        var command = new NpgsqlBatchCommand(text);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = Dialect.Bind(value) });
        _posted.BatchCommands.Add(command);
        Changes++;
        if (_posted.BatchCommands.Count >= MaxPosted)
            SendPosted();
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        DropPosted();
        base.Dispose(disposing);
    }
}
