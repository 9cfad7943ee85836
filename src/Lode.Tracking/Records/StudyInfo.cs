using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Tracking;

/// <summary>Where a study stands. The numbers are persisted; append only.</summary>
public enum StudyState
{
    /// <summary>Gives out trials.</summary>
    Running = 1,

    /// <summary>Gives out none; those that run go on.</summary>
    Paused = 2,

    /// <summary>Gives out none; those that run are ended and wait.</summary>
    Stopped = 3,

    /// <summary>Its budget is used, or nothing is left to try.</summary>
    Finished = 4,
}

/// <summary>A study as it stood: what it searches for, and how far it is.</summary>
public sealed record StudyInfo
{
    /// <summary>Given by the store.</summary>
    public required StudyId Id { get; init; }

    /// <summary>The project that its runs are in.</summary>
    public required ProjectId ProjectId { get; init; }

    /// <summary>That project's name.</summary>
    public required string Project { get; init; }

    /// <summary>Unique in its project.</summary>
    public required string Name { get; init; }

    /// <summary>Where it stands.</summary>
    public required StudyState State { get; init; }

    /// <summary>Why it is not running; null while it is.</summary>
    public string? Reason { get; init; }

    /// <summary>What it was made of.</summary>
    public required StudySpec Spec { get; init; }

    /// <summary>Rises with every change of it or of one of its trials, in the order of commits.</summary>
    public long Version { get; init; }

    /// <summary>Milliseconds since 1970 UTC, by the store's clock.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When its first trial was given out; null before.</summary>
    public long? StartedAt { get; init; }

    /// <summary>When it stopped or finished; null while it may go on.</summary>
    public long? EndedAt { get; init; }

    /// <summary>How many trials there are: the next one's number.</summary>
    public int Trials { get; init; }

    /// <summary>How many are where.</summary>
    public TrialCounts Counts { get; init => field = value ?? field; } = new();

    /// <summary>The complete trial of the best value; null while there is none, and where there are several goals.</summary>
    public TrialInfo? Best { get; init; }

    /// <summary>Which sampler <c>auto</c> would take now, and why; null for others.</summary>
    public string? SamplerReason { get; init; }
}

/// <summary>How many trials are in each state.</summary>
public sealed record TrialCounts
{
    /// <summary>To be given out.</summary>
    public int Waiting { get; init; }

    /// <summary>Given out.</summary>
    public int Running { get; init; }

    /// <summary>With values.</summary>
    public int Complete { get; init; }

    /// <summary>Stopped early.</summary>
    public int Pruned { get; init; }

    /// <summary>Failed.</summary>
    public int Failed { get; init; }

    /// <summary>Complete, pruned or failed.</summary>
    [JsonIgnore]
    public int Finished => Complete + Pruned + Failed;
}

/// <summary>A trial as it stood.</summary>
public sealed record TrialInfo
{
    /// <summary>Its place in the study, from 0.</summary>
    public required int Number { get; init; }

    /// <summary>Where it stands.</summary>
    public required TrialState State { get; init; }

    /// <summary>The values of its parameters; of one that waits and was enqueued those that are fixed.</summary>
    public required Params Params { get; init; }

    /// <summary>One a goal; empty until it is told.</summary>
    public ImmutableArray<double> Values { get; init => field = value.IsDefault ? field : value; } = [];

    /// <summary>Outcome constraints: each holds when it is ≤ 0.</summary>
    public ImmutableArray<double> Constraints { get; init => field = value.IsDefault ? field : value; } = [];

    /// <summary>What it reported, by step; left out of lists.</summary>
    public ImmutableArray<Report> Reports { get; init => field = value.IsDefault ? field : value; } = [];

    /// <summary>Why it failed; null otherwise.</summary>
    public string? Failure { get; init; }

    /// <summary>Its run; null before it was first given out.</summary>
    public RunId? Run { get; init; }

    /// <summary>Who has it, or had it last.</summary>
    public string? Agent { get; init; }

    /// <summary>How often it was given out: the lease's number.</summary>
    public int Attempt { get; init; }

    /// <summary>How often it was lost or failed and was to be given out again.</summary>
    public int Losses { get; init; }

    /// <summary>Of those that wait, the greatest is given out first.</summary>
    public int Priority { get; init; }

    /// <summary>Where its newest checkpoint lies, as a folder of the run's artifacts; null where there is none.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The step of that checkpoint; null where it was not said.</summary>
    public long? CheckpointStep { get; init; }

    /// <summary>When it came to be, milliseconds since 1970 UTC by the store's clock.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When it was last given out.</summary>
    public long? StartedAt { get; init; }

    /// <summary>When it was told.</summary>
    public long? EndedAt { get; init; }

    /// <summary>Signs of life during this attempt: a lease is lost when this stands still.</summary>
    [JsonIgnore]
    public long Beat { get; init; }

    /// <summary>The key of the ask that it answers.</summary>
    [JsonIgnore]
    public string? AskKey { get; init; }

    /// <summary>Whether the study writes its run's metrics and end: whoever has it does not.</summary>
    [JsonIgnore]
    public bool LogsRun { get; init; }

    /// <summary>The reports that stay when it is given out again: up to its checkpoint's step.</summary>
    public ImmutableArray<Report> KeptReports() =>
        Checkpoint is null ? [] : CheckpointStep is { } last ? [.. Reports.Where(report => report.Step <= last)] : Reports;

    /// <summary>What is said of a trial whose agents all fell silent.</summary>
    public static string LostFailure(int losses) => FormattableString.Invariant($"Its agent fell silent {losses} time{(losses == 1 ? "" : "s")}: it was given out as often as the study allows.");

    /// <summary>It in the words of <see cref="Optimization"/>.</summary>
    /// <param name="space">The study's.</param>
    public Trial ToTrial(SearchSpace space) => new(Number, State, Params) { Space = space, Values = Values, Constraints = Constraints, Reports = Reports, Failure = Failure };
}
