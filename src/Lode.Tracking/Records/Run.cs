using Lode.Core;

namespace Lode.Tracking;

/// <summary>One execution of a program, with all that is known of it but metric histories. A snapshot.</summary>
public sealed record Run
{
    /// <summary>Made by whoever starts the run.</summary>
    public required RunId Id { get; init; }

    /// <summary>The project it belongs to.</summary>
    public required ProjectId ProjectId { get; init; }

    /// <summary>For people; need not be unique.</summary>
    public required string Name { get; init; }

    /// <summary>Where it stands.</summary>
    public RunStatus Status { get; init => field = value == 0 ? field : value; } = RunStatus.Running;

    /// <summary>In use or in the trash.</summary>
    public Lifecycle Lifecycle { get; init => field = value == 0 ? field : value; } = Lifecycle.Active;

    /// <summary>Who started it; may be empty.</summary>
    public string User { get; init => field = value ?? field; } = "";

    /// <summary>Milliseconds since 1970 UTC; null when it was never said.</summary>
    public long? StartedAt { get; init; }

    /// <summary>Milliseconds since 1970 UTC; null while it runs.</summary>
    public long? EndedAt { get; init; }

    /// <summary>When it went into the trash, milliseconds since 1970 UTC; null while it is in use.</summary>
    public long? DeletedAt { get; init; }

    /// <summary>Where its artifacts lie: its project's place, its id, <c>artifacts</c>. Given by the store.</summary>
    public string ArtifactUri { get; init; } = "";

    /// <summary>Rises with every change, over all runs of the store: the cursor of live updates.</summary>
    public long Version { get; init; }

    /// <summary>What the run was given; written once.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init => field = value ?? field; } = new Dictionary<string, string>();

    /// <summary>Free notes; may be rewritten.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = value ?? field; } = new Dictionary<string, string>();

    /// <summary>Each metric's summary.</summary>
    public IReadOnlyDictionary<string, MetricSummary> Metrics { get; init => field = value ?? field; } = new Dictionary<string, MetricSummary>();

    /// <summary>The datasets and logged models that the run read and made.</summary>
    public RunLineage Lineage { get; init => field = value ?? field; } = new();
}

/// <summary>What a new run is made of.</summary>
/// <remarks>Absent in JSON means the default, here and in the records below.</remarks>
public sealed record NewRun
{
    /// <summary>Made with <see cref="RunId.New"/>.</summary>
    public required RunId Id { get; init; }

    /// <summary>An existing project that is not in the trash.</summary>
    public required ProjectId ProjectId { get; init; }

    /// <summary>For people; null = a name made from the id.</summary>
    public string? Name { get; init; }

    /// <summary>Who starts it.</summary>
    public string User { get; init => field = value ?? field; } = "";

    /// <summary>Milliseconds since 1970 UTC; null when not said.</summary>
    public long? StartedAt { get; init; }

    /// <summary>Free notes.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = value ?? field; } = new Dictionary<string, string>();
}

/// <summary>What to change in a run; null leaves a field as it is.</summary>
public sealed record RunChange
{
    /// <summary>A new name, not empty.</summary>
    public string? Name { get; init; }

    /// <summary>A new status; any may follow any.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long? EndedAt { get; init; }

    /// <summary>Into the trash or back; allowed on a run in the trash, alone of all changes.</summary>
    public Lifecycle? Lifecycle { get; init; }
}

/// <summary>Things to log to one run, taken all or none.</summary>
public sealed record RunBatch
{
    /// <summary>Points to append; an equal (key, step, time, value) is stored once.</summary>
    public IReadOnlyList<MetricPoint> Metrics { get; init => field = value ?? field; } = [];

    /// <summary>Params to write; the same value again is fine, another value is refused.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Params { get; init => field = value ?? field; } = [];

    /// <summary>Tags to set, later ones win; a null value removes the tag if it is there.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Tags { get; init => field = value ?? field; } = [];

    /// <summary>Tags to change by what they are: where one is not as it was read, nothing of the batch is written.</summary>
    public IReadOnlyList<TagRevision> Revisions { get; init => field = value ?? field; } = [];
}

/// <summary>A tag that is written only if it is what its writer believes it to be.</summary>
/// <param name="Key">Of the tag.</param>
/// <param name="Old">Its value, as a store gave it; null = there is no such tag.</param>
/// <param name="Value">Its new value.</param>
public sealed record TagRevision(string Key, string? Old, string Value);
