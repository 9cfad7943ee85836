using System.Globalization;
using Lode.Core;
using Lode.Tracking;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Lode.Storage.Mlflow;

/// <summary>Reads an <c>mlruns</c> folder: a folder an experiment, in it a folder a run, with <c>meta.yaml</c>, <c>params</c>, <c>metrics</c> and <c>tags</c>.</summary>
internal static class MlflowFolder
{
    private static readonly string[] s_notExperiments = ["models", ".trash"];
    private static readonly string[] s_notRuns = ["tags", "datasets", "traces", "models"];
    private static readonly EnumerationOptions s_all = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    public static async Task ReadAsync(string root, MlflowModels models, CancellationToken ct)
    {
        var importer = models.Runs;
        var experiments = Experiments(root, Lifecycle.Active).Concat(Experiments(Path.Combine(root, ".trash"), Lifecycle.Deleted)).ToList();
        if (experiments.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"'{root}' is no mlruns folder: no folder in it holds an experiment's meta.yaml.");
        foreach (var (folder, lifecycle) in experiments)
        {
            if (ReadMeta(folder, importer, "experiments") is not { } meta)
                continue;
            if (!long.TryParse(meta.GetValueOrDefault("experiment_id") ?? Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || meta.GetValueOrDefault("name") is not { Length: > 0 } name)
            {
                importer.Skip("experiments", $"'{folder}' has no number or no name");
                continue;
            }
            var project = new Project
            {
                Id = new ProjectId(number),
                Name = name,
                ArtifactLocation = MlflowImport.LocationOf(meta.GetValueOrDefault("artifact_location")),
                Lifecycle = meta.GetValueOrDefault("lifecycle_stage") is { } stage ? MlflowImport.LifecycleOf(stage) : lifecycle,
                CreatedAt = Number(meta, "creation_time") ?? 0,
                UpdatedAt = Number(meta, "last_update_time") ?? Number(meta, "creation_time") ?? 0,
                Tags = Texts(Path.Combine(folder, "tags"), importer, "experiment tags").ToDictionary(tag => tag.Key, tag => NameRules.Truncate(tag.Value, NameRules.MaxProjectTagLength)),
            };
            await importer.AddProjectAsync(project, ct).ConfigureAwait(false);
            foreach (var run in Directory.GetDirectories(folder).Where(run => !s_notRuns.Contains(Path.GetFileName(run))).Order(StringComparer.Ordinal))
                await ReadRunAsync(run, project.Id, models, ct).ConfigureAwait(false);
            SkipFolders(Path.Combine(folder, "traces"), "traces", importer);
            await MlflowModelFolders.ReadLoggedAsync(folder, project.Id, models, ct).ConfigureAwait(false);
        }
        await MlflowModelFolders.ReadRegistryAsync(root, models, ct).ConfigureAwait(false);
    }

    private static IEnumerable<(string Folder, Lifecycle Lifecycle)> Experiments(string root, Lifecycle lifecycle) => !Directory.Exists(root) ? [] : Directory.GetDirectories(root)
        .Where(folder => !s_notExperiments.Contains(Path.GetFileName(folder)) && File.Exists(Path.Combine(folder, "meta.yaml")))
        .Order(StringComparer.Ordinal)
        .Select(folder => (folder, lifecycle));

    private static void SkipFolders(string folder, string what, RunImporter importer)
    {
        if (Directory.Exists(folder) && Directory.GetDirectories(folder).Length is > 0 and var count)
            importer.Skip(what, "this lode does not import them yet", count);
    }

    private static async Task ReadRunAsync(string folder, ProjectId project, MlflowModels models, CancellationToken ct)
    {
        var importer = models.Runs;
        if (ReadMeta(folder, importer, "runs") is not { } meta)
            return;
        var uuid = meta.GetValueOrDefault("run_id") ?? meta.GetValueOrDefault("run_uuid") ?? Path.GetFileName(folder);
        if (!RunId.TryParse(uuid, null, out var id))
        {
            importer.Skip("runs", $"the id '{uuid}' is not 32 hexadecimal digits");
            return;
        }
        var metrics = Histories(Path.Combine(folder, "metrics"), importer);
        var tags = Texts(Path.Combine(folder, "tags"), importer, "tags").ToDictionary();
        var lifecycle = MlflowImport.LifecycleOf(meta.GetValueOrDefault("lifecycle_stage"));
        var begun = await importer.BeginRunAsync(new Run
        {
            Id = id,
            ProjectId = project,
            Name = MlflowImport.NameOf(id, meta.GetValueOrDefault("run_name") ?? meta.GetValueOrDefault("name"), tags),
            User = meta.GetValueOrDefault("user_id") ?? "",
            Status = MlflowImport.Status(meta.GetValueOrDefault("status")),
            Lifecycle = lifecycle,
            StartedAt = Number(meta, "start_time"),
            EndedAt = Number(meta, "end_time"),
            DeletedAt = lifecycle == Lifecycle.Deleted ? Number(meta, "deleted_time") : null,
            Params = Texts(Path.Combine(folder, "params"), importer, "params").ToDictionary(),
            Tags = tags,
            Metrics = metrics.ToDictionary(metric => metric.Key, metric => new MetricSummary { Count = metric.Value.Count }),
            Lineage = new RunLineage { Datasets = Datasets(folder, importer), ModelInputs = [.. Uses(Path.Combine(folder, "inputs"), "MODEL_INPUT", importer).Select(model => model.ModelId)], ModelOutputs = [.. Uses(Path.Combine(folder, "outputs"), "MODEL_OUTPUT", importer)] },
        }, ct).ConfigureAwait(false);
        await models.AddFilesAsync(project, id, [Path.Combine(folder, "artifacts"), meta.GetValueOrDefault("artifact_uri")], ct).ConfigureAwait(false);
        foreach (var (_, points) in metrics)
        {
            for (var i = 0; begun && i < points.Count; i++)
                await importer.AddAsync(points[i], ct).ConfigureAwait(false);
        }
    }

    /// <summary>The datasets that a run read: <c>inputs/ID/meta.yaml</c> names one of the experiment's <c>datasets/ID/meta.yaml</c>, and the run's tags on it.</summary>
    private static List<DatasetInput> Datasets(string run, RunImporter importer)
    {
        var read = new List<DatasetInput>();
        var inputs = Path.Combine(run, "inputs");
        foreach (var input in Directory.Exists(inputs) ? Directory.GetDirectories(inputs).Order(StringComparer.Ordinal).ToArray() : [])
        {
            if (ReadMeta(input, importer, "datasets") is not { } meta || meta.GetValueOrDefault("source_type", "DATASET") is not "DATASET" || meta.GetValueOrDefault("source_id") is not { } id)
                continue;
            if (ReadMeta(Path.Combine(Path.GetDirectoryName(run)!, "datasets", id), importer, "datasets") is not { } dataset || !dataset.ContainsKey("name") || !dataset.ContainsKey("digest"))
                continue;
            read.Add(new DatasetInput
            {
                Dataset = new TrackedDataset
                {
                    Name = dataset["name"],
                    Digest = dataset["digest"],
                    SourceType = dataset.GetValueOrDefault("source_type") ?? "local",
                    Source = dataset.GetValueOrDefault("source") ?? "{}",
                    Schema = dataset.GetValueOrDefault("schema"),
                    Profile = dataset.GetValueOrDefault("profile"),
                },
                Tags = meta.Where(pair => pair.Key.StartsWith("tags.", StringComparison.Ordinal)).ToDictionary(pair => pair.Key["tags.".Length..], pair => pair.Value),
            });
        }
        return read;
    }

    /// <summary>The logged models that a run read or made: <c>inputs/ID/meta.yaml</c>, <c>outputs/ID/meta.yaml</c>.</summary>
    private static IEnumerable<ModelOutput> Uses(string folder, string kind, RunImporter importer)
    {
        foreach (var use in Directory.Exists(folder) ? Directory.GetDirectories(folder).Order(StringComparer.Ordinal).ToArray() : [])
        {
            if (ReadMeta(use, importer, "models read or made") is { } meta && meta.GetValueOrDefault("destination_type") == kind && meta.GetValueOrDefault("destination_id") is { } id)
                yield return new ModelOutput(id, Number(meta, "step") ?? 0);
        }
    }

    /// <summary>A flat meta.yaml, with what lies one deeper under <c>outer.inner</c>; null, and noted, where there is none or it cannot be read.</summary>
    internal static Dictionary<string, string>? ReadMeta(string folder, RunImporter importer, string what)
    {
        var file = Path.Combine(folder, "meta.yaml");
        try
        {
            using var reader = new StreamReader(file);
            var yaml = new YamlStream();
            yaml.Load(reader);
            if (yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is not YamlMappingNode mapping)
            {
                importer.Skip(what, $"'{file}' is empty");
                return null;
            }
            var meta = new Dictionary<string, string>();
            foreach (var (key, value) in mapping.Children)
            {
                if (key is not YamlScalarNode { Value: { } name })
                    continue;
                if (Text(value) is { } text)
                    meta[name] = text;
                if (value is not YamlMappingNode deeper)
                    continue;
                foreach (var (innerKey, innerValue) in deeper.Children)
                {
                    if (innerKey is YamlScalarNode { Value: { } inner } && Text(innerValue) is { } innerText)
                        meta[$"{name}.{inner}"] = innerText;
                }
            }
            return meta;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or YamlException)
        {
            importer.Skip(what, $"'{file}' cannot be read: {error.Message}");
            return null;
        }
    }

    // A plain null is no text; a quoted one is.
    private static string? Text(YamlNode node) => node is YamlScalarNode { Value: { } text } scalar && !(scalar.Style == ScalarStyle.Plain && text is "null" or "~" or "") ? text : null;

    /// <summary>Every file below a folder: its path is the key, its content the value.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> Texts(string folder, RunImporter importer, string what) => Files(folder)
        .Where(file => MlflowImport.Takes(importer, what, file.Key))
        .Select(file => new KeyValuePair<string, string>(file.Key, File.ReadAllText(file.Path)));

    private static IEnumerable<(string Key, string Path)> Files(string folder) => !Directory.Exists(folder) ? [] : Directory.GetFiles(folder, "*", s_all)
        .Select(file => (Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'), file))
        .OrderBy(file => file.Item1, StringComparer.Ordinal);

    /// <summary>Each metric's points, equal ones once.</summary>
    private static Dictionary<string, List<MetricPoint>> Histories(string folder, RunImporter importer)
    {
        var histories = new Dictionary<string, List<MetricPoint>>();
        foreach (var (key, path) in Files(folder))
        {
            if (!MlflowImport.Takes(importer, "metrics", key))
                continue;
            var (seen, points) = (new HashSet<(long, long, long)>(), new List<MetricPoint>());
            foreach (var line in File.ReadLines(path))
            {
                if (line.Length == 0)
                    continue;
                if (!TryParse(key, line, out var point))
                    importer.Skip("metric lines", $"metric '{key}' has lines that are not 'time value step'");
                else if (seen.Add((BitConverter.DoubleToInt64Bits(point.Value + 0.0), point.Time, point.Step)))
                    points.Add(point);
            }
            if (points.Count > 0)
                histories.Add(key, points);
        }
        return histories;
    }

    /// <summary>A line is <c>time value</c> in the oldest folders, <c>time value step</c> later, and may name a dataset after that.</summary>
    internal static bool TryParse(string key, ReadOnlySpan<char> line, out MetricPoint point)
    {
        point = default;
        Span<Range> parts = stackalloc Range[4];
        var count = line.Split(parts, ' ', StringSplitOptions.RemoveEmptyEntries);
        var step = 0L;
        if (count < 2 || !long.TryParse(line[parts[0]], NumberStyles.None, CultureInfo.InvariantCulture, out var time) || (count > 2 && !long.TryParse(line[parts[2]], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out step)))
            return false;
        var text = line[parts[1]];
        double value;
        if (text.TrimStart("+-").Equals("inf", StringComparison.OrdinalIgnoreCase))
            value = text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        else if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            return false;
        point = new MetricPoint(key, value, time, step);
        return true;
    }

    internal static long? Number(Dictionary<string, string> meta, string key) =>
        meta.TryGetValue(key, out var text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
