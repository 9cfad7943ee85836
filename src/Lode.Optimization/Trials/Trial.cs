using System.Collections.Immutable;

namespace Lode.Optimization;

/// <summary>Where a trial stands. The numbers are persisted; append only.</summary>
public enum TrialState
{
    /// <summary>Given out, not told yet.</summary>
    Running = 1,

    /// <summary>Told with values.</summary>
    Complete = 2,

    /// <summary>Stopped early because its reports looked bad.</summary>
    Pruned = 3,

    /// <summary>The objective failed, or its value was not a number.</summary>
    Failed = 4,

    /// <summary>To be given out: enqueued, or given back before it was told.</summary>
    Waiting = 5,
}

/// <summary>Whether smaller or larger values are better. The numbers are persisted; append only.</summary>
public enum Direction
{
    /// <summary>Smaller is better.</summary>
    Minimize = 1,

    /// <summary>Larger is better.</summary>
    Maximize = 2,
}

/// <summary>What a trial reported on its way.</summary>
/// <param name="Step">The epoch, fold or round; at least 0.</param>
/// <param name="Values">One value per objective; NaN where it diverged.</param>
public readonly record struct Report(long Step, ImmutableArray<double> Values);

/// <summary>One evaluation of a study, as it stood when this snapshot was taken.</summary>
/// <param name="Number">Its place in the study, from 0.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Params">The values of its active parameters; of a waiting trial those that are fixed.</param>
public sealed record Trial(int Number, TrialState State, Params Params)
{
    /// <summary>The domain from which the parameters were drawn.</summary>
    public SearchSpace Space { get; init; } = SearchSpace.Empty;

    /// <summary>One value per objective when complete (also when it failed for a value that is not a number); empty otherwise.</summary>
    public ImmutableArray<double> Values { get; init; } = [];

    /// <summary>Outcome constraints, measured by the objective: each holds when it is ≤ 0. Empty when there are none, or not told.</summary>
    public ImmutableArray<double> Constraints { get; init; } = [];

    /// <summary>Whether all of <see cref="Constraints"/> hold; one that is not a number does not.</summary>
    public bool IsFeasible
    {
        get
        {
            foreach (var constraint in Constraints)
                if (!(constraint <= 0))
                    return false;
            return true;
        }
    }

    /// <summary>What was reported, by ascending step.</summary>
    public ImmutableArray<Report> Reports { get; init; } = [];

    /// <summary>Why it failed; null unless <see cref="TrialState.Failed"/>.</summary>
    public string? Failure { get; init; }

    /// <summary>Whether it will not change any more: complete, pruned or failed.</summary>
    public bool IsFinished => State is TrialState.Complete or TrialState.Pruned or TrialState.Failed;

    /// <summary>The report of the highest step; null when nothing was reported.</summary>
    public Report? LastReport => Reports.IsEmpty ? null : Reports[^1];

    /// <summary>The report of a step; null when there is none.</summary>
    public Report? ReportAt(long step)
    {
        var (low, high) = (0, Reports.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Reports[middle].Step == step)
                return Reports[middle];
            if (Reports[middle].Step < step)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return null;
    }
}
