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

    private static string? Of<T>(string what, IReadOnlyDictionary<string, T> here, IReadOnlyDictionary<string, T> there)
    {
        foreach (var key in here.Keys.Union(there.Keys).Order(StringComparer.Ordinal))
        {
            object? a = here.TryGetValue(key, out var x) ? x : null, b = there.TryGetValue(key, out var y) ? y : null;
            if (!Equals(a, b))
                return Say($"{what} {key}", a, b);
        }
        return null;
    }

    private static Dictionary<string, string> Datasets(Run run) => run.Lineage.Datasets.ToDictionary(
        input => $"{input.Dataset.Name} {input.Dataset.Digest}", input => string.Join(", ", input.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}")));

    // As a store cuts them.
    private static Dictionary<string, string> Cut(IReadOnlyDictionary<string, string> bag, int length) => bag.ToDictionary(pair => pair.Key, pair => NameRules.Truncate(pair.Value, length));

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
