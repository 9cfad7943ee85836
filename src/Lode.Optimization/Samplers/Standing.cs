namespace Lode.Optimization;

/// <summary>What kind of evidence a trial is. The order is from good to bad.</summary>
internal enum StandingClass : byte
{
    /// <summary>Complete and feasible, ranked by its value.</summary>
    Complete,

    /// <summary>Pruned, ranked by how far it came, then by its last report.</summary>
    Pruned,

    /// <summary>Complete but an outcome constraint does not hold, ranked by the sum of violations.</summary>
    Infeasible,

    /// <summary>Failed or still running: never good, in no order.</summary>
    Bad,

    /// <summary>Says nothing: waiting, or complete without values.</summary>
    Absent,
}

/// <summary>
/// One trial's place from good to bad: complete ones by value, then pruned ones (later step first, then value of the last report,
/// then those without a report), as in Optuna, then those that break outcome constraints, the least violation first (Deb 2000, the
/// feasibility rule); a value that is not a number is the worst of its class. Failed trials (a failure is usually a region: too
/// little memory, a rate that diverges) and running ones (the constant liar, Ginsbourger et al. 2010, so that parallel proposals
/// keep apart) count as bad. Of equals the earlier is the better.
/// </summary>
internal readonly record struct Standing(StandingClass Class, long Step, double Loss, int Number) : IComparable<Standing>
{
    public static Standing Of(History history, Trial trial)
    {
        var (kind, step, value) = trial.State switch
        {
            TrialState.Complete when !trial.Values.IsEmpty => trial.IsFeasible
                ? (StandingClass.Complete, 0, history.Loss(0, trial.Values[0]))
                : (StandingClass.Infeasible, 0, Violation(trial)),
            TrialState.Pruned when trial.LastReport is { } last => (StandingClass.Pruned, last.Step, history.Loss(0, last.Values[0])),
            TrialState.Pruned => (StandingClass.Pruned, long.MinValue, 0),
            TrialState.Failed or TrialState.Running => (StandingClass.Bad, 0, 0),
            _ => (StandingClass.Absent, 0L, 0.0),
        };
        return new(kind, step, double.IsNaN(value) ? double.PositiveInfinity : value, trial.Number);
    }

    /// <summary>Whether the trial has a place among good and bad by its result.</summary>
    public bool IsRanked => Class <= StandingClass.Infeasible;

    public bool IsBetterThan(in Standing other) => CompareTo(other) < 0;

    public int CompareTo(Standing other)
    {
        if (Class != other.Class)
            return Class < other.Class ? -1 : 1;
        if (Step != other.Step)
            return Step > other.Step ? -1 : 1;
        return Loss != other.Loss ? Loss.CompareTo(other.Loss) : Number.CompareTo(other.Number);
    }

    private static double Violation(Trial trial)
    {
        var sum = 0.0;
        foreach (var constraint in trial.Constraints)
            sum += constraint <= 0 ? 0 : constraint;
        return sum;
    }
}
