using System.Data.Common;
using System.Globalization;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The study store over a SQL database.</summary>
/// <param name="database">The database; the caller keeps and disposes it.</param>
/// <param name="time">The clock, where the database has none of its own.</param>
public sealed partial class SqlStudyStore(SqlDatabase database, TimeProvider time) : IStudyStore
{
    private const string StudyColumns = "s.id, s.project_id, p.name, s.name, s.spec, s.state, s.reason, s.created_at, s.started_at, s.ended_at, s.trials, s.version";
    private const string StudyTables = "study s JOIN project p ON p.id = s.project_id";

    private const string TrialColumns = "number, state, params, outcome, limits, failure, run_uuid, agent, ask_key, logs_run, attempt, beat, losses, priority, checkpoint, checkpoint_step, created_at, started_at, ended_at";

    private readonly SqlRunStore _runs = new(database, time);

    /// <inheritdoc/>
    public Task<StudyInfo> CreateAsync(NewStudy study, CancellationToken ct)
    {
        NameRules.CheckProjectName(study.Project);
        if (study.Name is { } name)
            CheckName(name);
        study.Spec.Check();
        var spec = StudyJson.Write(study.Spec);
        return database.WriteAsync(sql =>
        {
            var project = _runs.ProjectFor(sql, study.Project);
            var known = study.Name is { } wanted ? FindRow(sql, project.Value, wanted) : null;
            if (known is { } row)
            {
                return study.AllowExisting ? ReadStudy(sql, row)! : throw new LodeException(ErrorCode.AlreadyExists, $"The project '{study.Project}' has a study '{study.Name}' already.",
                    "Take another name, go on with that one, or clone it.");
            }
            var unused = study.Name ?? UnusedName(sql, project.Value);
            var now = ReadNow(sql);
            sql.Execute(
                "INSERT INTO study (project_id, name, spec, state, created_at, trials, version, changed) VALUES (@0, @1, @2, @3, @4, 0, 1, 1)",
                project.Value, unused, spec, (int)StudyState.Running, now);
            return ReadStudy(sql, FindRow(sql, project.Value, unused)!.Value)!;
        }, ct);
    }

    /// <inheritdoc/>
    public Task<StudyInfo?> FindAsync(string project, string name, CancellationToken ct) => database.ReadAsync(
        sql => sql.Query($"SELECT {StudyColumns} FROM {StudyTables} WHERE p.name = @0 AND s.name = @1", [project, name], MapStudy).FirstOrDefault(), ct);

    /// <inheritdoc/>
    public Task<IReadOnlyList<StudyInfo>> ListAsync(ProjectId? project, CancellationToken ct) => database.ReadAsync<IReadOnlyList<StudyInfo>>(sql =>
    {
        var counts = new Dictionary<long, int[]>();
        sql.Read("SELECT t.study_id, t.state, count(*) FROM trial t JOIN study s ON s.id = t.study_id WHERE CAST(@0 AS BIGINT) IS NULL OR s.project_id = @0 GROUP BY t.study_id, t.state", [project?.Value], row =>
        {
            if (!counts.TryGetValue(row.GetInt64(0), out var states))
                counts.Add(row.GetInt64(0), states = new int[6]);
            states[row.GetInt32(1)] = row.GetInt32(2);
        });
        return sql.Query($"SELECT {StudyColumns} FROM {StudyTables} WHERE CAST(@0 AS BIGINT) IS NULL OR s.project_id = @0 ORDER BY s.id DESC", [project?.Value], MapStudy)
            .ConvertAll(study => counts.TryGetValue(study.Id.Value, out var states)
                ? study with
                {
                    Counts = new TrialCounts
                    {
                        Running = states[(int)TrialState.Running],
                        Complete = states[(int)TrialState.Complete],
                        Pruned = states[(int)TrialState.Pruned],
                        Failed = states[(int)TrialState.Failed],
                        Waiting = states[(int)TrialState.Waiting],
                    },
                }
                : study);
    }, ct);

    /// <inheritdoc/>
    public Task<StudyDelta> ReadAsync(StudyId id, long since, CancellationToken ct) => database.ReadAsync(sql => ReadDelta(sql, id, since), ct);

    /// <inheritdoc/>
    public Task<StudyDelta> ChangeAsync(StudyId id, long since, StudyChange change, CancellationToken ct)
    {
        change.Spec?.Check();
        var spec = change.Spec is { } given ? StudyJson.Write(given) : null;
        return database.WriteAsync(sql =>
        {
            var study = ReadStudy(sql, id.Value) ?? throw NoStudy(id);
            if (change.From is { } from && from != study.State)
                return ReadDelta(sql, id, since);
            var version = study.Version;
            if (change.RetryFailed)
            {
                version++;
                sql.Execute(
                    "UPDATE trial SET state = @1, failure = NULL, outcome = '', limits = '', ended_at = NULL, losses = 0, version = @2 WHERE study_id = @0 AND state = @3",
                    id.Value, (int)TrialState.Waiting, version, (int)TrialState.Failed);
            }
            if (change.State is not null || spec is not null)
            {
                version++;
                var state = change.State ?? study.State;
                var ended = state is StudyState.Stopped or StudyState.Finished ? study.EndedAt ?? ReadNow(sql) : (long?)null;
                sql.Execute("UPDATE study SET state = @1, reason = @2, spec = @3, ended_at = @4, changed = @5 WHERE id = @0",
                    id.Value, (int)state, change.State is null ? study.Reason : state == StudyState.Running ? null : change.Reason, spec ?? StudyJson.Write(study.Spec), ended, version);
            }
            sql.Execute("UPDATE study SET version = @1 WHERE id = @0", id.Value, version);
            return ReadDelta(sql, id, since);
        }, ct);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(StudyId id, CancellationToken ct) => database.WriteAsync(sql =>
    {
        foreach (var statement in DeleteStatements("study_id = @0"))
            sql.Execute(statement, id.Value);
        return sql.Execute("DELETE FROM study WHERE id = @0", id.Value) == 1 ? true : throw NoStudy(id);
    }, ct);

    internal static LodeException NoStudy(StudyId id) => new(ErrorCode.NotFound, $"There is no study {id}.", "`lode sweep ls` lists the studies.");

    /// <summary>The statements that delete the trials of studies, children first.</summary>
    internal static IEnumerable<string> DeleteStatements(string where) => [$"DELETE FROM trial_report WHERE {where}", $"DELETE FROM trial WHERE {where}"];

    private static void CheckName(string name)
    {
        if (name.Length is 0 or > 200 || name.Any(char.IsControl) || name != name.Trim())
            throw new LodeException(ErrorCode.InvalidArgument, $"A study's name has 1 to 200 characters, none of control, no space at its ends; got '{(name.Length > 200 ? name[..200] + "…" : name)}'.");
    }

    private static long? FindRow(SqlSession sql, long project, string name) => sql.Scalar<long?>("SELECT id FROM study WHERE project_id = @0 AND name = @1", project, name);

    private static string UnusedName(SqlSession sql, long project)
    {
        for (var number = sql.Scalar<long>("SELECT count(*) FROM study WHERE project_id = @0", project) + 1; ; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"sweep-{number}");
            if (FindRow(sql, project, name) is null)
                return name;
        }
    }

    private static StudyInfo? ReadStudy(SqlSession sql, long id) => sql.Query($"SELECT {StudyColumns} FROM {StudyTables} WHERE s.id = @0", [id], MapStudy).FirstOrDefault();

    private long ReadNow(SqlSession sql) => sql.Scalar<long>($"SELECT {sql.Clock("@0")}", time.GetUtcNow().ToUnixTimeMilliseconds());

    private StudyDelta ReadDelta(SqlSession sql, StudyId id, long since) => ReadDelta(sql, id, since, ReadHead(sql, id));

    /// <summary>What is newer than a version.</summary>
    private static StudyDelta ReadDelta(SqlSession sql, StudyId id, long since, StudyHead head)
    {
        var (trials, reports) = (new List<TrialInfo>(), new List<TrialReport>());
        if (since != head.Version)
            sql.ReadTogether([ToTrials(id, since, trials), ToReports(id, since, reports)]);
        return DeltaOf(sql, id, since, head, trials, reports);
    }

    private static StudyDelta DeltaOf(SqlSession sql, StudyId id, long since, StudyHead head, List<TrialInfo> trials, List<TrialReport> reports) =>
        new(since != head.Version && head.Changed > since ? ReadStudy(sql, id.Value) : null, head.Version, head.Trials, trials, reports, head.Now);

    private static SqlQuestion ToTrials(StudyId id, long since, List<TrialInfo> trials) =>
        new($"SELECT {TrialColumns} FROM trial WHERE study_id = @0 AND version > @1 ORDER BY number", [id.Value, since], row => trials.Add(MapTrial(row)));

    private static SqlQuestion ToReports(StudyId id, long since, List<TrialReport> reports) =>
        new("SELECT number, step, outcome FROM trial_report WHERE study_id = @0 AND version > @1 ORDER BY number, step", [id.Value, since],
            row => reports.Add(new TrialReport(row.GetInt32(0), new Report(row.GetInt64(1), StudyJson.ReadNumbers(row.GetString(2))))));

    private StudyHead ReadHead(SqlSession sql, StudyId id)
    {
        var heads = new List<StudyHead>(1);
        sql.ReadTogether([ToHead(sql, id, heads)]);
        return heads.Count == 1 ? heads[0] : throw NoStudy(id);
    }

    private SqlQuestion ToHead(SqlSession sql, StudyId id, List<StudyHead> heads) => new(
        $"SELECT project_id, name, trials, version, changed, started_at, {sql.Clock("@1")} FROM study WHERE id = @0",
        [id.Value, time.GetUtcNow().ToUnixTimeMilliseconds()],
        row => heads.Add(new StudyHead(row.GetInt64(0), row.GetString(1), row.GetInt32(2), row.GetInt64(3), row.GetInt64(4), !row.IsDBNull(5), row.GetInt64(6))));

    private static StudyInfo MapStudy(DbDataReader row) => new()
    {
        Id = new StudyId(row.GetInt64(0)),
        ProjectId = new ProjectId(row.GetInt64(1)),
        Project = row.GetString(2),
        Name = row.GetString(3),
        Spec = StudyJson.ReadSpec(row.GetString(4)),
        State = (StudyState)row.GetInt32(5),
        Reason = row.IsDBNull(6) ? null : row.GetString(6),
        CreatedAt = row.GetInt64(7),
        StartedAt = row.IsDBNull(8) ? null : row.GetInt64(8),
        EndedAt = row.IsDBNull(9) ? null : row.GetInt64(9),
        Trials = row.GetInt32(10),
        Version = row.GetInt64(11),
    };

    private static TrialInfo MapTrial(DbDataReader row) => new()
    {
        Number = row.GetInt32(0),
        State = (TrialState)row.GetInt32(1),
        Params = StudyJson.ReadParams(row.GetString(2)),
        Values = StudyJson.ReadNumbers(row.GetString(3)),
        Constraints = StudyJson.ReadNumbers(row.GetString(4)),
        Failure = row.IsDBNull(5) ? null : row.GetString(5),
        Run = row.IsDBNull(6) ? null : RunId.Parse(row.GetString(6)),
        Agent = row.IsDBNull(7) ? null : row.GetString(7),
        AskKey = row.IsDBNull(8) ? null : row.GetString(8),
        LogsRun = row.GetInt32(9) != 0,
        Attempt = row.GetInt32(10),
        Beat = row.GetInt64(11),
        Losses = row.GetInt32(12),
        Priority = row.GetInt32(13),
        Checkpoint = row.IsDBNull(14) ? null : row.GetString(14),
        CheckpointStep = row.IsDBNull(15) ? null : row.GetInt64(15),
        CreatedAt = row.GetInt64(16),
        StartedAt = row.IsDBNull(17) ? null : row.GetInt64(17),
        EndedAt = row.IsDBNull(18) ? null : row.GetInt64(18),
    };

    private sealed record StudyHead(long Project, string Name, int Trials, long Version, long Changed, bool IsStarted, long Now);
}
