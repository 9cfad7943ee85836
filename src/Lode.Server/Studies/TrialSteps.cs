using System.Collections.Immutable;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Server.Studies;

/// <summary>What a step that the store has made means for a trial that was known before: the same as there, without reading it back.</summary>
internal static class TrialSteps
{
    /// <summary>The trial after the step.</summary>
    /// <param name="known">It before; null = there was none.</param>
    /// <param name="step">A step that was made.</param>
    /// <param name="now">The store's clock.</param>
    public static TrialInfo Made(TrialInfo? known, TrialStep step, long now) => step switch
    {
        AddTrial add => new TrialInfo
        {
            Number = add.Number,
            State = TrialState.Running,
            Params = add.Params,
            Run = add.Run,
            Agent = add.Lease.Agent,
            AskKey = add.Lease.AskKey,
            LogsRun = add.Lease.LogsRun,
            Attempt = 1,
            CreatedAt = now,
            StartedAt = now,
        },
        EnqueueTrial enqueue => new TrialInfo { Number = enqueue.Number, State = TrialState.Waiting, Params = enqueue.Params, Priority = enqueue.Priority, CreatedAt = now },
        LeaseTrial lease => known! with
        {
            State = TrialState.Running,
            Params = lease.Params,
            Run = lease.Run,
            Agent = lease.Lease.Agent,
            AskKey = lease.Lease.AskKey,
            LogsRun = lease.Lease.LogsRun,
            Attempt = lease.Attempt + 1,
            Beat = 0,
            StartedAt = now,
            Reports = known.KeptReports(),
        },
        TellTrial { State: TrialState.Failed } tell when known!.Losses < tell.Retries => known with { State = TrialState.Waiting, Losses = known.Losses + 1 },
        TellTrial tell => known! with { State = tell.State, Values = tell.Values, Constraints = tell.Constraints, Failure = tell.Failure, EndedAt = now },
        ReportTrial report => known! with { Beat = known.Beat + 1, Reports = Merged(known.Reports, [report.Report]) },
        BeatTrial => known! with { Beat = known.Beat + 1 },
        CheckpointTrial checkpoint => known! with { Beat = known.Beat + 1, Checkpoint = checkpoint.Path, CheckpointStep = checkpoint.Step },
        ReleaseTrial => known! with { State = TrialState.Waiting },
        ExpireTrial expire when known!.Losses < expire.MaxLosses => known with { State = TrialState.Waiting, Losses = known.Losses + 1 },
        ExpireTrial => known! with { State = TrialState.Failed, Losses = known.Losses + 1, Failure = TrialInfo.LostFailure(known.Losses + 1), EndedAt = now },
        _ => throw new InvalidOperationException($"There is no step {step.GetType().Name}."),
    };

    /// <summary>Reports by step; of two of one step the first stays.</summary>
    public static ImmutableArray<Report> Merged(ImmutableArray<Report> known, IEnumerable<Report> more)
    {
        foreach (var report in more)
        {
            var at = known.Length;
            while (at > 0 && known[at - 1].Step > report.Step)
                at--;
            if (at == 0 || known[at - 1].Step != report.Step)
                known = known.Insert(at, report);
        }
        return known;
    }
}
