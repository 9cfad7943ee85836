namespace Lode.Storage;

/// <summary>Run versions: each change of a run gives it the next number of one counter.</summary>
internal static class Versions
{
    public static long Current(SqlSession sql) => sql.Scalar<long>("SELECT value FROM counter WHERE name = 'version'");

    /// <summary>Takes the next versions out of the counter, for changes that are made in this order and in this transaction; what is not used stays unused.</summary>
    /// <param name="sql">The session.</param>
    /// <param name="count">How many at most. Range: ≥ 1.</param>
    /// <returns>The first of them.</returns>
    public static long Reserve(SqlSession sql, int count)
    {
        var first = 0L;
        sql.ReadTogether([ToReserve(sql, count, got => first = got)]);
        return first;
    }

    /// <summary>The same, to be asked together with others.</summary>
    public static SqlQuestion ToReserve(SqlSession sql, int count, Action<long> take) =>
        // The counter itself moves on at once: whoever else takes versions in this transaction or after it gets greater ones.
        new("UPDATE counter SET value = value + @0 WHERE name = 'version' RETURNING value", [(long)count], row =>
        {
            sql.Changes++;
            take(row.GetInt64(0) - count + 1);
        });

    /// <summary>Gives changed runs, each named once, the next versions.</summary>
    public static void Raise(SqlSession sql, IReadOnlyList<long> runs)
    {
        sql.Post("UPDATE counter SET value = value + @0 WHERE name = 'version'", (long)runs.Count);
        for (var i = 0; i < runs.Count; i++)
            sql.Post("UPDATE run SET version = (SELECT value FROM counter WHERE name = 'version') - @1 WHERE id = @0", runs[i], (long)(runs.Count - 1 - i));
    }
}
