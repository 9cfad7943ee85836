using Lode.Core;

namespace Lode.Optimization;

/// <summary>How <see cref="Study.Optimize"/> runs.</summary>
public sealed record OptimizeOptions
{
    /// <summary>How many trials to finish in this call. Range: ≥ 0.</summary>
    public required int Trials { get; init; }

    /// <summary>Objectives that run at once, each on a thread (asynchronous ones where they like). Range: ≥ 1. Default: 1, on the caller's thread.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>After this long no new trial starts. Default: null, no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// After this long a trial's <see cref="LiveTrial.Cancellation"/> is set; an objective that gives up with OperationCanceledException has
    /// failed. Range: &gt; 0. Default: null, no limit.
    /// </summary>
    public TimeSpan? TrialTimeout { get; init; }

    /// <summary>The clock of the timeouts. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether the first exception of an objective ends the run; its trial is failed either way. Default: false.</summary>
    public bool StopOnFailure { get; init; }

    /// <summary>Told of every trial. Default: nobody.</summary>
    public StudyHooks Hooks { get; init; } = new();

    internal void Validate()
    {
        if (Trials < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"OptimizeOptions.Trials must be ≥ 0; got {Trials}.");
        if (Parallel < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"OptimizeOptions.Parallel must be ≥ 1; got {Parallel}.");
        if (TrialTimeout <= TimeSpan.Zero)
            throw new LodeException(ErrorCode.InvalidArgument, $"OptimizeOptions.TrialTimeout must be > 0; got {TrialTimeout}.");
    }
}

/// <summary>
/// Called on the thread that runs the trial, outside the study's lock, so a host can mirror each trial as a run.
/// For one trial: started, then each report, then finished. An exception of a hook ends the run and reaches the caller.
/// </summary>
public sealed record StudyHooks
{
    /// <summary>The trial was given out; its declared parameters are known.</summary>
    public Action<Trial>? Started { get; init; }

    /// <summary>The trial reported; it has the report already.</summary>
    public Action<Trial, Report>? Reported { get; init; }

    /// <summary>The trial was told: complete, pruned or failed; or given back (waiting) because the run was cancelled.</summary>
    public Action<Trial>? Finished { get; init; }
}
