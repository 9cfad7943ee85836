using System.Collections.Immutable;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Tracking;

/// <summary>Studies at work: they propose, lease their trials to agents, and hear of them.</summary>
/// <remarks>
/// <b>Leases.</b> A trial given out is its agent's for <see cref="StudySpec.LeaseSeconds"/> since the last sign of life. Then it waits again, and whoever gets
/// it next has a lease of another number (<see cref="TrialInfo.Attempt"/>). A tell of a lost lease is taken where nobody has the trial since, and else
/// refused with Conflict. <b>Retry.</b> All members may be sent again: a tell twice is one, an ask with the same key gives the same trials.
/// <b>Servers.</b> Any of several servers on one database answers; none of them has state of its own. <b>Threads.</b> All members may be called concurrently.
/// <b>Check.</b> Every implementation passes StudiesContract.
/// </remarks>
public interface IStudies
{
    /// <inheritdoc cref="IStudyStore.CreateAsync"/>
    Task<StudyInfo> CreateAsync(NewStudy study, CancellationToken ct);

    /// <summary>Studies, newest first, with counts, without the best.</summary>
    /// <param name="project">Only of this project; null = all.</param>
    /// <param name="ct">Stops the read.</param>
    Task<IReadOnlyList<StudyInfo>> ListAsync(ProjectId? project, CancellationToken ct);

    /// <summary>A study as it stands.</summary>
    /// <exception cref="LodeException">NotFound: no such study.</exception>
    Task<StudyInfo> GetAsync(StudyId id, CancellationToken ct);

    /// <summary>Its trials.</summary>
    Task<TrialPage> GetTrialsAsync(StudyId id, TrialQuery query, CancellationToken ct);

    /// <summary>One trial, with its reports.</summary>
    /// <exception cref="LodeException">NotFound: no such study or trial.</exception>
    Task<TrialInfo> GetTrialAsync(StudyId id, int number, CancellationToken ct);

    /// <summary>Pauses, stops, resumes it; gives it another budget; lets failed trials wait again.</summary>
    /// <exception cref="LodeException">Conflict: it is finished and gets no more budget.</exception>
    Task<StudyInfo> UpdateAsync(StudyId id, StudyPatch patch, CancellationToken ct);

    /// <summary>Deletes it with its trials; their runs stay.</summary>
    Task DeleteAsync(StudyId id, CancellationToken ct);

    /// <summary>Puts a configuration in the queue.</summary>
    /// <exception cref="LodeException">InvalidArgument: values outside the space.</exception>
    Task<TrialInfo> EnqueueAsync(StudyId id, EnqueueRequest request, CancellationToken ct);

    /// <summary>Asks for trials: those that wait first, then new ones. May give fewer, or none.</summary>
    Task<AskAnswer> AskAsync(StudyId id, AskRequest request, CancellationToken ct);

    /// <summary>Tells how a trial ended.</summary>
    /// <exception cref="LodeException">Conflict: the lease was lost, and somebody else has or had the trial; or it was told otherwise.</exception>
    Task<TrialInfo> TellAsync(StudyId id, int number, TellRequest request, CancellationToken ct);

    /// <summary>Tells of trials that have ended, with what is left of their runs' journals, and then asks for others: what an agent does between two trials, in one request.</summary>
    /// <remarks>May be sent again, as each of its parts may.</remarks>
    Task<TurnAnswer> TurnAsync(StudyId id, TurnRequest request, CancellationToken ct);

    /// <summary>Reports where a trial stands, and asks whether to go on.</summary>
    /// <exception cref="LodeException">Conflict: the lease was lost.</exception>
    Task<ReportAnswer> ReportAsync(StudyId id, int number, ReportRequest request, CancellationToken ct);

    /// <summary>Says that trials are alive; hears which of them to stop.</summary>
    Task<HeartbeatAnswer> HeartbeatAsync(StudyId id, HeartbeatRequest request, CancellationToken ct);

    /// <summary>Says that a checkpoint lies among the run's artifacts.</summary>
    /// <exception cref="LodeException">Conflict: the lease was lost.</exception>
    Task CheckpointAsync(StudyId id, int number, CheckpointRequest request, CancellationToken ct);

    /// <summary>Gives a trial back: somebody else may have it, from its checkpoint.</summary>
    /// <exception cref="LodeException">Conflict: the lease was lost.</exception>
    Task ReleaseAsync(StudyId id, int number, LeaseRequest request, CancellationToken ct);
}

/// <summary>How trials are listed.</summary>
public enum TrialOrder
{
    /// <summary>By number.</summary>
    Number,

    /// <summary>Complete ones by the first goal, best first; then the others by number.</summary>
    Best,
}

/// <summary>Which trials to list.</summary>
public sealed record TrialQuery
{
    /// <summary>Only those in this state; null = all.</summary>
    public TrialState? State { get; init; }

    /// <summary>In which order.</summary>
    public TrialOrder Order { get; init; }

    /// <summary>How many to pass over.</summary>
    public int Offset { get; init; }

    /// <summary>How many to return at most; 1 to 50,000, default 1,000.</summary>
    public int Limit { get; init; } = 1000;
}

/// <summary>Trials found.</summary>
/// <param name="Trials">In order, without their reports.</param>
/// <param name="Total">How many there are in all.</param>
public sealed record TrialPage(IReadOnlyList<TrialInfo> Trials, int Total);

/// <summary>Studies found.</summary>
/// <param name="Studies">Newest first.</param>
public sealed record StudyList(IReadOnlyList<StudyInfo> Studies);

/// <summary>The body of PATCH /studies/{id}; null leaves a field as it is.</summary>
public sealed record StudyPatch
{
    /// <summary>running, paused or stopped.</summary>
    public StudyState? State { get; init; }

    /// <summary>Why, for people.</summary>
    public string? Reason { get; init; }

    /// <summary>Another budget, in place of the old one. A study that had finished for want of it runs again.</summary>
    public StudyBudget? Budget { get; init; }

    /// <summary>True: trials that failed wait again.</summary>
    public bool RetryFailed { get; init; }
}

/// <summary>The body of POST /studies/{id}/ask.</summary>
public sealed record AskRequest
{
    /// <summary>Who asks: for people, and for <see cref="Key"/>.</summary>
    public required string Agent { get; init; }

    /// <summary>How many trials; 1 to 1,000, default 1.</summary>
    public int Count { get; init => field = value == 0 ? field : value; } = 1;

    /// <summary>The same ask sent again with the same key, after an answer was lost, gives the same trials; null = each ask gives others.</summary>
    public string? Key { get; init; }

    /// <summary>True: whoever asks writes the runs' metrics and ends. Default: the study does.</summary>
    public bool LogsRuns { get; init; }
}

/// <summary>What an ask gives.</summary>
public sealed record AskAnswer
{
    /// <summary>Trials that are now the asker's; fewer than asked for, or none, where there are no more now.</summary>
    public IReadOnlyList<TrialInfo> Trials { get; init => field = value ?? field; } = [];

    /// <summary>Where the study stands.</summary>
    public required StudyState State { get; init; }

    /// <summary>Why there are no more; null where there are.</summary>
    public string? Reason { get; init; }

    /// <summary>When to ask again, in seconds; null: at once where trials were given, never where the study is over.</summary>
    public double? RetryAfter { get; init; }

    /// <summary>How often to give a sign of life, in seconds, at the least.</summary>
    public double HeartbeatSeconds { get; init; }
}

/// <summary>The number of a lease.</summary>
public record LeaseRequest
{
    /// <summary><see cref="TrialInfo.Attempt"/> as the ask gave it.</summary>
    public required int Attempt { get; init; }
}

/// <summary>The body of POST /studies/{id}/trials/{number}/tell.</summary>
public sealed record TellRequest : LeaseRequest
{
    /// <summary>complete, pruned or failed; default complete.</summary>
    public TrialState State { get; init => field = value == 0 ? field : value; } = TrialState.Complete;

    /// <summary>One a goal, where complete. One that is not a number makes it failed.</summary>
    public ImmutableArray<double> Values { get; init => field = value.IsDefault ? field : value; } = [];

    /// <summary>Outcome constraints: each holds when it is ≤ 0.</summary>
    public ImmutableArray<double> Constraints { get; init => field = value.IsDefault ? field : value; } = [];

    /// <summary>Why it failed.</summary>
    public string? Failure { get; init; }
}

/// <summary>The body of POST /studies/{id}/trials/{number}/report.</summary>
public sealed record ReportRequest : LeaseRequest
{
    /// <summary>The epoch, fold or round; at least 0, each once.</summary>
    public required long Step { get; init; }

    /// <summary>One a goal; NaN where it diverged.</summary>
    public required ImmutableArray<double> Values { get; init; }
}

/// <summary>What a report hears.</summary>
/// <param name="Stop">Whether to stop the trial.</param>
/// <param name="Reason">Why: <c>pruned</c> (then tell pruned), or <c>stopped</c> (then give it back).</param>
public sealed record ReportAnswer(bool Stop, string? Reason = null);

/// <summary>A trial of an agent.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Attempt">The lease's.</param>
public readonly record struct TrialKey(int Number, int Attempt);

/// <summary>The body of POST /studies/{id}/heartbeat.</summary>
public sealed record HeartbeatRequest
{
    /// <summary>The trials that are alive.</summary>
    public required IReadOnlyList<TrialKey> Trials { get; init => field = value ?? field; } = [];
}

/// <summary>Trials to stop.</summary>
/// <param name="Stop">Those, with the reason.</param>
/// <param name="State">Where the study stands.</param>
public sealed record HeartbeatAnswer(IReadOnlyList<TrialStop> Stop, StudyState State);

/// <summary>A trial to stop.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Reason"><c>pruned</c>, <c>stopped</c> or <c>lost</c> (somebody else has it, or it was told).</param>
public sealed record TrialStop(int Number, string Reason);

/// <summary>The body of POST /studies/{id}/trials/{number}/checkpoint.</summary>
public sealed record CheckpointRequest : LeaseRequest
{
    /// <summary>A folder of the run's artifacts.</summary>
    public required string Path { get; init; }

    /// <summary>How far it is; null = not said.</summary>
    public long? Step { get; init; }
}

/// <summary>The body of POST /studies/{id}/trials.</summary>
public sealed record EnqueueRequest
{
    /// <summary>Values of all parameters or some; the others are proposed.</summary>
    public required Params Params { get; init; }

    /// <summary>The greatest is given out first; default 0.</summary>
    public int Priority { get; init; }
}
