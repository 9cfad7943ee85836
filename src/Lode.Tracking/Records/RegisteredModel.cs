namespace Lode.Tracking;

/// <summary>A named model and what is kept of it as a whole; its content is in its versions. A snapshot.</summary>
public sealed record RegisteredModel
{
    /// <summary>Unique; 1 to 500 characters without <c>/</c> and <c>:</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; null = none was given.</summary>
    public string? Description { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When the description, the name, or a version's being or stage changed last, milliseconds since 1970 UTC; tags and aliases do not count.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>Free notes by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The version that each alias leads to.</summary>
    public IReadOnlyDictionary<string, long> Aliases { get; init; } = new Dictionary<string, long>();

    /// <summary>The newest version of each stage that has one, by rising version.</summary>
    public IReadOnlyList<ModelVersion> LatestVersions { get; init; } = [];
}

/// <summary>One version of a registered model: where its files lie and what made it. A snapshot.</summary>
public sealed record ModelVersion
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>From 1 up, given by the store; the number of a deleted version is not given again.</summary>
    public required long Version { get; init; }

    /// <summary>What it was registered from, a URI; <c>models:/ID</c> for a logged model.</summary>
    public required string Source { get; init; }

    /// <summary>The id of the run that made it; null = not said.</summary>
    public string? RunId { get; init; }

    /// <summary>A link to that run; null = not said.</summary>
    public string? RunLink { get; init; }

    /// <summary>The id of the logged model that it is; null = not said.</summary>
    public string? ModelId { get; init; }

    /// <summary>Free text; null = none.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands on its way into use.</summary>
    public ModelStage Stage { get; init; } = ModelStage.None;

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When the description, the stage or the model's name changed last, milliseconds since 1970 UTC.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>Free notes by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The aliases that lead here, in alphabetical order.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];
}

/// <summary>Where a version stands on its way into use. Aliases say the same with names of one's own.</summary>
public enum ModelStage
{
    /// <summary>Nowhere yet.</summary>
    None = 1,

    /// <summary>On trial.</summary>
    Staging = 2,

    /// <summary>In use.</summary>
    Production = 3,

    /// <summary>No longer in use.</summary>
    Archived = 4,
}

/// <summary>What a new model is made of.</summary>
public sealed record NewRegisteredModel
{
    /// <summary>Unique; see <see cref="ModelRules.CheckName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; null = none.</summary>
    public string? Description { get; init; }

    /// <summary>Free notes by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>What a new version is made of.</summary>
public sealed record NewModelVersion
{
    /// <summary>The name of a model that exists.</summary>
    public required string Model { get; init; }

    /// <summary>A URI; see <see cref="IModelRegistry.CreateVersionAsync"/> for what is taken.</summary>
    public required string Source { get; init; }

    /// <summary>The id of the run that made it; null = not said (then the logged model's, if that knows one).</summary>
    public string? RunId { get; init; }

    /// <summary>A link to that run; null = not said.</summary>
    public string? RunLink { get; init; }

    /// <summary>The id of a logged model, which is then told of its registration; null = none.</summary>
    public string? ModelId { get; init; }

    /// <summary>Free text; null = none.</summary>
    public string? Description { get; init; }

    /// <summary>Free notes by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>Which models or versions to find, and in what order.</summary>
/// <remarks>
/// Attributes of models: name; to sort by also updated. Of versions: name, run, source, version; to sort by name, version, created, updated.
/// Prompts (tag <see cref="ModelRules.PromptTag"/> = true) are found only where a clause names that tag; with <c>!=</c> it also holds for what lacks it.
/// </remarks>
public sealed record RegistryQuery
{
    /// <summary>Clauses over attributes and tags that must all hold; default none.</summary>
    public RunFilter Filter { get; init; } = RunFilter.All;

    /// <summary>Default: models by name; versions by latest update. Ties by name, then by falling version; of equal times, what came later counts as later.</summary>
    public IReadOnlyList<RunOrder> Order { get; init; } = [];

    /// <summary>Entries to pass over; at least 0.</summary>
    public int Offset { get; init; }

    /// <summary>Entries to return at most; at least 1, default 100.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>Models found.</summary>
/// <param name="Models">In order.</param>
/// <param name="HasMore">Whether others come after them.</param>
public sealed record RegisteredModelPage(IReadOnlyList<RegisteredModel> Models, bool HasMore);

/// <summary>Versions found.</summary>
/// <param name="Versions">In order.</param>
/// <param name="HasMore">Whether others come after them.</param>
public sealed record ModelVersionPage(IReadOnlyList<ModelVersion> Versions, bool HasMore);
