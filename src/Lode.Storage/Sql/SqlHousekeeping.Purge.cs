using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlHousekeeping
{
    private const int PageSize = 200;
    private const int MaxKept = 1000;

    // Greater deletions would keep other writers waiting.
    private const long MaxPointsAWrite = 500_000;

    /// <summary>What belongs to a run and goes with it, children first.</summary>
    private static readonly string[] s_ofRun =
    [
        "DELETE FROM run_dataset_tag WHERE run_id = @0",
        "DELETE FROM run_dataset WHERE run_id = @0",
        "DELETE FROM run_model WHERE run_id = @0",
        "DELETE FROM metric_chunk_data WHERE metric_id IN (SELECT id FROM metric WHERE run_id = @0)",
        "DELETE FROM metric_chunk WHERE metric_id IN (SELECT id FROM metric WHERE run_id = @0)",
        "DELETE FROM metric_point WHERE metric_id IN (SELECT id FROM metric WHERE run_id = @0)",
        "DELETE FROM metric WHERE run_id = @0",
        "DELETE FROM run_param WHERE run_id = @0",
        "DELETE FROM run_tag WHERE run_id = @0",
        "DELETE FROM journal WHERE run_uuid = (SELECT uuid FROM run WHERE id = @0)",
        "DELETE FROM run WHERE id = @0",
    ];

    private static readonly string[] s_ofLoggedModel =
    [
        "DELETE FROM logged_model_param WHERE model_id = @0",
        "DELETE FROM logged_model_tag WHERE model_id = @0",
        "DELETE FROM logged_model_metric WHERE model_id = @0",
        "DELETE FROM logged_model WHERE id = @0",
    ];

    private static readonly string[] s_ofProject =
    [
        .. SqlStudyStore.DeleteStatements("study_id IN (SELECT id FROM study WHERE project_id = @0)"),
        "DELETE FROM study WHERE project_id = @0",
        "DELETE FROM dataset WHERE project_id = @0",
        "DELETE FROM project_tag WHERE project_id = @0",
        "DELETE FROM project WHERE id = @0",
    ];

    /// <param name="query">What.</param>
    /// <param name="before">Only what has been in the trash since then.</param>
    /// <param name="doomed">Gets the folders of artifacts that a dry run would take.</param>
    /// <param name="ct">Stops it.</param>
    private async Task<CollectReport> PurgeRunsAsync(CollectQuery query, long before, HashSet<string> doomed, CancellationToken ct)
    {
        var (result, kept) = (new CollectReport(), new List<KeptRun>());
        await foreach (var page in CandidatesAsync(query, before, ct).ConfigureAwait(false))
        {
            var sized = await database.ReadAsync(sql => Measure(sql, page), ct).ConfigureAwait(false);
            for (var (from, to) = (0, 0); from < sized.Count; from = to)
            {
                var points = 0L;
                while (to < sized.Count && (to == from || points + sized[to].Points <= MaxPointsAWrite))
                    points += sized[to++].Points;
                var group = sized[from..to];
                var purged = query.DryRun
                    ? await database.ReadAsync(sql => group.FindAll(run => PinOf(sql, run.Run.Id) is null), ct).ConfigureAwait(false)
                    : await database.WriteAsync(sql => Purge(sql, group, before), ct).ConfigureAwait(false);
                if (query.DryRun)
                    doomed.UnionWith(purged.SelectMany(run => run.Models.Select(FolderOf).Append(FolderOf(run.Run))));
                result = result with
                {
                    Runs = result.Runs + purged.Count,
                    Points = result.Points + purged.Sum(run => run.Points),
                    LoggedModels = result.LoggedModels + purged.Sum(run => run.Models.Count),
                    Bytes = result.Bytes + purged.Sum(run => run.Bytes),
                };
                foreach (var run in group.Except(purged))
                {
                    if (kept.Count < MaxKept && await database.ReadAsync(sql => PinOf(sql, run.Run.Id), ct).ConfigureAwait(false) is { } reason)
                        kept.Add(new KeptRun(run.Run.Id, reason));
                }
            }
        }
        return result with { Kept = kept };
    }

    private async IAsyncEnumerable<List<TrashedRun>> CandidatesAsync(CollectQuery query, long before, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        if (query.Runs is not null)
        {
            var runs = new List<TrashedRun>();
            foreach (var id in query.Runs.Distinct())
            {
                var run = await FindAsync(id, ct).ConfigureAwait(false) ?? throw new LodeException(ErrorCode.NotFound, $"Run with id={id} not found");
                if (run.DeletedAt is null && !query.DryRun)
                    throw new LodeException(ErrorCode.Conflict, $"The run {id} is in use; only what is in the trash is purged.", "Move it to the trash first.");
                if ((run.DeletedAt is not { } since || since <= before) && (query.Project is not { } only || only == run.Project))
                    runs.Add(run);
            }
            yield return runs;
            yield break;
        }
        for (var last = 0L; ;)
        {
            var from = last;
            var page = await database.ReadAsync(
                sql => sql.Query(
                    "SELECT id, uuid, project_id, deleted_at FROM run WHERE deleted_at <= @0 AND id > @1 AND (CAST(@2 AS BIGINT) IS NULL OR project_id = @2) ORDER BY id LIMIT @3",
                    [before, from, query.Project?.Value, PageSize], MapRun), ct).ConfigureAwait(false);
            if (page.Count == 0)
                yield break;
            yield return page;
            last = page[^1].Row;
        }
    }

    private static List<SizedRun> Measure(SqlSession sql, List<TrashedRun> runs)
    {
        long[] ids = [.. runs.Select(run => run.Row)];
        var sizes = runs.ToDictionary(run => run.Row, run => new SizedRun(run, 0, RowBytes, ModelsOf(sql, run.Id)));
        sql.Read("SELECT run_id, sum(count), sum(tail), count(*) FROM metric WHERE run_id = ANY(@0) GROUP BY run_id", [ids], row =>
        {
            var (run, points, tail, metrics) = (row.GetInt64(0), Convert.ToInt64(row.GetValue(1), null), Convert.ToInt64(row.GetValue(2), null), row.GetInt64(3));
            sizes[run] = sizes[run] with { Points = points, Bytes = sizes[run].Bytes + (tail * PointBytes) + (metrics * RowBytes) };
        });
        sql.Read(
            "SELECT m.run_id, count(*), sum(length(d.data)) FROM metric m JOIN metric_chunk_data d ON d.metric_id = m.id WHERE m.run_id = ANY(@0) GROUP BY m.run_id", [ids], row =>
            sizes[row.GetInt64(0)] = sizes[row.GetInt64(0)] with { Bytes = sizes[row.GetInt64(0)].Bytes + (row.GetInt64(1) * RowBytes) + Convert.ToInt64(row.GetValue(2), null) });
        foreach (var table in s_texts)
        {
            sql.Read($"SELECT run_id, count(*), sum(length(key) + length(value)) FROM {table} WHERE run_id = ANY(@0) GROUP BY run_id", [ids], row =>
                sizes[row.GetInt64(0)] = sizes[row.GetInt64(0)] with { Bytes = sizes[row.GetInt64(0)].Bytes + (row.GetInt64(1) * RowBytes) + Convert.ToInt64(row.GetValue(2), null) });
        }
        return [.. runs.Select(run => sizes[run.Row])];
    }

    /// <summary>Deletes the runs that are still in the trash and that nothing pins; returns them.</summary>
    private List<SizedRun> Purge(SqlSession sql, List<SizedRun> runs, long before) => runs.FindAll(run =>
    {
        if (sql.Scalar<long?>("SELECT deleted_at FROM run WHERE id = @0", run.Run.Row) is not { } since || since > before || PinOf(sql, run.Run.Id) is not null)
            return false;
        // A program may still write the run's journal, which would bring it back.
        sql.Execute("INSERT INTO purged_run (uuid, purged_at) VALUES (@0, @1) ON CONFLICT (uuid) DO UPDATE SET purged_at = excluded.purged_at", run.Run.Id.ToString(), time.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (var statement in s_ofRun)
            sql.Execute(statement, run.Run.Row);
        SqlArtifactStore.Unlink(sql, FolderOf(run.Run));
        // Asked again: one of them may have been registered since.
        PurgeModels(sql, ModelsOf(sql, run.Run.Id));
        return true;
    });

    private static void PurgeModels(SqlSession sql, List<TrashedModel> models)
    {
        foreach (var model in models)
        {
            foreach (var statement in s_ofLoggedModel)
                sql.Execute(statement, model.Id);
            SqlArtifactStore.Unlink(sql, FolderOf(model));
        }
    }

    private static string FolderOf(TrashedRun run) => $"{run.Project}/{run.Id}";

    private static string FolderOf(TrashedModel model) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{model.Project}/models/{model.Id}");

    /// <summary>The models that a run logged and that nobody registered.</summary>
    private static List<TrashedModel> ModelsOf(SqlSession sql, RunId run) => sql.Query(
        $"SELECT m.id, m.project_id FROM logged_model m WHERE m.source_run = @0 AND NOT {IsRegistered}", [run.ToString()], row => new TrashedModel(row.GetString(0), row.GetInt64(1)));

    // Of a logged model m.
    private const string IsRegistered = "(EXISTS (SELECT 1 FROM model_version v WHERE v.logged_model = m.id) OR EXISTS (SELECT 1 FROM model_version v WHERE substr(v.source, 1, 250) = 'models:/' || m.id))";

    /// <summary>Why a run must stay; null = it may go.</summary>
    private static string? PinOf(SqlSession sql, RunId run)
    {
        string? pin = null;
        sql.Read("SELECT m.name, v.version FROM model_version v JOIN registered_model m ON m.id = v.model_id WHERE v.run_uuid = @0 ORDER BY m.name, v.version DESC LIMIT 1", [run.ToString()],
            row => pin = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"made version {row.GetInt64(1)} of the registered model '{row.GetString(0)}'"));
        return pin;
    }

    /// <summary>Purges projects that are in the trash and have no runs left. The project Default stays: MLflow's clients expect it.</summary>
    private async Task<(int Projects, int Models)> PurgeProjectsAsync(CollectQuery query, long before, HashSet<string> doomed, CancellationToken ct)
    {
        // In a dry run the runs are still there; those that will be gone do not count.
        const string Empty = "deleted_at <= @0 AND id <> 0 AND (CAST(@1 AS BIGINT) IS NULL OR id = @1)";
        var projects = await database.ReadAsync(sql => sql.Query($"SELECT id FROM project WHERE {Empty} ORDER BY id", [before, query.Project?.Value], row => row.GetInt64(0)), ct).ConfigureAwait(false);
        var (purged, models) = (0, 0);
        foreach (var project in projects)
        {
            // Those of its own runs went with them, in a dry run they are counted there.
            var unowned = await database.ReadAsync(sql => sql.Scalar<int>("SELECT count(*) FROM logged_model WHERE project_id = @0 AND source_run NOT IN (SELECT uuid FROM run WHERE project_id = @0)", project), ct).ConfigureAwait(false);
            var gone = query.DryRun
                ? await database.ReadAsync(sql => !HoldsRegistered(sql, project) && sql.Query("SELECT uuid, deleted_at FROM run WHERE project_id = @0", [project], row => (Id: row.GetString(0), Since: row.IsDBNull(1) ? long.MaxValue : row.GetInt64(1)))
                    .TrueForAll(run => run.Since <= before && PinOf(sql, RunId.Parse(run.Id)) is null), ct).ConfigureAwait(false)
                : await database.WriteAsync(sql => PurgeProject(sql, project, before), ct).ConfigureAwait(false);
            if (!gone)
                continue;
            (purged, models) = (purged + 1, models + unowned);
            doomed.Add(project.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        return (purged, models);
    }

    private static bool HoldsRegistered(SqlSession sql, long project) => sql.Scalar<string>($"SELECT m.id FROM logged_model m WHERE m.project_id = @0 AND {IsRegistered} LIMIT 1", project) is not null;

    private static bool PurgeProject(SqlSession sql, long project, long before)
    {
        if (sql.Scalar<long?>("SELECT deleted_at FROM project WHERE id = @0", project) is not { } since || since > before
            || sql.Scalar<long?>("SELECT id FROM run WHERE project_id = @0 LIMIT 1", project) is not null || HoldsRegistered(sql, project))
        {
            return false;
        }
        PurgeModels(sql, sql.Query("SELECT id, project_id FROM logged_model WHERE project_id = @0", [project], row => new TrashedModel(row.GetString(0), row.GetInt64(1))));
        foreach (var statement in s_ofProject)
            sql.Execute(statement, project);
        SqlArtifactStore.Unlink(sql, project.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return true;
    }

    private sealed record SizedRun(TrashedRun Run, long Points, long Bytes, List<TrashedModel> Models);

    private sealed record TrashedModel(string Id, long Project);
}
