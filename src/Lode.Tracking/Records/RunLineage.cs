using Lode.Core;

namespace Lode.Tracking;

/// <summary>Data that runs read: unique in its project by name and digest.</summary>
public sealed record TrackedDataset
{
    /// <summary>1 to 500 characters.</summary>
    public required string Name { get; init; }

    /// <summary>What tells this content from another of the same name; 1 to 36 characters.</summary>
    public required string Digest { get; init; }

    /// <summary>What kind of place it comes from, for example <c>local</c> or <c>http</c>; not empty.</summary>
    public required string SourceType { get; init; }

    /// <summary>The place, mostly JSON; 1 to 65,535 characters.</summary>
    public required string Source { get; init; }

    /// <summary>Its columns, mostly JSON; at most 1,048,575 characters.</summary>
    public string? Schema { get; init; }

    /// <summary>Its statistics, mostly JSON; at most 16,777,215 characters.</summary>
    public string? Profile { get; init; }
}

/// <summary>A dataset as one run used it.</summary>
public sealed record DatasetInput
{
    /// <summary>The tag that says what for, for example <c>train</c>.</summary>
    public const string ContextTag = "mlflow.data.context";

    /// <summary>The data.</summary>
    public required TrackedDataset Dataset { get; init; }

    /// <summary>The run's own notes on it: keys of 1 to 255 characters, values of at most 500.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = value ?? field; } = new Dictionary<string, string>();
}

/// <summary>A logged model that a run made.</summary>
/// <param name="ModelId">The model.</param>
/// <param name="Step">At which step.</param>
public sealed record ModelOutput(string ModelId, long Step);

/// <summary>What a run read and made besides files.</summary>
public sealed record RunLineage
{
    /// <summary>Datasets read; at most 1,000 are logged at once.</summary>
    public IReadOnlyList<DatasetInput> Datasets { get; init => field = value ?? field; } = [];

    /// <summary>Logged models read, by id.</summary>
    public IReadOnlyList<string> ModelInputs { get; init => field = value ?? field; } = [];

    /// <summary>Logged models made.</summary>
    public IReadOnlyList<ModelOutput> ModelOutputs { get; init => field = value ?? field; } = [];
}

/// <summary>A dataset that runs of a project read.</summary>
/// <param name="Project">The project.</param>
/// <param name="Name">The dataset's name.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Context">What for; null where runs did not say.</param>
public sealed record DatasetSummary(ProjectId Project, string Name, string Digest, string? Context);
