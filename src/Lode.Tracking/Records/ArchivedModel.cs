namespace Lode.Tracking;

/// <summary>A registered model with all that belongs to it, as exports keep it. A snapshot.</summary>
public sealed record ArchivedModel
{
    /// <summary>Unique; see <see cref="ModelRules.CheckName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; null = none was given.</summary>
    public string? Description { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>The greatest number that a version was ever given; it is not given again, whether that version is still there or not.</summary>
    public long LastVersion { get; init; }

    /// <summary>Free notes by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = value ?? field; } = new Dictionary<string, string>();

    /// <summary>The number that each alias leads to, also of a version that was deleted.</summary>
    public IReadOnlyDictionary<string, long> Aliases { get; init => field = value ?? field; } = new Dictionary<string, long>();

    /// <summary>All versions, by rising number.</summary>
    public IReadOnlyList<ArchivedVersion> Versions { get; init => field = value ?? field; } = [];
}

/// <summary>One version of an <see cref="ArchivedModel"/>.</summary>
public sealed record ArchivedVersion
{
    /// <summary>From 1 up.</summary>
    public required long Version { get; init; }

    /// <summary>What it was registered from, a URI.</summary>
    public required string Source { get; init; }

    /// <summary>Where its files lie; empty = at <see cref="Source"/>.</summary>
    public string Location { get; init => field = value ?? field; } = "";

    /// <summary>The id of the run that made it; null = not said.</summary>
    public string? RunId { get; init; }

    /// <summary>A link to that run; null = not said.</summary>
    public string? RunLink { get; init; }

    /// <summary>The id of the logged model that it is; null = not said.</summary>
    public string? ModelId { get; init; }

    /// <summary>Free text; null = none.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands on its way into use.</summary>
    public ModelStage Stage { get; init => field = value == 0 ? field : value; } = ModelStage.None;

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>Free notes by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = value ?? field; } = new Dictionary<string, string>();
}

/// <summary>Logged models of a project.</summary>
/// <param name="Models">By id.</param>
public sealed record LoggedModelList(IReadOnlyList<LoggedModel> Models);

/// <summary>Registered models with all that belongs to them.</summary>
/// <param name="Models">In the order in which they were made.</param>
public sealed record ArchivedModelList(IReadOnlyList<ArchivedModel> Models);
