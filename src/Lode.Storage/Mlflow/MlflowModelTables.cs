using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage.Mlflow;

/// <summary>Reads the logged models (MLflow 3) and the registry of MLflow's SQLite schema.</summary>
internal static class MlflowModelTables
{
    public static async Task ReadLoggedAsync(MlflowSchema schema, MlflowModels models, CancellationToken ct)
    {
        if (!schema.Has("logged_models", "model_id"))
            return;
        var @params = schema.Bags("SELECT model_id, param_key, param_value FROM logged_model_params");
        var tags = schema.Bags("SELECT model_id, tag_key, tag_value FROM logged_model_tags");
        var metrics = new Dictionary<string, List<ModelMetric>>(StringComparer.Ordinal);
        using (var rows = schema.Read("SELECT model_id, metric_name, metric_timestamp_ms, metric_step, metric_value, run_id, dataset_name, dataset_digest FROM logged_model_metrics ORDER BY model_id, metric_name, metric_timestamp_ms, metric_step"))
        {
            while (rows.Read())
            {
                var id = rows.GetString(0);
                if (!metrics.TryGetValue(id, out var list))
                    metrics.Add(id, list = []);
                if (!MlflowImport.Takes(models.Runs, "metrics of logged models", rows.GetString(1)))
                    continue;
                RunId? run = RunId.TryParse(MlflowSchema.Text(rows, 5), null, out var found) ? found : null;
                list.Add(new ModelMetric(id, new MetricPoint(rows.GetString(1), rows.IsDBNull(4) ? double.NaN : rows.GetDouble(4), rows.GetInt64(2), rows.GetInt64(3)), MlflowSchema.Text(rows, 6), MlflowSchema.Text(rows, 7), run));
            }
        }
        using var logged = schema.Read("SELECT model_id, experiment_id, name, model_type, source_run_id, status, creation_timestamp_ms, last_updated_timestamp_ms, artifact_location, lifecycle_stage FROM logged_models ORDER BY model_id");
        while (logged.Read())
        {
            if (MlflowImport.LifecycleOf(MlflowSchema.Text(logged, 9)) == Lifecycle.Deleted)
            {
                models.Runs.Skip("logged models", "they were deleted");
                continue;
            }
            var id = logged.GetString(0);
            await models.AddAsync(
                new LoggedModel
                {
                    Id = id,
                    ProjectId = new ProjectId(logged.GetInt64(1)),
                    Name = logged.GetString(2),
                    ModelType = MlflowSchema.Text(logged, 3) ?? "",
                    SourceRun = MlflowSchema.Text(logged, 4) ?? "",
                    Status = MlflowModels.Status(MlflowSchema.Text(logged, 5)),
                    CreatedAt = MlflowSchema.Number(logged, 6) ?? 0,
                    UpdatedAt = MlflowSchema.Number(logged, 7) ?? 0,
                    Params = Good(models, @params.GetValueOrDefault(id)),
                    Tags = Good(models, tags.GetValueOrDefault(id)),
                    Metrics = metrics.GetValueOrDefault(id) ?? [],
                },
                [MlflowSchema.Text(logged, 8)], ct).ConfigureAwait(false);
        }
    }

    public static async Task ReadRegistryAsync(MlflowSchema schema, MlflowModels models, CancellationToken ct)
    {
        if (!schema.Has("registered_models", "name"))
            return;
        Dictionary<string, Dictionary<string, string>> Bags(string table, string sql) => schema.Has(table, null) ? schema.Bags(sql) : [];
        var tags = Bags("registered_model_tags", "SELECT name, key, value FROM registered_model_tags");
        var aliases = Bags("registered_model_aliases", "SELECT name, alias, version FROM registered_model_aliases");
        var versionTags = Bags("model_version_tags", "SELECT name || '/' || version, key, value FROM model_version_tags");
        var versions = new Dictionary<string, List<ArchivedVersion>>(StringComparer.Ordinal);
        using (var rows = !schema.Has("model_versions", "version") ? null : schema.Read(
            $"SELECT name, version, source, {schema.Or("model_versions", "storage_location")}, run_id, {schema.Or("model_versions", "run_link")}, description, current_stage, creation_time, last_updated_time FROM model_versions ORDER BY name, version"))
        {
            while (rows?.Read() == true)
            {
                var (name, source) = (rows.GetString(0), MlflowSchema.Text(rows, 2) ?? "");
                if (!versions.TryGetValue(name, out var list))
                    versions.Add(name, list = []);
                // MLflow keeps a deleted version's row, made unrecognisable.
                if (MlflowSchema.Text(rows, 7) == "Deleted_Internal" || source.Length == 0)
                {
                    models.Runs.Skip("model versions", source.Length == 0 ? "they have no source" : "they were deleted; their numbers are not given again");
                    list.Add(new ArchivedVersion { Version = rows.GetInt64(1), Source = "" });
                    continue;
                }
                list.Add(new ArchivedVersion
                {
                    Version = rows.GetInt64(1),
                    Source = source,
                    Location = MlflowSchema.Text(rows, 3) ?? "",
                    RunId = Said(MlflowSchema.Text(rows, 4)),
                    RunLink = Said(MlflowSchema.Text(rows, 5)),
                    ModelId = source.StartsWith("models:/m-", StringComparison.Ordinal) ? source["models:/".Length..] : null,
                    Description = Said(MlflowSchema.Text(rows, 6)),
                    Stage = MlflowModels.Stage(MlflowSchema.Text(rows, 7)),
                    CreatedAt = MlflowSchema.Number(rows, 8) ?? 0,
                    UpdatedAt = MlflowSchema.Number(rows, 9) ?? 0,
                    Tags = Good(models, versionTags.GetValueOrDefault($"{name}/{rows.GetInt64(1).ToString(CultureInfo.InvariantCulture)}")),
                });
            }
        }
        using var registered = schema.Read("SELECT name, creation_time, last_updated_time, description FROM registered_models ORDER BY creation_time, name");
        while (registered.Read())
        {
            var all = versions.GetValueOrDefault(registered.GetString(0)) ?? [];
            await models.AddAsync(
                new ArchivedModel
                {
                    Name = registered.GetString(0),
                    CreatedAt = MlflowSchema.Number(registered, 1) ?? 0,
                    UpdatedAt = MlflowSchema.Number(registered, 2) ?? 0,
                    Description = Said(MlflowSchema.Text(registered, 3)),
                    LastVersion = all.Count == 0 ? 0 : all.Max(version => version.Version),
                    Tags = Good(models, tags.GetValueOrDefault(registered.GetString(0))),
                    Aliases = (aliases.GetValueOrDefault(registered.GetString(0)) ?? []).ToDictionary(alias => alias.Key, alias => long.Parse(alias.Value, CultureInfo.InvariantCulture)),
                    Versions = all.FindAll(version => version.Source.Length > 0),
                }, ct).ConfigureAwait(false);
        }
    }

    internal static string? Said(string? text) => string.IsNullOrEmpty(text) ? null : text;

    internal static Dictionary<string, string> Good(MlflowModels models, Dictionary<string, string>? bag) =>
        (bag ?? []).Where(pair => MlflowImport.Takes(models.Runs, "tags and params of models", pair.Key)).ToDictionary();
}
