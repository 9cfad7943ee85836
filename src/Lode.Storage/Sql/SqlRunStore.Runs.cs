using System.Data.Common;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    private const string RunColumns = "r.id, r.uuid, r.project_id, r.name, r.status, r.lifecycle, r.user, r.started_at, r.ended_at, r.version, " + SqlSearch.ArtifactUri + ", r.deleted_at";
    private const string RunTables = "run r JOIN project p ON p.id = r.project_id";

    /// <inheritdoc/>
    public Task<Run> CreateRunAsync(NewRun run, CancellationToken ct)
    {
        foreach (var (key, _) in run.Tags)
            NameRules.CheckLooseKey(key, "tags.key");
        return database.WriteAsync(sql =>
        {
            if (InsertRun(sql, run) is not var (row, made))
                return ReadRun(sql, run.Id);
            var tags = new Dictionary<string, string>(run.Tags.Count);
            foreach (var (key, value) in run.Tags)
            {
                var stored = sql.Stored(NameRules.Truncate(value, NameRules.MaxTagLength));
                sql.Post(InsertTag, row, key, stored);
                tags[sql.Stored(key)] = stored;
            }
            return made with { Tags = tags };
        }, ct);
    }

    /// <inheritdoc/>
    public Task<Run> GetRunAsync(RunId id, CancellationToken ct) => database.ReadAsync(sql => ReadRun(sql, id), ct);

    /// <inheritdoc/>
    public Task<Run> UpdateRunAsync(RunId id, RunChange change, CancellationToken ct)
    {
        if (change.Name is "")
            throw new LodeException(ErrorCode.InvalidArgument, "A run's name must not be empty.");
        return database.WriteAsync(sql =>
        {
            var (row, lifecycle) = FindRun(sql, id) ?? throw NoRun(id);
            if (lifecycle == Lifecycle.Deleted && change.Lifecycle is null)
                throw InTrash(id);
            if (change.Lifecycle is { } moved && moved != lifecycle)
                sql.Execute("UPDATE run SET lifecycle = @1, deleted_at = @2 WHERE id = @0", row, (int)moved, DeletedAt(moved));
            if (change.Name is not null)
                sql.Execute("UPDATE run SET name = @1 WHERE id = @0", row, change.Name);
            if (change.Status is { } status)
            {
                sql.Execute("UPDATE run SET status = @1 WHERE id = @0", row, (int)status);
                if (status is RunStatus.Finished or RunStatus.Failed or RunStatus.Killed)
                    OpenMetric.SealTails(sql, row);
            }
            if (change.EndedAt is { } ended)
                sql.Execute("UPDATE run SET ended_at = @1 WHERE id = @0", row, ended);
            Touch(sql, row);
            return ReadRun(sql, id);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<RunPage> SearchRunsAsync(RunQuery query, CancellationToken ct)
    {
        if (query.Projects.Count == 0)
            return Task.FromResult(new RunPage([], false, query.Counts ? 0 : null, query.Counts ? 0 : null));
        var search = new RunSearch(query, Now);
        return database.ReadAsync(sql =>
        {
            var rows = search.FindPage(sql, out var more);
            var found = sql.Query($"SELECT {RunColumns} FROM {RunTables} WHERE r.id = ANY(@0)", [rows.ToArray()], MapRun).ToDictionary(run => run.Row);
            return new RunPage(FillRuns(sql, rows.ConvertAll(row => found[row])), more, query.Counts ? search.Count(sql, filtered: true) : null, query.Counts ? search.Count(sql, filtered: false) : null);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunColumn>> ListColumnsAsync(ProjectId project, RunFilter filter, CancellationToken ct)
    {
        var where = new SqlSearch(SearchTarget.Runs, Now);
        where.AddProjects([project.Value]);
        where.AddLifecycle(LifecycleView.Active);
        where.AddFilter(filter);
        var runs = where.Statement("SELECT r.id", "");
        return database.ReadAsync<IReadOnlyList<RunColumn>>(sql =>
        {
            var columns = new List<RunColumn>();
            foreach (var (prefix, table, value) in new[] { ("params", "run_param", "value"), ("metrics", "metric", "last"), ("tags", "run_tag", "value") })
            {
                columns.AddRange(sql.Query(
                    $"SELECT key, count(*), count(DISTINCT {value}) FROM {table} WHERE run_id IN ({runs.Sql}) GROUP BY key ORDER BY key",
                    runs.Values,
                    row => new RunColumn($"{prefix}.{row.GetString(0)}", row.GetInt32(1), row.GetInt32(2))));
            }
            return columns;
        }, ct);
    }

    /// <inheritdoc/>
    public Task<RunChanges> GetChangesAsync(ChangeScope scope, long version, int limit, CancellationToken ct) => database.ReadAsync(sql =>
    {
        var rows = sql.Query(
            $"SELECT {RunColumns} FROM {RunTables} WHERE r.version > @0 AND (CAST(@1 AS BIGINT) IS NULL OR r.project_id = @1) AND (CAST(@2 AS TEXT) IS NULL OR r.uuid = @2) ORDER BY r.version LIMIT @3",
            [version, scope.Project?.Value, scope.Run?.ToString(), limit], MapRun);
        // All there was to see is seen unless the page is full; then the cursor stands at its last run.
        return new RunChanges(FillRuns(sql, rows), rows.Count == limit ? rows[^1].Run.Version : Math.Max(version, CurrentVersion(sql)));
    }, ct);

    private static LodeException InTrash(RunId id) =>
        new(ErrorCode.Conflict, $"The run {id} must be in the 'active' state. Current state is deleted.", "Restore the run first.");

    /// <summary>Makes a run; null where there is one of that id. Points that wait go on waiting: they are of other runs.</summary>
    private static (long Row, Run Run)? InsertRun(SqlSession sql, NewRun run)
    {
        var (lifecycle, root) = (Lifecycle.Active, (string?)null);
        sql.ReadApart("SELECT lifecycle, rtrim(coalesce(artifact_location, 'mlflow-artifacts:/' || id), '/') FROM project WHERE id = @0", [run.ProjectId.Value],
            row => (lifecycle, root) = ((Lifecycle)row.GetInt32(0), row.GetString(1)));
        if (root is null || lifecycle == Lifecycle.Deleted)
        {
            if (FindRun(sql, run.Id) is not null)
                return null;
            throw root is null ? NoProject(run.ProjectId) : InTrash(run.ProjectId);
        }
        var made = new Run
        {
            Id = run.Id,
            ProjectId = run.ProjectId,
            Name = sql.Stored(string.IsNullOrEmpty(run.Name) ? RunNames.For(run.Id) : run.Name),
            User = sql.Stored(run.User),
            Status = RunStatus.Running,
            Lifecycle = Lifecycle.Active,
            StartedAt = run.StartedAt,
            ArtifactUri = $"{root}/{run.Id}/artifacts",
        };
        var (id, version) = (0L, 0L);
        var isNew = sql.RunReading(
            """
            INSERT INTO run (uuid, project_id, name, "user", status, lifecycle, started_at, version)
            VALUES (@0, @1, @2, @3, @4, @5, @6, (SELECT value + 1 FROM counter WHERE name = 'version')) ON CONFLICT (uuid) DO NOTHING RETURNING id, version
            """,
            [run.Id.ToString(), run.ProjectId.Value, made.Name, made.User, (int)made.Status, (int)made.Lifecycle, made.StartedAt],
            row => (id, version) = (row.GetInt64(0), row.GetInt64(1)));
        if (!isNew)
            return null;
        sql.Post("UPDATE counter SET value = value + 1 WHERE name = 'version'");
        return (id, made with { Version = version });
    }

    private static (long Row, Lifecycle Lifecycle)? FindRun(SqlSession sql, RunId id)
    {
        (long, Lifecycle)? found = null;
        sql.Read("SELECT id, lifecycle FROM run WHERE uuid = @0", [id.ToString()], row => found = (row.GetInt64(0), (Lifecycle)row.GetInt32(1)));
        return found;
    }

    private static Run ReadRun(SqlSession sql, RunId id)
    {
        var found = sql.Query($"SELECT {RunColumns} FROM {RunTables} WHERE r.uuid = @0", [id.ToString()], MapRun);
        return found.Count == 1 ? FillRuns(sql, found)[0] : throw NoRun(id);
    }

    private static (long Row, Run Run) MapRun(DbDataReader row) => (row.GetInt64(0), new Run
    {
        Id = RunId.Parse(row.GetString(1)),
        ProjectId = new ProjectId(row.GetInt64(2)),
        Name = row.GetString(3),
        Status = (RunStatus)row.GetInt32(4),
        Lifecycle = (Lifecycle)row.GetInt32(5),
        User = row.GetString(6),
        StartedAt = row.IsDBNull(7) ? null : row.GetInt64(7),
        EndedAt = row.IsDBNull(8) ? null : row.GetInt64(8),
        Version = row.GetInt64(9),
        ArtifactUri = row.GetString(10),
        DeletedAt = row.IsDBNull(11) ? null : row.GetInt64(11),
    });

    private static List<Run> FillRuns(SqlSession sql, List<(long Row, Run Run)> runs)
    {
        var ids = runs.ConvertAll(run => run.Row).ToArray();
        var @params = new Dictionary<long, Dictionary<string, string>>();
        sql.Read("SELECT run_id, key, value FROM run_param WHERE run_id = ANY(@0)", [ids],
            row => Bag(@params, row.GetInt64(0))[row.GetString(1)] = row.GetString(2));
        var tags = ReadTags(sql, ids);
        var metrics = new Dictionary<long, Dictionary<string, MetricSummary>>();
        sql.Read("SELECT run_id, key, last, last_step, last_time, min, max, mean, count FROM metric WHERE run_id = ANY(@0)", [ids],
            row => Bag(metrics, row.GetInt64(0))[row.GetString(1)] = new MetricSummary
            {
                Last = NaNIfNull(row, 2),
                LastStep = row.GetInt64(3),
                LastTime = row.GetInt64(4),
                Min = NaNIfNull(row, 5),
                Max = NaNIfNull(row, 6),
                Mean = NaNIfNull(row, 7),
                Count = row.GetInt64(8),
            });
        var lineages = ReadLineages(sql, ids);
        return runs.ConvertAll(run => run.Run with
        {
            Lineage = lineages.GetValueOrDefault(run.Row) ?? s_noLineage,
            Params = @params.GetValueOrDefault(run.Row) ?? [],
            Tags = tags.GetValueOrDefault(run.Row) ?? [],
            Metrics = metrics.GetValueOrDefault(run.Row) ?? [],
        });
    }

    private static Dictionary<long, Dictionary<string, string>> ReadTags(SqlSession sql, long[] ids)
    {
        var tags = new Dictionary<long, Dictionary<string, string>>();
        sql.Read("SELECT run_id, key, value FROM run_tag WHERE run_id = ANY(@0)", [ids],
            row => Bag(tags, row.GetInt64(0))[row.GetString(1)] = row.GetString(2));
        return tags;
    }

    private static double NaNIfNull(DbDataReader row, int column) => row.IsDBNull(column) ? double.NaN : row.GetDouble(column);
}
