using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    /// <inheritdoc/>
    public Task<Run> RewindAsync(RunId id, long step, CancellationToken ct) => database.WriteAsync(sql =>
    {
        var (run, lifecycle) = FindRun(sql, id) ?? throw NoRun(id);
        if (lifecycle == Lifecycle.Deleted)
            throw InTrash(id);
        MetricCut.Drop(sql, run, step, long.MaxValue);
        // What journals logged before now and have yet to deliver stays cut; what they log from now on is new. Earlier rewinds to the
        // same step or a later one say nothing beside it.
        sql.Execute("DELETE FROM journal_rewind WHERE run_uuid = @0 AND time <= @1 AND step >= @2", id.ToString(), Now, step);
        sql.Execute("INSERT INTO journal_rewind (run_uuid, time, step) VALUES (@0, @1, @2) ON CONFLICT DO NOTHING", id.ToString(), Now, step);
        Touch(sql, run);
        return ReadRun(sql, id);
    }, ct);

    /// <inheritdoc/>
    public Task<Run> ForkAsync(RunId source, long step, RunId id, CancellationToken ct) => database.WriteAsync(sql =>
    {
        var (from, lifecycle) = FindRun(sql, source) ?? throw NoRun(source);
        if (lifecycle == Lifecycle.Deleted)
            throw InTrash(source);
        if (FindRun(sql, id) is { } known)
        {
            return sql.Scalar<string>("SELECT value FROM run_tag WHERE run_id = @0 AND key = @1", known.Row, RunOrigin.Parent) == source.ToString()
                ? ReadRun(sql, id)
                : throw new LodeException(ErrorCode.AlreadyExists, $"Run with id={id} exists, and is no fork of run {source}.", "Take a fresh id.");
        }
        var (project, user) = sql.Query("SELECT project_id, \"user\" FROM run WHERE id = @0", [from], row => (row.GetInt64(0), row.GetString(1)))[0];
        var (fork, _) = InsertRun(sql, new NewRun { Id = id, ProjectId = new ProjectId(project), User = user, StartedAt = Now })!.Value;
        sql.Execute("UPDATE run SET status = @1 WHERE id = @0", fork, (int)RunStatus.Scheduled);
        sql.Execute("INSERT INTO run_param (run_id, key, value, number) SELECT @1, key, value, number FROM run_param WHERE run_id = @0", from, fork);
        sql.Execute("INSERT INTO run_tag (run_id, key, value) SELECT @1, key, value FROM run_tag WHERE run_id = @0 AND key NOT LIKE @2", from, fork, RunOrigin.ExitPrefix + "%");
        SetTags(sql, fork, [new(RunOrigin.Parent, source.ToString()), new(RunOrigin.ForkStep, step.ToString(CultureInfo.InvariantCulture))]);
        MetricCut.Copy(sql, from, fork, step);
        return ReadRun(sql, id);
    }, ct);
}
