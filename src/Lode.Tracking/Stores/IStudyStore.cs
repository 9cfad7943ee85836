using System.Collections.Immutable;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Tracking;

/// <summary>Remembers studies and their trials. It decides nothing but which of two who race was first.</summary>
/// <remarks>
/// <b>Threads.</b> All members may be called concurrently, from several processes. <b>Order.</b> A study's version rises with every change,
/// in the order of commits, so "what is newer than the version I saw" misses nothing. <b>Durability.</b> As <see cref="IRunStore"/>.
/// <b>Time.</b> Times are those of the store's clock, of a database that several servers share the database's own; nothing depends on them but what
/// people read and the budget in hours: leases are counted in signs of life, not in times. <b>Check.</b> StudiesContract and StudyHostTests run
/// over each implementation.
/// </remarks>
public interface IStudyStore
{
    /// <summary>Makes a study, running; its project is made where missing.</summary>
    /// <exception cref="LodeException">AlreadyExists: the project has a study of that name. Conflict: the project is in the trash.</exception>
    Task<StudyInfo> CreateAsync(NewStudy study, CancellationToken ct);

    /// <summary>The study of that name; null where there is none.</summary>
    Task<StudyInfo?> FindAsync(string project, string name, CancellationToken ct);

    /// <summary>Studies by descending id, with how many trials are in which state, without the best.</summary>
    /// <param name="project">Only of this project; null = all.</param>
    /// <param name="ct">Stops the read.</param>
    Task<IReadOnlyList<StudyInfo>> ListAsync(ProjectId? project, CancellationToken ct);

    /// <summary>The study, and its trials and reports that are newer than a version.</summary>
    /// <param name="id">Which.</param>
    /// <param name="since">The version that is known; 0 = none: all trials.</param>
    /// <param name="ct">Stops the read.</param>
    /// <exception cref="LodeException">NotFound: no such study.</exception>
    Task<StudyDelta> ReadAsync(StudyId id, long since, CancellationToken ct);

    /// <summary>Changes a study where it still stands as expected.</summary>
    /// <returns>What is new, the change included: <see cref="StudyDelta.Study"/> shows whether it was made.</returns>
    Task<StudyDelta> ChangeAsync(StudyId id, long since, StudyChange change, CancellationToken ct);

    /// <summary>Makes steps, in this order and all together; one that cannot be made is passed over, and its answer says why.</summary>
    /// <param name="id">Of which study.</param>
    /// <param name="since">The version that the caller knows.</param>
    /// <param name="steps">At least one, unless there are <paramref name="late"/> ones.</param>
    /// <param name="late">New trials that are proposed when it is sure which numbers are free, after the steps; null = none. Their answers stand behind the steps'.</param>
    /// <param name="ct">Stops waiting.</param>
    Task<StudyReceipt> ApplyAsync(StudyId id, long since, IReadOnlyList<TrialStep> steps, LateTrials? late, CancellationToken ct);

    /// <summary>Deletes a study with its trials; their runs stay.</summary>
    Task DeleteAsync(StudyId id, CancellationToken ct);
}

/// <summary>What a new study is made of.</summary>
public sealed record NewStudy
{
    /// <summary>The project's name; made where missing.</summary>
    public required string Project { get; init; }

    /// <summary>Its own name, unique in the project; null = <c>sweep-N</c>.</summary>
    public string? Name { get; init; }

    /// <summary>What it searches for, and how.</summary>
    public required StudySpec Spec { get; init; }

    /// <summary>True: where there is a study of that name already, that one is meant.</summary>
    public bool AllowExisting { get; init; }
}

/// <summary>What to change in a study; null leaves a field as it is.</summary>
public sealed record StudyChange
{
    /// <summary>Where it is to stand.</summary>
    public StudyState? State { get; init; }

    /// <summary>Why, for people; kept where <see cref="State"/> is given.</summary>
    public string? Reason { get; init; }

    /// <summary>Only where it stands here now; null = anywhere.</summary>
    public StudyState? From { get; init; }

    /// <summary>Another spec, of the same goals and space.</summary>
    public StudySpec? Spec { get; init; }

    /// <summary>True: trials that failed wait again.</summary>
    public bool RetryFailed { get; init; }
}

/// <summary>What is new of a study.</summary>
/// <param name="Study">As it stands, without counts and best; null where it itself has not changed since.</param>
/// <param name="Version">Its newest version.</param>
/// <param name="Count">How many trials there are.</param>
/// <param name="Trials">Those changed since, as they stand, by number, without reports.</param>
/// <param name="Reports">Those made since, by number and step.</param>
/// <param name="Now">The store's clock, milliseconds since 1970 UTC.</param>
public sealed record StudyDelta(StudyInfo? Study, long Version, int Count, IReadOnlyList<TrialInfo> Trials, IReadOnlyList<TrialReport> Reports, long Now);

/// <summary>A report of a trial.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Report">What it said.</param>
public readonly record struct TrialReport(int Number, Report Report);

/// <summary>What became of steps.</summary>
/// <param name="Delta">What others changed since the caller's version; version and count are those after the steps.</param>
/// <param name="Answers">One a step.</param>
/// <param name="Taken">One a step: bytes of its journal's segment that are taken by now; null where it brought none, or the run takes none.</param>
public sealed record StudyReceipt(StudyDelta Delta, IReadOnlyList<StepAnswer> Answers, IReadOnlyList<long?> Taken);

/// <summary>What became of a step.</summary>
public enum StepAnswer
{
    /// <summary>It was made.</summary>
    Done,

    /// <summary>It was made before, by the same; nothing was changed.</summary>
    Repeated,

    /// <summary>The trial is somebody else's by now, or was told; or somebody was quicker.</summary>
    Lost,

    /// <summary>There is no such trial.</summary>
    Unknown,
}

/// <summary>New trials of which the numbers are not known yet: of several servers that propose at the same time none has to do so again.</summary>
/// <param name="Most">How many there are at most.</param>
/// <param name="Propose">
/// Makes them of what others changed since the caller's version. Called while nobody else can write, so it is to be quick; may be called again with the same
/// or more, where what was written had to be taken back.
/// </param>
public sealed record LateTrials(int Most, Func<StudyDelta, IReadOnlyList<AddTrial>> Propose);

/// <summary>One change of one trial.</summary>
/// <param name="Number">The trial's.</param>
public abstract record TrialStep(int Number);

/// <summary>A new trial, given out. Lost where the number is taken.</summary>
/// <param name="Number">The number of trials so far.</param>
/// <param name="Params">What it tries.</param>
/// <param name="Run">Its run, which is made with it.</param>
/// <param name="Lease">To whom.</param>
public sealed record AddTrial(int Number, Params Params, RunId Run, TrialLease Lease) : TrialStep(Number);

/// <summary>A new trial that waits. Lost where the number is taken.</summary>
/// <param name="Number">The number of trials so far.</param>
/// <param name="Params">What it shall try, or a part of that.</param>
/// <param name="Priority">The greatest is given out first.</param>
public sealed record EnqueueTrial(int Number, Params Params, int Priority) : TrialStep(Number);

/// <summary>A waiting trial, given out. Lost where it does not wait any more, or was given out meanwhile.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Attempt">How often it was given out before.</param>
/// <param name="Params">What it tries; what was fixed is in it.</param>
/// <param name="Run">Its run, which is made where it is not there.</param>
/// <param name="Lease">To whom.</param>
public sealed record LeaseTrial(int Number, int Attempt, Params Params, RunId Run, TrialLease Lease) : TrialStep(Number);

/// <summary>To whom a trial is given.</summary>
/// <param name="Agent">Who.</param>
/// <param name="AskKey">The key of their ask.</param>
/// <param name="LogsRun">Whether the study writes its run's metrics and end.</param>
public sealed record TrialLease(string Agent, string? AskKey, bool LogsRun);

/// <summary>How a trial ended. Taken of whoever has it, and of whoever lost it where nobody has it since.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Attempt">The lease's number.</param>
/// <param name="State">Complete, pruned or failed.</param>
/// <param name="Values">One a goal where complete.</param>
/// <param name="Constraints">Outcome constraints.</param>
/// <param name="Failure">Why it failed.</param>
/// <param name="Retries">Where it failed and had fewer losses than this, it waits again.</param>
/// <param name="Journal">What its run's journal has more; taken whatever becomes of the step, where it is the trial's run. Null = nothing.</param>
public sealed record TellTrial(int Number, int Attempt, TrialState State, ImmutableArray<double> Values, ImmutableArray<double> Constraints, string? Failure, int Retries, JournalPart? Journal = null) : TrialStep(Number);

/// <summary>A report; a sign of life. Repeated where the step was reported before.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Attempt">The lease's number.</param>
/// <param name="Report">The report.</param>
public sealed record ReportTrial(int Number, int Attempt, Report Report) : TrialStep(Number);

/// <summary>A sign of life.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Attempt">The lease's number.</param>
public sealed record BeatTrial(int Number, int Attempt) : TrialStep(Number);

/// <summary>A checkpoint was written; a sign of life.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Attempt">The lease's number.</param>
/// <param name="Path">Where, as a folder of the run's artifacts.</param>
/// <param name="Step">How far it is; null = not said.</param>
public sealed record CheckpointTrial(int Number, int Attempt, string Path, long? Step) : TrialStep(Number);

/// <summary>It is given back: it waits, and nothing counts as lost.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Attempt">The lease's number.</param>
public sealed record ReleaseTrial(int Number, int Attempt) : TrialStep(Number);

/// <summary>Its lease is over. Lost where there was a sign of life since.</summary>
/// <param name="Number">The trial's.</param>
/// <param name="Attempt">The lease's number.</param>
/// <param name="Beat">The last sign of life that was seen.</param>
/// <param name="MaxLosses">Where it was lost more often than this, it has failed.</param>
public sealed record ExpireTrial(int Number, int Attempt, long Beat, int MaxLosses) : TrialStep(Number);
