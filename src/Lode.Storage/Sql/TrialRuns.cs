using System.Collections.Immutable;
using System.Globalization;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The run that every trial is, written with the trial in one transaction.</summary>
internal static class TrialRuns
{
    private const string InsertTag = "INSERT INTO run_tag (run_id, key, value) VALUES ((SELECT id FROM run WHERE uuid = @0), @1, @2) ON CONFLICT (run_id, key) DO NOTHING";

    /// <summary>Makes the run where it is not there: with the trial's params, and tags that name study and trial.</summary>
    public static void Make(SqlSession sql, long project, StudyId study, string name, int number, RunId run, Params values, long now)
    {
        var uuid = run.ToString();
        sql.Post(
            """
            INSERT INTO run (uuid, project_id, name, "user", status, lifecycle, started_at, version)
            VALUES (@0, @1, @2, '', @3, @4, @5, (SELECT value + 1 FROM counter WHERE name = 'version')) ON CONFLICT (uuid) DO NOTHING
            """,
            uuid, project, string.Create(CultureInfo.InvariantCulture, $"{name}-{number}"), (int)RunStatus.Running, (int)Lifecycle.Active, now);
        sql.Post("UPDATE counter SET value = value + 1 WHERE name = 'version'");
        sql.Post(InsertTag, uuid, RunOrigin.Study, name);
        sql.Post(InsertTag, uuid, RunOrigin.StudyId, study.ToString());
        sql.Post(InsertTag, uuid, RunOrigin.Trial, number.ToString(CultureInfo.InvariantCulture));
        foreach (var (key, value) in values)
        {
            object? real = value.Kind is ParamKind.Float or ParamKind.Int && !double.IsNaN(value.AsDouble()) ? value.AsDouble() : null;
            sql.Post("INSERT INTO run_param (run_id, key, value, number) VALUES ((SELECT id FROM run WHERE uuid = @0), @1, @2, @3) ON CONFLICT DO NOTHING", uuid, key, value.ToString(), real);
        }
    }

    /// <summary>Changes a run's status; one that was purged stays so.</summary>
    public static void SetStatus(SqlSession sql, string run, RunStatus status, long? ended)
    {
        sql.Post("UPDATE counter SET value = value + 1 WHERE name = 'version'");
        sql.Post("UPDATE run SET status = @1, ended_at = @2, version = (SELECT value FROM counter WHERE name = 'version') WHERE uuid = @0", run, (int)status, ended);
    }

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
            if (step is null && (open.Metrics.ContainsKey(goals[i].Metric) || HasMetric(sql, open.Row, goals[i].Metric)))
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
