using Lode.Core;

namespace Lode.Tracking;

/// <summary>A model that a run logged: its files lie below <see cref="ArtifactUri"/>. A snapshot.</summary>
public sealed record LoggedModel
{
    /// <summary><c>m-</c> and 32 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>The project it belongs to.</summary>
    public required ProjectId ProjectId { get; init; }

    /// <summary>For people; need not be unique.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of model; may be empty.</summary>
    public string ModelType { get; init => field = value ?? field; } = "";

    /// <summary>The run that made it; may be empty.</summary>
    public string SourceRun { get; init => field = value ?? field; } = "";

    /// <summary>How far its upload is.</summary>
    public LoggedModelStatus Status { get; init; } = LoggedModelStatus.Pending;

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>Where its files lie: its project's place, <c>models</c>, its id, <c>artifacts</c>. Given by the store.</summary>
    public string ArtifactUri { get; init => field = value ?? field; } = "";

    /// <summary>What it was made with; written once.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init => field = value ?? field; } = new Dictionary<string, string>();

    /// <summary>Free notes; may be rewritten.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = value ?? field; } = new Dictionary<string, string>();

    /// <summary>Every point logged of it, by key, time and step.</summary>
    public IReadOnlyList<ModelMetric> Metrics { get; init => field = value ?? field; } = [];
}

/// <summary>How far a logged model's upload is. MLflow's numbers; persisted; append only.</summary>
public enum LoggedModelStatus
{
    /// <summary>Nobody said.</summary>
    Unspecified = 0,

    /// <summary>Its files are on the way.</summary>
    Pending = 1,

    /// <summary>Its files are there.</summary>
    Ready = 2,

    /// <summary>Its files did not come.</summary>
    UploadFailed = 3,
}

/// <summary>One observation of a logged model.</summary>
/// <param name="ModelId">The model.</param>
/// <param name="Point">What was seen.</param>
/// <param name="DatasetName">On which data; null where nobody said.</param>
/// <param name="DatasetDigest">On which content of them.</param>
/// <param name="Run">The run that logged it; null where no run did.</param>
public sealed record ModelMetric(string ModelId, MetricPoint Point, string? DatasetName = null, string? DatasetDigest = null, RunId? Run = null);

/// <summary>What a new logged model is made of.</summary>
public sealed record NewLoggedModel
{
    /// <summary>Made with <see cref="NewId"/>.</summary>
    public required string Id { get; init; }

    /// <summary>An existing project that is not in the trash.</summary>
    public required ProjectId ProjectId { get; init; }

    /// <summary>For people, without any of <c>/ : . % " '</c>; null or empty = a name made from the id.</summary>
    public string? Name { get; init; }

    /// <summary>What kind of model.</summary>
    public string ModelType { get; init; } = "";

    /// <summary>The run that makes it.</summary>
    public string SourceRun { get; init; } = "";

    /// <summary>What it is made with.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Params { get; init; } = [];

    /// <summary>Free notes.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>A fresh id.</summary>
    public static string NewId() => "m-" + RunId.New();
}

/// <summary>Which logged models to find, and how to order them.</summary>
public sealed record LoggedModelQuery
{
    /// <summary>The projects to look in; empty finds nothing.</summary>
    public required IReadOnlyList<ProjectId> Projects { get; init; }

    /// <summary>Clauses over name, id, model_type, model_status (pending, ready, uploadfailed, unspecified), source_run, created, updated, params, tags and metrics (any point counts).</summary>
    public RunFilter Filter { get; init; } = RunFilter.All;

    /// <summary>Where given: clauses over metrics look only at points on these data, and models without such a point do not pass.</summary>
    public IReadOnlyList<DatasetReference> Datasets { get; init; } = [];

    /// <summary>After these always: newest first, then id.</summary>
    public IReadOnlyList<LoggedModelOrder> Order { get; init; } = [];

    /// <summary>Models to pass over; at least 0.</summary>
    public int Offset { get; init; }

    /// <summary>Models to return at most; at least 1, default 50.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>Data by name.</summary>
/// <param name="Name">The dataset's name.</param>
/// <param name="Digest">Its digest; null = any.</param>
public sealed record DatasetReference(string Name, string? Digest);

/// <summary>One sort key.</summary>
/// <param name="Field">An attribute, or a metric: its newest point by time, then step.</param>
/// <param name="Descending">Greatest first; what is missing comes last either way.</param>
/// <param name="Dataset">Only a metric's points on these data.</param>
public sealed record LoggedModelOrder(RunField Field, bool Descending, DatasetReference? Dataset = null);
