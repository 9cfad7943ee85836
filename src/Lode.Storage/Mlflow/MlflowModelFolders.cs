using System.Globalization;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage.Mlflow;

/// <summary>Reads the logged models and the registry of an <c>mlruns</c> folder: <c>EXPERIMENT/models/ID</c> and <c>models/NAME/version-N</c>.</summary>
internal static class MlflowModelFolders
{
    private const string VersionPrefix = "version-";

    public static async Task ReadLoggedAsync(string experiment, ProjectId project, MlflowModels models, CancellationToken ct)
    {
        foreach (var folder in Folders(Path.Combine(experiment, "models")))
        {
            if (MlflowFolder.ReadMeta(folder, models.Runs, "logged models") is not { } meta)
                continue;
            if (MlflowImport.LifecycleOf(meta.GetValueOrDefault("lifecycle_stage")) == Lifecycle.Deleted)
            {
                models.Runs.Skip("logged models", "they were deleted");
                continue;
            }
            var id = meta.GetValueOrDefault("model_id") ?? Path.GetFileName(folder);
            await models.AddAsync(
                new LoggedModel
                {
                    Id = id,
                    ProjectId = project,
                    Name = meta.GetValueOrDefault("name") ?? id,
                    ModelType = meta.GetValueOrDefault("model_type") ?? "",
                    SourceRun = meta.GetValueOrDefault("source_run_id") ?? "",
                    Status = MlflowModels.Status(meta.GetValueOrDefault("status")),
                    CreatedAt = MlflowFolder.Number(meta, "creation_timestamp") ?? 0,
                    UpdatedAt = MlflowFolder.Number(meta, "last_updated_timestamp") ?? 0,
                    Params = MlflowFolder.Texts(Path.Combine(folder, "params"), models.Runs, "params of logged models").ToDictionary(),
                    Tags = MlflowFolder.Texts(Path.Combine(folder, "tags"), models.Runs, "tags of logged models").ToDictionary(),
                    Metrics = Metrics(id, Path.Combine(folder, "metrics"), models.Runs),
                },
                [Path.Combine(folder, "artifacts"), meta.GetValueOrDefault("artifact_location")], ct).ConfigureAwait(false);
        }
    }

    public static async Task ReadRegistryAsync(string root, MlflowModels models, CancellationToken ct)
    {
        foreach (var folder in Folders(Path.Combine(root, "models")))
        {
            if (MlflowFolder.ReadMeta(folder, models.Runs, "registered models") is not { } meta)
                continue;
            var versions = new List<ArchivedVersion>();
            foreach (var place in Folders(folder).Where(place => Path.GetFileName(place).StartsWith(VersionPrefix, StringComparison.Ordinal)))
            {
                if (MlflowFolder.ReadMeta(place, models.Runs, "model versions") is not { } version)
                    continue;
                if (!long.TryParse(version.GetValueOrDefault("version") ?? Path.GetFileName(place)[VersionPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || version.GetValueOrDefault("source") is not { Length: > 0 } source)
                {
                    models.Runs.Skip("model versions", "they have no number or no source");
                    continue;
                }
                versions.Add(new ArchivedVersion
                {
                    Version = number,
                    Source = source,
                    Location = version.GetValueOrDefault("storage_location") ?? "",
                    RunId = MlflowModelTables.Said(version.GetValueOrDefault("run_id")),
                    RunLink = MlflowModelTables.Said(version.GetValueOrDefault("run_link")),
                    ModelId = MlflowModelTables.Said(version.GetValueOrDefault("model_id")) ?? (source.StartsWith("models:/m-", StringComparison.Ordinal) ? source["models:/".Length..] : null),
                    Description = MlflowModelTables.Said(version.GetValueOrDefault("description")),
                    Stage = MlflowModels.Stage(version.GetValueOrDefault("current_stage")),
                    CreatedAt = MlflowFolder.Number(version, "creation_timestamp") ?? 0,
                    UpdatedAt = MlflowFolder.Number(version, "last_updated_timestamp") ?? 0,
                    Tags = MlflowFolder.Texts(Path.Combine(place, "tags"), models.Runs, "tags of model versions").ToDictionary(),
                });
            }
            await models.AddAsync(
                new ArchivedModel
                {
                    Name = meta.GetValueOrDefault("name") ?? Path.GetFileName(folder),
                    Description = MlflowModelTables.Said(meta.GetValueOrDefault("description")),
                    CreatedAt = MlflowFolder.Number(meta, "creation_timestamp") ?? 0,
                    UpdatedAt = MlflowFolder.Number(meta, "last_updated_timestamp") ?? 0,
                    LastVersion = versions.Count == 0 ? 0 : versions.Max(version => version.Version),
                    Tags = MlflowFolder.Texts(Path.Combine(folder, "tags"), models.Runs, "tags of registered models").ToDictionary(),
                    Aliases = MlflowFolder.Texts(Path.Combine(folder, "aliases"), models.Runs, "aliases")
                        .Where(alias => long.TryParse(alias.Value.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out _))
                        .ToDictionary(alias => alias.Key, alias => long.Parse(alias.Value.Trim(), CultureInfo.InvariantCulture)),
                    Versions = versions,
                }, ct).ConfigureAwait(false);
        }
    }

    private static string[] Folders(string folder) => Directory.Exists(folder) ? [.. Directory.GetDirectories(folder).Order(StringComparer.Ordinal)] : [];

    /// <summary>A line is <c>time value step run</c>, and may name a dataset and its digest after that.</summary>
    private static List<ModelMetric> Metrics(string model, string folder, RunImporter importer)
    {
        var metrics = new List<ModelMetric>();
        foreach (var (key, text) in MlflowFolder.Texts(folder, importer, "metrics of logged models"))
        {
            foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                var parts = line.Split(' ');
                if (parts.Length is < 3 or > 6 || !MlflowFolder.TryParse(key, line, out var point))
                {
                    importer.Skip("metric lines", $"metric '{key}' of a logged model has lines that are not 'time value step run'");
                    continue;
                }
                RunId? run = parts.Length > 3 && RunId.TryParse(parts[3], null, out var found) ? found : null;
                metrics.Add(new ModelMetric(model, point, parts.Length > 4 ? parts[4] : null, parts.Length > 5 ? parts[5] : null, run));
            }
        }
        return metrics;
    }
}
