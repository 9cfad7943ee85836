using System.Data.Common;
using System.Globalization;
using Lode.Core;
using Lode.Tracking;
using Microsoft.Data.Sqlite;

namespace Lode.Storage.Mlflow;

/// <summary>
/// Reads MLflow's SQLite schema, of 0.9 and later: what a table or column says is read where it is there. Everything of runs is read in
/// the order of their ids, each table once, since older schemas have no index by run.
/// </summary>
internal static class MlflowDatabase
{
    // What MLflow writes for infinities, which some of its databases cannot hold.
    private const double Infinite = double.MaxValue;

    public static async Task ReadAsync(string file, MlflowModels models, CancellationToken ct)
    {
        var importer = models.Runs;
        SQLitePCL.Batteries_V2.Init();
        try
        {
            await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            await connection.OpenAsync(ct).ConfigureAwait(false);
            // One snapshot of all tables, should somebody write meanwhile.
            await using var transaction = connection.BeginTransaction(deferred: true);
            var schema = new MlflowSchema(connection, transaction);
            if (!schema.Has("experiments", "experiment_id") || !schema.Has("runs", "run_uuid"))
                throw new LodeException(ErrorCode.InvalidArgument, $"'{file}' is a SQLite database, but not MLflow's: it lacks the tables experiments and runs.");
            await ReadExperimentsAsync(schema, importer, ct).ConfigureAwait(false);
            await ReadRunsAsync(schema, models, ct).ConfigureAwait(false);
            await MlflowModelTables.ReadLoggedAsync(schema, models, ct).ConfigureAwait(false);
            await MlflowModelTables.ReadRegistryAsync(schema, models, ct).ConfigureAwait(false);
            if (schema.Has("trace_info", null) && schema.Count("trace_info") is > 0 and var count)
                importer.Skip("traces", "this lode does not import them yet", count);
        }
        catch (SqliteException error) when (error.SqliteErrorCode is 11 or 26)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"'{file}' is no SQLite database, or a damaged one ({error.Message.TrimEnd('.')}).", null, error);
        }
    }

    private static async Task ReadExperimentsAsync(MlflowSchema schema, RunImporter importer, CancellationToken ct)
    {
        var tags = new Dictionary<long, Dictionary<string, string>>();
        if (schema.Has("experiment_tags", "value"))
        {
            using var rows = schema.Read("SELECT experiment_id, key, value FROM experiment_tags WHERE value IS NOT NULL");
            while (rows.Read())
            {
                if (!MlflowImport.Takes(importer, "experiment tags", rows.GetString(1)))
                    continue;
                if (!tags.TryGetValue(rows.GetInt64(0), out var bag))
                    tags.Add(rows.GetInt64(0), bag = []);
                bag[rows.GetString(1)] = NameRules.Truncate(rows.GetString(2), NameRules.MaxProjectTagLength);
            }
        }
        var created = schema.Has("experiments", "creation_time") ? "creation_time" : "NULL";
        var updated = schema.Has("experiments", "last_update_time") ? "last_update_time" : "NULL";
        using var experiments = schema.Read($"SELECT experiment_id, name, artifact_location, lifecycle_stage, {created}, {updated} FROM experiments ORDER BY experiment_id");
        while (experiments.Read())
        {
            var id = experiments.GetInt64(0);
            await importer.AddProjectAsync(new Project
            {
                Id = new ProjectId(id),
                Name = experiments.GetString(1),
                ArtifactLocation = MlflowImport.LocationOf(Text(experiments, 2)),
                Lifecycle = MlflowImport.LifecycleOf(Text(experiments, 3)),
                CreatedAt = Number(experiments, 4) ?? 0,
                UpdatedAt = Number(experiments, 5) ?? Number(experiments, 4) ?? 0,
                Tags = tags.GetValueOrDefault(id) ?? [],
            }, ct).ConfigureAwait(false);
        }
    }

    private static async Task ReadRunsAsync(MlflowSchema schema, MlflowModels models, CancellationToken ct)
    {
        var importer = models.Runs;
        var (step, isNaN) = (schema.Has("metrics", "step") ? "step" : "CAST(0 AS INTEGER)", schema.Has("metrics", "is_nan") ? "is_nan" : "0");
        var deleted = schema.Has("runs", "deleted_time") ? "deleted_time" : "NULL";
        using var runs = schema.Read($"SELECT run_uuid, experiment_id, name, user_id, status, lifecycle_stage, start_time, end_time, {deleted}, {schema.Or("runs", "artifact_uri")} FROM runs ORDER BY run_uuid");
        using var @params = new ByRun(schema.Read("SELECT run_uuid, key, value FROM params ORDER BY run_uuid"));
        using var tags = new ByRun(schema.Read("SELECT run_uuid, key, value FROM tags WHERE value IS NOT NULL ORDER BY run_uuid"));
        using var counts = new ByRun(schema.Read("SELECT run_uuid, key, count(*) FROM metrics WHERE timestamp >= 0 GROUP BY run_uuid, key ORDER BY run_uuid"));
        var datasets = ReadDatasets(schema);
        using var inputs = datasets.Count == 0 ? null : new ByRun(schema.Read("SELECT destination_id, source_id, input_uuid FROM inputs WHERE source_type = 'DATASET' AND destination_type = 'RUN' ORDER BY destination_id"));
        using var modelUses = schema.Has("inputs", "step") ? new ByRun(schema.Read("SELECT source_id, destination_id, destination_type, step FROM inputs WHERE destination_type IN ('MODEL_INPUT', 'MODEL_OUTPUT') ORDER BY source_id")) : null;
        var inputTags = datasets.Count == 0 ? [] : ReadInputTags(schema);
        using var metrics = new ByRun(schema.Read($"SELECT run_uuid, key, value, timestamp, {step}, {isNaN} FROM metrics ORDER BY run_uuid, key, timestamp, {step}"));
        while (runs.Read())
        {
            var uuid = runs.GetString(0);
            var (bag, marks, sizes) = (new Dictionary<string, string>(), new Dictionary<string, string>(), new Dictionary<string, MetricSummary>());
            @params.Each(uuid, row => Keep(importer, "params", bag, row));
            tags.Each(uuid, row => Keep(importer, "tags", marks, row));
            var read = new List<DatasetInput>();
            inputs?.Each(uuid, row =>
            {
                if (datasets.TryGetValue(row.GetString(1), out var dataset))
                    read.Add(new DatasetInput { Dataset = dataset, Tags = inputTags.GetValueOrDefault(row.GetString(2)) ?? [] });
            });
            var (modelsRead, outputs) = (new List<string>(), new List<ModelOutput>());
            modelUses?.Each(uuid, row =>
            {
                if (row.GetString(2) == "MODEL_INPUT")
                    modelsRead.Add(row.GetString(1));
                else
                    outputs.Add(new ModelOutput(row.GetString(1), Number(row, 3) ?? 0));
            });
            counts.Each(uuid, row =>
            {
                if (MlflowImport.Takes(importer, "metrics", row.GetString(1)))
                    sizes[row.GetString(1)] = new MetricSummary { Count = row.GetInt64(2) };
            });
            if (!RunId.TryParse(uuid, null, out var id) || runs.IsDBNull(1))
            {
                importer.Skip("runs", runs.IsDBNull(1) ? "they belong to no experiment" : $"the id '{uuid}' is not 32 hexadecimal digits");
                continue;
            }
            var lifecycle = MlflowImport.LifecycleOf(Text(runs, 5));
            var begun = await importer.BeginRunAsync(new Run
            {
                Id = id,
                ProjectId = new ProjectId(runs.GetInt64(1)),
                Name = MlflowImport.NameOf(id, Text(runs, 2), marks),
                User = Text(runs, 3) ?? "",
                Status = MlflowImport.Status(Text(runs, 4)),
                Lifecycle = lifecycle,
                StartedAt = Number(runs, 6),
                EndedAt = Number(runs, 7),
                DeletedAt = lifecycle == Lifecycle.Deleted ? Number(runs, 8) : null,
                Params = bag,
                Tags = marks,
                Metrics = sizes,
                Lineage = new RunLineage { Datasets = read, ModelInputs = modelsRead, ModelOutputs = outputs },
            }, ct).ConfigureAwait(false);
            await models.AddFilesAsync(new ProjectId(runs.GetInt64(1)), id, [Text(runs, 9)], ct).ConfigureAwait(false);
            while (begun && metrics.Next(uuid) is { } row)
            {
                var key = row.GetString(1);
                if (!sizes.ContainsKey(key) || row.GetInt64(3) < 0)
                {
                    if (row.GetInt64(3) < 0)
                        importer.Skip("metric points", "their time is before 1970");
                    continue;
                }
                var value = row.GetDouble(2);
                value = row.GetInt64(5) != 0 ? double.NaN : Math.Abs(value) >= Infinite ? Math.CopySign(double.PositiveInfinity, value) : value;
                await importer.AddAsync(new MetricPoint(key, value, row.GetInt64(3), row.GetInt64(4)), ct).ConfigureAwait(false);
            }
        }
    }

    private static Dictionary<string, TrackedDataset> ReadDatasets(MlflowSchema schema)
    {
        var datasets = new Dictionary<string, TrackedDataset>();
        if (!schema.Has("datasets", "dataset_uuid") || !schema.Has("inputs", "input_uuid") || !schema.Has("input_tags", "input_uuid"))
            return datasets;
        using var rows = schema.Read("SELECT dataset_uuid, name, digest, dataset_source_type, dataset_source, dataset_schema, dataset_profile FROM datasets");
        while (rows.Read())
        {
            datasets[rows.GetString(0)] = new TrackedDataset
            {
                Name = rows.GetString(1),
                Digest = rows.GetString(2),
                SourceType = rows.GetString(3),
                Source = rows.GetString(4),
                Schema = Text(rows, 5),
                Profile = Text(rows, 6),
            };
        }
        return datasets;
    }

    private static Dictionary<string, Dictionary<string, string>> ReadInputTags(MlflowSchema schema)
    {
        var tags = new Dictionary<string, Dictionary<string, string>>();
        using var rows = schema.Read("SELECT input_uuid, name, value FROM input_tags");
        while (rows.Read())
        {
            if (!tags.TryGetValue(rows.GetString(0), out var bag))
                tags.Add(rows.GetString(0), bag = []);
            bag[rows.GetString(1)] = rows.GetString(2);
        }
        return tags;
    }

    private static void Keep(RunImporter importer, string what, Dictionary<string, string> bag, DbDataReader row)
    {
        if (MlflowImport.Takes(importer, what, row.GetString(1)))
            bag[row.GetString(1)] = row.GetString(2);
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : Convert.ToString(row.GetValue(column), CultureInfo.InvariantCulture);

    private static long? Number(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    /// <summary>Rows ordered by run, given out run by run; those of runs that are not asked for are passed over.</summary>
    private sealed class ByRun : IDisposable
    {
        private readonly SqliteDataReader _rows;
        private bool _has;
        private bool _given;

        public ByRun(SqliteDataReader rows)
        {
            _rows = rows;
            _has = rows.Read();
        }

        /// <summary>The next row of that run; null after its last.</summary>
        public SqliteDataReader? Next(string run)
        {
            if (_given)
                _has = _rows.Read();
            _given = false;
            while (_has && string.CompareOrdinal(_rows.GetString(0), run) < 0)
                _has = _rows.Read();
            _given = _has && _rows.GetString(0) == run;
            return _given ? _rows : null;
        }

        public void Each(string run, Action<SqliteDataReader> use)
        {
            while (Next(run) is { } row)
                use(row);
        }

        public void Dispose() => _rows.Dispose();
    }
}
