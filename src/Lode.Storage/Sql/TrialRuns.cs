using System.Collections.Immutable;
using System.Globalization;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The run that every trial is, written with the trial in one transaction.</summary>
internal static class TrialRuns
{
    private const string InsertTags =
        """
        INSERT INTO run_tag (run_id, key, value) SELECT r.id, v.column1, v.column2 FROM run r, (VALUES (@1, @2), (@3, @4), (@5, @6)) v WHERE r.uuid = @0
        ON CONFLICT (run_id, key) DO NOTHING
        """;

    // By the number of params.
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<int, string> s_insertParams = new();

    /// <summary>Makes the run where it is not there: with the trial's params, and tags that name study and trial.</summary>
    public static void Make(SqlSession sql, long project, StudyId study, string name, int number, RunId run, Params values, long now, long version)
    {
        var uuid = run.ToString();
        sql.Post(
            """
            INSERT INTO run (uuid, project_id, name, "user", status, lifecycle, started_at, version)
            VALUES (@0, @1, @2, '', @3, @4, @5, @6) ON CONFLICT (uuid) DO NOTHING
            """,
            uuid, project, string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"), (int)RunStatus.Running, (int)Lifecycle.Active, now, version);
        sql.Post(InsertTags, uuid, RunOrigin.Study, name, RunOrigin.StudyId, study.ToString(), RunOrigin.Trial, number.ToString(CultureInfo.InvariantCulture));
        // As many in a statement as databases take parameters.
        foreach (var piece in values.Chunk(100))
        {
            var row = new object?[1 + (3 * piece.Length)];
            row[0] = uuid;
            for (var i = 0; i < piece.Length; i++)
            {
                var (key, value) = piece[i];
                row[(3 * i) + 1] = key;
                row[(3 * i) + 2] = value.ToString();
                row[(3 * i) + 3] = value.Kind is ParamKind.Float or ParamKind.Int && !double.IsNaN(value.AsDouble()) ? value.AsDouble() : null;
            }
            sql.Post(s_insertParams.GetOrAdd(piece.Length, InsertParams), row);
        }
    }

    private static string InsertParams(int count)
    {
        var rows = Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"(@{(3 * i) + 1}, @{(3 * i) + 2}, CAST(@{(3 * i) + 3} AS DOUBLE PRECISION))"));
        return $"INSERT INTO run_param (run_id, key, value, number) SELECT r.id, v.column1, v.column2, v.column3 FROM run r, (VALUES {string.Join(", ", rows)}) v WHERE r.uuid = @0 ON CONFLICT DO NOTHING";
    }

    /// <summary>Changes a run's status; one that was purged stays so.</summary>
    public static void SetStatus(SqlSession sql, string run, RunStatus status, long? ended, long version) =>
        sql.Post("UPDATE run SET status = @1, ended_at = @2, version = @3 WHERE uuid = @0", run, (int)status, ended, version);

    /// <summary>Logs the goals' values.</summary>
    /// <param name="sql">The session.</param>
    /// <param name="run">The run.</param>
    /// <param name="goals">The metrics.</param>
    /// <param name="step">The step; null = the end: only of metrics that were never reported.</param>
    /// <param name="values">One a goal.</param>
    /// <param name="now">The time.</param>
    public static void Log(SqlSession sql, string run, IReadOnlyList<StudyGoal> goals, long? step, ImmutableArray<double> values, long now)
    {
        var appends = sql.Deferred<MetricAppends>();
        if (appends.Find(sql, RunId.Parse(run)) is not { Lifecycle: Lifecycle.Active } open)
            return;
        var points = new List<MetricPoint>(goals.Count);
        for (var i = 0; i < goals.Count && i < values.Length; i++)
        {
            if (step is null && (open.Metrics.ContainsKey(goals[i].Metric) || (!open.IsComplete && HasMetric(sql, open.Row, goals[i].Metric))))
                continue;
            points.Add(new MetricPoint(goals[i].Metric, values[i], now, step ?? 0));
        }
        if (points.Count > 0)
            appends.Add(sql, open, points);
    }

    private static bool HasMetric(SqlSession sql, long run, string key)
    {
        var has = false;
        sql.ReadApart("SELECT 1 FROM metric WHERE run_id = @0 AND key = @1", [run, key], _ => has = true);
        return has;
    }
}
