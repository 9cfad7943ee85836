using Lode.Core;

namespace Lode.Tracking;

/// <summary>What datasets may look like: MLflow's limits.</summary>
public static class DatasetRules
{
    /// <summary>Most datasets logged at once.</summary>
    public const int MaxDatasets = 1000;

    /// <summary>Refuses datasets that lack something or have too much of it, and too many of them.</summary>
    /// <exception cref="LodeException">InvalidArgument: names the field.</exception>
    public static void Check(IReadOnlyList<DatasetInput> datasets)
    {
        if (datasets.Count > MaxDatasets)
            throw new LodeException(ErrorCode.InvalidArgument, $"At most {MaxDatasets} datasets can be logged at once; got {datasets.Count}.");
        for (var i = 0; i < datasets.Count; i++)
        {
            var (dataset, path) = (datasets[i].Dataset, $"datasets[{i}]");
            Check(dataset.Name, 500, path + ".dataset.name");
            Check(dataset.Digest, 36, path + ".dataset.digest");
            Check(dataset.SourceType, 500, path + ".dataset.source_type");
            Check(dataset.Source, 65_535, path + ".dataset.source");
            CheckLength(dataset.Schema, 1_048_575, path + ".dataset.schema");
            CheckLength(dataset.Profile, 16_777_215, path + ".dataset.profile");
            foreach (var (key, value) in datasets[i].Tags)
            {
                Check(key, 255, path + ".tags.key");
                CheckLength(value, 500, path + ".tags.value");
            }
        }
    }

    private static void Check(string? text, int length, string what)
    {
        if (string.IsNullOrEmpty(text))
            throw new LodeException(ErrorCode.InvalidArgument, $"Missing value for required parameter '{what}'.");
        CheckLength(text, length, what);
    }

    private static void CheckLength(string? text, int length, string what)
    {
        if (text?.Length > length)
            throw new LodeException(ErrorCode.InvalidArgument, $"'{what}' exceeds the maximum length of {length} characters: got {text.Length}.");
    }
}
