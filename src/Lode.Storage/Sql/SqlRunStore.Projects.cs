using System.Data.Common;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    private const string ProjectColumns = "p.id, p.name, p.artifact_location, p.lifecycle, p.created_at, p.updated_at, p.deleted_at";

    /// <inheritdoc/>
    public Task<Project> CreateProjectAsync(NewProject project, CancellationToken ct)
    {
        NameRules.CheckProjectName(project.Name);
        foreach (var (key, value) in project.Tags)
            NameRules.CheckProjectTag(key, value);
        return database.WriteAsync(sql =>
        {
            RefuseTakenName(sql, project.Name);
            return ReadProject(sql, InsertProject(sql, project));
        }, ct);
    }

    /// <inheritdoc/>
    public Task<Project> GetProjectAsync(ProjectId id, CancellationToken ct) => database.ReadAsync(sql => ReadProject(sql, id), ct);

    /// <inheritdoc/>
    public Task<Project?> FindProjectAsync(string name, CancellationToken ct) => database.ReadAsync(sql => FindProject(sql, name) is { } id ? ReadProject(sql, id) : null, ct);

    /// <inheritdoc/>
    public Task<ProjectPage> SearchProjectsAsync(ProjectQuery query, CancellationToken ct)
    {
        var where = new SqlSearch(SearchTarget.Projects, Now);
        where.AddLifecycle(query.View);
        where.AddFilter(query.Filter);
        var total = where.Statement("SELECT count(*)", "");
        where.AddOrder(query.Order);
        // Ids rise, so they tell the newer of two made in the same millisecond.
        var page = where.Statement($"SELECT {ProjectColumns}", where.OrderBy("p.created_at DESC, p.id DESC"), query.Limit, query.Offset);
        return database.ReadAsync(sql =>
        {
            var projects = sql.Query(page.Sql, page.Values, MapProject);
            projects = FillTags(sql, projects);
            return new ProjectPage(query.Counts ? FillCounts(sql, projects) : projects, sql.Scalar<int>(total.Sql, total.Values));
        }, ct);
    }

    /// <inheritdoc/>
    public Task<Project> UpdateProjectAsync(ProjectId id, ProjectChange change, CancellationToken ct)
    {
        if (change.Name is not null)
            NameRules.CheckProjectName(change.Name);
        foreach (var (key, value) in change.Tags)
            NameRules.CheckProjectTag(key, value);
        return database.WriteAsync(sql =>
        {
            var project = ReadProject(sql, id);
            if (change.Lifecycle is { } lifecycle && lifecycle != project.Lifecycle)
            {
                sql.Execute("UPDATE project SET lifecycle = @1, deleted_at = @2 WHERE id = @0", id.Value, (int)lifecycle, DeletedAt(lifecycle));
                foreach (var run in sql.Query("SELECT id FROM run WHERE project_id = @0 AND lifecycle <> @1", [id.Value, (int)lifecycle], row => row.GetInt64(0)))
                {
                    sql.Execute("UPDATE run SET lifecycle = @1, deleted_at = @2 WHERE id = @0", run, (int)lifecycle, DeletedAt(lifecycle));
                    Touch(sql, run);
                }
            }
            else if (project.Lifecycle == Lifecycle.Deleted && (change.Name is not null || change.Tags.Count > 0))
            {
                throw InTrash(id);
            }
            if (change.Name is { } name && name != project.Name)
            {
                RefuseTakenName(sql, name);
                sql.Execute("UPDATE project SET name = @1 WHERE id = @0", id.Value, name);
            }
            foreach (var (key, value) in change.Tags)
            {
                if (value is null)
                    sql.Execute("DELETE FROM project_tag WHERE project_id = @0 AND key = @1", id.Value, key);
                else
                    sql.Execute("INSERT INTO project_tag (project_id, key, value) VALUES (@0, @1, @2) ON CONFLICT (project_id, key) DO UPDATE SET value = excluded.value", id.Value, key, value);
            }
            sql.Execute("UPDATE project SET updated_at = @1 WHERE id = @0", id.Value, Now);
            return ReadProject(sql, id);
        }, ct);
    }

    /// <summary>The project of that name, made where missing.</summary>
    /// <exception cref="LodeException">Conflict: it is in the trash.</exception>
    internal ProjectId ProjectFor(SqlSession sql, string name)
    {
        if (FindProject(sql, name) is not { } known)
            return InsertProject(sql, new NewProject { Name = name });
        return ReadProject(sql, known).Lifecycle == Lifecycle.Active ? known : throw new LodeException(ErrorCode.Conflict, $"The project '{name}' is in the trash.", "Restore the project first.");
    }

    private ProjectId InsertProject(SqlSession sql, NewProject project)
    {
        sql.Execute("INSERT INTO project (name, artifact_location, lifecycle, created_at, updated_at) VALUES (@0, @1, @2, @3, @3)",
            project.Name, project.ArtifactLocation, (int)Lifecycle.Active, Now);
        var id = FindProject(sql, project.Name)!.Value;
        foreach (var (key, value) in project.Tags)
            sql.Execute("INSERT INTO project_tag (project_id, key, value) VALUES (@0, @1, @2)", id.Value, key, value);
        return id;
    }

    private static ProjectId? FindProject(SqlSession sql, string name) =>
        sql.Scalar<long?>("SELECT id FROM project WHERE name = @0", name) is { } id ? new ProjectId(id) : null;

    private static void RefuseTakenName(SqlSession sql, string name)
    {
        if (sql.Scalar<int?>("SELECT lifecycle FROM project WHERE name = @0", name) is not { } lifecycle)
            return;
        throw new LodeException(ErrorCode.AlreadyExists,
            $"Experiment(name={name}) already exists.{(lifecycle == (int)Lifecycle.Deleted ? " It is in the trash." : "")}", "Restore it or use a different name.");
    }

    private static LodeException InTrash(ProjectId id) =>
        new(ErrorCode.Conflict, $"The experiment {id} must be in the 'active' state. Current state is deleted.", "Restore the project first.");

    private static Project ReadProject(SqlSession sql, ProjectId id)
    {
        var found = sql.Query($"SELECT {ProjectColumns} FROM project p WHERE p.id = @0", [id.Value], MapProject);
        return found.Count == 1 ? FillTags(sql, found)[0] : throw NoProject(id);
    }

    private static Project MapProject(DbDataReader row) => new()
    {
        Id = new ProjectId(row.GetInt64(0)),
        Name = row.GetString(1),
        ArtifactLocation = row.IsDBNull(2) ? null : row.GetString(2),
        Lifecycle = (Lifecycle)row.GetInt32(3),
        CreatedAt = row.GetInt64(4),
        UpdatedAt = row.GetInt64(5),
        DeletedAt = row.IsDBNull(6) ? null : row.GetInt64(6),
    };

    private static List<Project> FillTags(SqlSession sql, List<Project> projects)
    {
        var ids = projects.ConvertAll(project => project.Id.Value).ToArray();
        var tags = new Dictionary<long, Dictionary<string, string>>();
        sql.Read("SELECT project_id, key, value FROM project_tag WHERE project_id = ANY(@0)", [ids],
            row => Bag(tags, row.GetInt64(0))[row.GetString(1)] = row.GetString(2));
        return projects.ConvertAll(project => project with { Tags = tags.GetValueOrDefault(project.Id.Value) ?? [] });
    }

    private static List<Project> FillCounts(SqlSession sql, List<Project> projects)
    {
        var ids = projects.ConvertAll(project => project.Id.Value).ToArray();
        var counts = new Dictionary<long, RunCounts>();
        var last = new Dictionary<long, long>();
        sql.Read(
            """
            SELECT project_id, status, count(*), max(started_at) FROM run
            WHERE lifecycle = 1 AND project_id = ANY(@0) GROUP BY project_id, status
            """,
            [ids],
            row =>
            {
                var (project, count) = (row.GetInt64(0), row.GetInt32(2));
                counts[project] = Add(counts.GetValueOrDefault(project) ?? new RunCounts(), (RunStatus)row.GetInt32(1), count);
                if (!row.IsDBNull(3))
                    last[project] = Math.Max(last.GetValueOrDefault(project), row.GetInt64(3));
            });
        return projects.ConvertAll(project => project with
        {
            Runs = counts.GetValueOrDefault(project.Id.Value) ?? new RunCounts(),
            LastRunAt = last.TryGetValue(project.Id.Value, out var at) ? at : null,
        });
    }

    private static RunCounts Add(RunCounts counts, RunStatus status, int count)
    {
        counts = counts with { Total = counts.Total + count };
        return status switch
        {
            RunStatus.Running => counts with { Running = count },
            RunStatus.Scheduled => counts with { Scheduled = count },
            RunStatus.Finished => counts with { Finished = count },
            RunStatus.Failed => counts with { Failed = count },
            RunStatus.Killed => counts with { Killed = count },
            _ => counts with { Stale = count },
        };
    }

    private static Dictionary<string, TValue> Bag<TValue>(Dictionary<long, Dictionary<string, TValue>> bags, long owner)
    {
        if (!bags.TryGetValue(owner, out var bag))
            bags.Add(owner, bag = []);
        return bag;
    }
}
