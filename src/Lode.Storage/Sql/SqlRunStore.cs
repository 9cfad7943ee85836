using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The run store over a SQL database.</summary>
/// <param name="database">The database; the caller keeps and disposes it.</param>
/// <param name="time">For the times that the store itself notes.</param>
public sealed partial class SqlRunStore(SqlDatabase database, TimeProvider time) : IRunStore
{
    /// <summary>The database, for the stores beside this one.</summary>
    public SqlDatabase Database => database;

    /// <summary>Runs that were heard of by journal and have been silent for longer than <paramref name="silence"/> become stale.</summary>
    /// <returns>How many.</returns>
    public Task<int> MarkStaleAsync(TimeSpan silence, CancellationToken ct)
    {
        var before = Now - (long)silence.TotalMilliseconds;
        return database.WriteAsync(sql =>
        {
            var silent = sql.Query("SELECT id FROM run WHERE status = @0 AND heard_at < @1", [(int)RunStatus.Running, before], row => row.GetInt64(0));
            foreach (var run in silent)
            {
                sql.Execute("UPDATE run SET status = @1 WHERE id = @0", run, (int)RunStatus.Stale);
                Touch(sql, run);
            }
            return silent.Count;
        }, ct);
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static long CurrentVersion(SqlSession sql) => Versions.Current(sql);

    /// <summary>Gives a changed run the next version.</summary>
    private static void Touch(SqlSession sql, long run)
    {
        sql.Settle();
        Versions.Raise(sql, [run]);
    }

    private static LodeException NoProject(ProjectId id) => new(ErrorCode.NotFound, $"No Experiment with id={id} exists", "List the projects with `lode ls --projects`.");

    private static LodeException NoRun(RunId id) => new(ErrorCode.NotFound, $"Run with id={id} not found");
}
