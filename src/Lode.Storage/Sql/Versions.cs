namespace Lode.Storage;

/// <summary>Run versions: each change of a run gives it the next number of one counter.</summary>
internal static class Versions
{
    public static long Current(SqlSession sql) => sql.Scalar<long>("SELECT value FROM counter WHERE name = 'version'");

    /// <summary>Gives changed runs, each named once, the next versions.</summary>
    public static void Raise(SqlSession sql, IReadOnlyList<long> runs)
    {
        sql.Post("UPDATE counter SET value = value + @0 WHERE name = 'version'", (long)runs.Count);
        for (var i = 0; i < runs.Count; i++)
            sql.Post("UPDATE run SET version = (SELECT value FROM counter WHERE name = 'version') - @1 WHERE id = @0", runs[i], (long)(runs.Count - 1 - i));
    }
}
