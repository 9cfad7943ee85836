using System.Globalization;

namespace Lode.Tracking;

/// <summary>Tells two records of the same run apart.</summary>
internal static class RunDifference
{
    /// <summary>The first thing that differs; null where nothing does. Versions and places are the store's own and not compared; of metrics, the numbers of points are.</summary>
    public static string? Of(Run here, Run there)
    {
        foreach (var (name, a, b) in new (string, object?, object?)[]
        {
            ("project", here.ProjectId, there.ProjectId), ("name", here.Name, there.Name), ("status", here.Status, there.Status), ("lifecycle", here.Lifecycle, there.Lifecycle),
            ("user", here.User, there.User), ("started", here.StartedAt, there.StartedAt), ("ended", here.EndedAt, there.EndedAt),
        })
        {
            if (!Equals(a, b))
                return Say(name, a, b);
        }
        return Of("param", here.Params, Cut(there.Params, NameRules.MaxParamLength))
            ?? Of("tag", here.Tags, Cut(there.Tags, NameRules.MaxTagLength))
            ?? Of("dataset", Datasets(here), Datasets(there))
            ?? Of("model read", here.Lineage.ModelInputs.ToDictionary(id => id, _ => "yes"), there.Lineage.ModelInputs.ToDictionary(id => id, _ => "yes"))
            ?? Of("model made at step", here.Lineage.ModelOutputs.ToDictionary(model => model.ModelId, model => model.Step), there.Lineage.ModelOutputs.ToDictionary(model => model.ModelId, model => model.Step))
            ?? Of("points of metric", here.Metrics.ToDictionary(metric => metric.Key, metric => metric.Value.Count), there.Metrics.ToDictionary(metric => metric.Key, metric => metric.Value.Count));
    }

    /// <summary>Why <paramref name="there"/> cannot be what <paramref name="here"/> became as it went on; null where it can.</summary>
    public static string? Against(Run here, Run there)
    {
        var (both, shared) = (there.Params.Keys.Where(here.Params.ContainsKey).ToList(), there.Tags.Keys.Where(key => here.Tags.ContainsKey(key) && !key.StartsWith(TrackersOwn, StringComparison.Ordinal)).ToList());
        var fewer = there.Metrics.Where(metric => here.Metrics.TryGetValue(metric.Key, out var known) && known.Count > metric.Value.Count).Select(metric => metric.Key).FirstOrDefault();
        return Of(here with { Status = there.Status, EndedAt = there.EndedAt, Params = Only(here.Params, both), Tags = Only(here.Tags, shared), Lineage = there.Lineage, Metrics = there.Metrics },
                there with { Params = Only(there.Params, both), Tags = Only(there.Tags, shared) })
            ?? (fewer is null ? null : Say($"points of metric {fewer}", here.Metrics[fewer].Count, there.Metrics[fewer].Count));
    }

    /// <summary>A run that went on: all that either says; of what both say, the later.</summary>
    public static Run Extended(Run here, Run there) => there with
    {
        DeletedAt = there.DeletedAt ?? here.DeletedAt,
        Params = Both(here.Params, there.Params),
        Tags = Both(here.Tags, there.Tags),
        Metrics = Both(here.Metrics, there.Metrics),
        Lineage = new RunLineage
        {
            Datasets = [.. here.Lineage.Datasets.UnionBy(there.Lineage.Datasets, input => (input.Dataset.Name, input.Dataset.Digest))],
            ModelInputs = [.. here.Lineage.ModelInputs.Union(there.Lineage.ModelInputs)],
            ModelOutputs = [.. there.Lineage.ModelOutputs.UnionBy(here.Lineage.ModelOutputs, model => model.ModelId)],
        },
    };

    // MLflow's own tags follow it; a person's notes here are left alone.
    private const string TrackersOwn = "mlflow.";

    private static Dictionary<string, string> Only(IReadOnlyDictionary<string, string> bag, List<string> keys) => keys.ToDictionary(key => key, key => bag[key]);

    private static Dictionary<string, T> Both<T>(IReadOnlyDictionary<string, T> here, IReadOnlyDictionary<string, T> there) =>
        there.Concat(here.Where(pair => !there.ContainsKey(pair.Key))).ToDictionary();

    /// <summary>The first key whose values differ; null where none does.</summary>
    public static string? Of<T>(string what, IReadOnlyDictionary<string, T> here, IReadOnlyDictionary<string, T> there)
    {
        foreach (var key in here.Keys.Union(there.Keys).Order(StringComparer.Ordinal))
        {
            object? a = here.TryGetValue(key, out var x) ? x : null, b = there.TryGetValue(key, out var y) ? y : null;
            if (!Equals(a, b))
                return Say($"{what} {key}".TrimStart(), a, b);
        }
        return null;
    }

    private static Dictionary<string, string> Datasets(Run run) => run.Lineage.Datasets.ToDictionary(
        input => $"{input.Dataset.Name} {input.Dataset.Digest}", input => string.Join(", ", input.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}")));

    /// <summary>Values as a store cuts them.</summary>
    public static Dictionary<string, string> Cut(IReadOnlyDictionary<string, string> bag, int length) => bag.ToDictionary(pair => pair.Key, pair => NameRules.Truncate(pair.Value, length));

    private static string Say(string what, object? here, object? there) => string.Create(CultureInfo.InvariantCulture, $"{what}: {Short(here)} here, {Short(there)} there");

    private static string Short(object? value) => value switch
    {
        null => "none",
        Enum word => word.ToString().ToLowerInvariant(),
        string { Length: > 60 } text => $"'{text[..60]}…'",
        string text => $"'{text}'",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
