using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    /// <inheritdoc/>
    public Task<Project> PutProjectAsync(Project project, CancellationToken ct)
    {
        NameRules.CheckProjectName(project.Name);
        if (project.Id.Value < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"A project id is a whole number that is at least 0; got '{project.Id}'.");
        foreach (var (key, value) in project.Tags)
            NameRules.CheckProjectTag(key, value);
        var deletedAt = DeletedAt(project.Lifecycle, project.DeletedAt);
        return database.WriteAsync(sql =>
        {
            if (FindProject(sql, project.Name) is { } other && other != project.Id)
                RefuseTakenName(sql, project.Name);
            var isNew = sql.Scalar<long?>("SELECT id FROM project WHERE id = @0", project.Id.Value) is null;
            sql.Execute(
                """
                INSERT INTO project (id, name, artifact_location, lifecycle, created_at, updated_at, deleted_at) VALUES (@0, @1, @2, @3, @4, @5, @6)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, artifact_location = excluded.artifact_location, lifecycle = excluded.lifecycle,
                    created_at = excluded.created_at, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at
                """,
                project.Id.Value, project.Name, project.ArtifactLocation, (int)project.Lifecycle, project.CreatedAt, project.UpdatedAt, deletedAt);
            if (isNew)
                sql.SkipIds("project");
            sql.Execute("DELETE FROM project_tag WHERE project_id = @0", project.Id.Value);
            foreach (var (key, value) in project.Tags)
                sql.Execute("INSERT INTO project_tag (project_id, key, value) VALUES (@0, @1, @2)", project.Id.Value, key, value);
            return ReadProject(sql, project.Id);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<Run> PutRunAsync(Run run, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(run.Name))
            throw new LodeException(ErrorCode.InvalidArgument, "A run's name must not be empty.");
        foreach (var (key, _) in run.Params)
            NameRules.CheckKey(key, "params.key");
        foreach (var (key, _) in run.Tags)
            NameRules.CheckLooseKey(key, "tags.key");
        var deletedAt = DeletedAt(run.Lifecycle, run.DeletedAt);
        return database.WriteAsync(sql =>
        {
            if (sql.Scalar<long?>("SELECT id FROM project WHERE id = @0", run.ProjectId.Value) is null)
                throw NoProject(run.ProjectId);
            sql.Execute("UPDATE counter SET value = value + 1 WHERE name = 'version'");
            sql.Execute(
                """
                INSERT INTO run (uuid, project_id, name, "user", status, lifecycle, started_at, ended_at, deleted_at, version)
                VALUES (@0, @1, @2, @3, @4, @5, @6, @7, @8, (SELECT value FROM counter WHERE name = 'version'))
                ON CONFLICT (uuid) DO UPDATE SET project_id = excluded.project_id, name = excluded.name, "user" = excluded."user", status = excluded.status,
                    lifecycle = excluded.lifecycle, started_at = excluded.started_at, ended_at = excluded.ended_at, deleted_at = excluded.deleted_at, version = excluded.version
                """,
                run.Id.ToString(), run.ProjectId.Value, run.Name, run.User, (int)run.Status, (int)run.Lifecycle, run.StartedAt, run.EndedAt, deletedAt);
            sql.Execute("DELETE FROM purged_run WHERE uuid = @0", run.Id.ToString());
            var row = FindRun(sql, run.Id)!.Value.Row;
            sql.Execute("DELETE FROM run_param WHERE run_id = @0", row);
            sql.Execute("DELETE FROM run_tag WHERE run_id = @0", row);
            WriteParams(sql, row, run.Params);
            SetTags(sql, row, run.Tags.Select(tag => new KeyValuePair<string, string?>(tag.Key, tag.Value)));
            return ReadRun(sql, run.Id);
        }, ct);
    }

    /// <summary>What to note of the trash: nothing for what is in use; when it went there, or now.</summary>
    private long? DeletedAt(Lifecycle lifecycle, long? since = null) => lifecycle == Lifecycle.Deleted ? since ?? Now : null;
}
