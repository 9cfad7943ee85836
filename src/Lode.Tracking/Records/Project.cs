using Lode.Core;

namespace Lode.Tracking;

/// <summary>A named group of runs; MLflow's REST calls it an experiment. A snapshot.</summary>
public sealed record Project
{
    /// <summary>Given by the store, never reused.</summary>
    public required ProjectId Id { get; init; }

    /// <summary>Unique among all projects, those in the trash included; 1 to 500 characters.</summary>
    public required string Name { get; init; }

    /// <summary>In use or in the trash.</summary>
    public Lifecycle Lifecycle { get; init => field = value == 0 ? field : value; } = Lifecycle.Active;

    /// <summary>Where its artifacts lie, a URI; null = the server's default place.</summary>
    public string? ArtifactLocation { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Milliseconds since 1970 UTC; of the project itself, not of its runs.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>When it went into the trash, milliseconds since 1970 UTC; null while it is in use.</summary>
    public long? DeletedAt { get; init; }

    /// <summary>Free notes by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = value ?? field; } = new Dictionary<string, string>();

    /// <summary>How many runs that are not in the trash stand in which status; zeros where they were not counted.</summary>
    public RunCounts Runs { get; init; } = new();

    /// <summary>When its newest run was started, milliseconds since 1970 UTC; null without runs and where they were not counted.</summary>
    public long? LastRunAt { get; init; }
}

/// <summary>Runs of a project by status; those in the trash are not counted.</summary>
public sealed record RunCounts
{
    /// <summary>All of them.</summary>
    public int Total { get; init; }

    /// <summary>At work.</summary>
    public int Running { get; init; }

    /// <summary>Not started.</summary>
    public int Scheduled { get; init; }

    /// <summary>Ended well.</summary>
    public int Finished { get; init; }

    /// <summary>Ended with an error.</summary>
    public int Failed { get; init; }

    /// <summary>Stopped from outside.</summary>
    public int Killed { get; init; }

    /// <summary>Silent for too long.</summary>
    public int Stale { get; init; }
}

/// <summary>What a new project is made of.</summary>
/// <remarks>Absent in JSON means the default, here and in the records below.</remarks>
public sealed record NewProject
{
    /// <summary>1 to 500 characters, not blank, unique.</summary>
    public required string Name { get; init; }

    /// <summary>A URI; null = the server's default place.</summary>
    public string? ArtifactLocation { get; init; }

    /// <summary>Free notes by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = value ?? field; } = new Dictionary<string, string>();
}

/// <summary>What to change in a project; null leaves a field as it is.</summary>
public sealed record ProjectChange
{
    /// <summary>A new name, unique.</summary>
    public string? Name { get; init; }

    /// <summary>Into the trash (its runs go too) or back (all its runs come back).</summary>
    public Lifecycle? Lifecycle { get; init; }

    /// <summary>Tags to set; a null value removes the tag.</summary>
    public IReadOnlyDictionary<string, string?> Tags { get; init => field = value ?? field; } = new Dictionary<string, string?>();
}
