using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlRunStore
{
    private const int ReadsModel = 1;
    private const int MakesModel = 2;

    private static readonly RunLineage s_noLineage = new();

    /// <inheritdoc/>
    public Task LogLineageAsync(RunId id, RunLineage lineage, CancellationToken ct)
    {
        DatasetRules.Check(lineage.Datasets);
        return database.WriteAsync(sql =>
        {
            var (run, lifecycle) = FindRun(sql, id) ?? throw NoRun(id);
            if (lifecycle == Lifecycle.Deleted)
                throw InTrash(id);
            var project = sql.Scalar<long>("SELECT project_id FROM run WHERE id = @0", run);
            foreach (var input in lineage.Datasets)
                WriteDataset(sql, project, run, input);
            foreach (var model in lineage.ModelInputs)
                WriteModel(sql, run, ReadsModel, model, 0);
            foreach (var output in lineage.ModelOutputs)
                WriteModel(sql, run, MakesModel, output.ModelId, output.Step);
            Touch(sql, run);
            return true;
        }, ct);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<DatasetSummary>> ListDatasetsAsync(IReadOnlyList<ProjectId> projects, int limit, CancellationToken ct) => database.ReadAsync<IReadOnlyList<DatasetSummary>>(sql => sql.Query(
        """
        SELECT DISTINCT d.project_id, d.name, d.digest, t.value FROM dataset d JOIN run_dataset rd ON rd.dataset_id = d.id
        LEFT JOIN run_dataset_tag t ON t.run_id = rd.run_id AND t.dataset_id = rd.dataset_id AND t.key = @1
        WHERE d.project_id = ANY(@0) ORDER BY d.project_id, d.name, d.digest, t.value NULLS LAST LIMIT @2
        """,
        [projects.Select(project => project.Value).ToArray(), DatasetInput.ContextTag, limit],
        row => new DatasetSummary(new ProjectId(row.GetInt64(0)), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3))), ct);

    private static void WriteDataset(SqlSession sql, long project, long run, DatasetInput input)
    {
        var dataset = input.Dataset;
        sql.Execute(
            "INSERT INTO dataset (project_id, name, digest, source_type, source, schema, profile) VALUES (@0, @1, @2, @3, @4, @5, @6) ON CONFLICT DO NOTHING",
            project, dataset.Name, dataset.Digest, dataset.SourceType, dataset.Source, dataset.Schema, dataset.Profile);
        var id = sql.Scalar<long>("SELECT id FROM dataset WHERE project_id = @0 AND name = @1 AND digest = @2", project, dataset.Name, dataset.Digest);
        if (sql.Execute("INSERT INTO run_dataset (run_id, dataset_id) VALUES (@0, @1) ON CONFLICT DO NOTHING", run, id) == 0)
            return;
        foreach (var (key, value) in input.Tags)
            sql.Execute("INSERT INTO run_dataset_tag (run_id, dataset_id, key, value) VALUES (@0, @1, @2, @3)", run, id, key, value);
    }

    private static void WriteModel(SqlSession sql, long run, int role, string model, long step)
    {
        if (model.Length == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "Missing value for required parameter 'model_id'.");
        sql.Execute("INSERT INTO run_model (run_id, role, model_id, step) VALUES (@0, @1, @2, @3) ON CONFLICT (run_id, role, model_id) DO UPDATE SET step = excluded.step", run, role, model, step);
    }

    /// <summary>What the runs of these rows read and made; those without anything are left out.</summary>
    private static Dictionary<long, RunLineage> ReadLineages(SqlSession sql, long[] ids)
    {
        var tags = new Dictionary<(long, long), Dictionary<string, string>>();
        sql.Read("SELECT run_id, dataset_id, key, value FROM run_dataset_tag WHERE run_id = ANY(@0)", [ids], row =>
        {
            var owner = (row.GetInt64(0), row.GetInt64(1));
            if (!tags.TryGetValue(owner, out var bag))
                tags.Add(owner, bag = []);
            bag[row.GetString(2)] = row.GetString(3);
        });
        var datasets = new Dictionary<long, List<DatasetInput>>();
        sql.Read(
            """
            SELECT rd.run_id, d.id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile FROM run_dataset rd JOIN dataset d ON d.id = rd.dataset_id
            WHERE rd.run_id = ANY(@0) ORDER BY rd.run_id, d.id
            """,
            [ids],
            row => Listed(datasets, row.GetInt64(0)).Add(new DatasetInput
            {
                Dataset = new TrackedDataset
                {
                    Name = row.GetString(2),
                    Digest = row.GetString(3),
                    SourceType = row.GetString(4),
                    Source = row.GetString(5),
                    Schema = row.IsDBNull(6) ? null : row.GetString(6),
                    Profile = row.IsDBNull(7) ? null : row.GetString(7),
                },
                Tags = tags.GetValueOrDefault((row.GetInt64(0), row.GetInt64(1))) ?? [],
            }));
        var (inputs, outputs) = (new Dictionary<long, List<string>>(), new Dictionary<long, List<ModelOutput>>());
        sql.Read("SELECT run_id, role, model_id, step FROM run_model WHERE run_id = ANY(@0) ORDER BY run_id, role, step, model_id", [ids], row =>
        {
            if (row.GetInt32(1) == ReadsModel)
                Listed(inputs, row.GetInt64(0)).Add(row.GetString(2));
            else
                Listed(outputs, row.GetInt64(0)).Add(new ModelOutput(row.GetString(2), row.GetInt64(3)));
        });
        return datasets.Keys.Concat(inputs.Keys).Concat(outputs.Keys).Distinct().ToDictionary(run => run, run => new RunLineage
        {
            Datasets = datasets.GetValueOrDefault(run) ?? [],
            ModelInputs = inputs.GetValueOrDefault(run) ?? [],
            ModelOutputs = outputs.GetValueOrDefault(run) ?? [],
        });
    }

    private static List<T> Listed<T>(Dictionary<long, List<T>> lists, long owner)
    {
        if (!lists.TryGetValue(owner, out var list))
            lists.Add(owner, list = []);
        return list;
    }
}
