namespace Lode.Optimization;

/// <summary>Where a Gaussian process may look for numbers: everywhere, or in a box around the best point.</summary>
/// <param name="Length">The side of the box before it takes on the proportions of the length scales, in the box of the space; ∞ for no limit.</param>
/// <param name="First">The place of the first trial that counts among the finished ones; those before belong to regions that were given up.</param>
internal sealed record TrustRegion(double Length, int First)
{
    private const double InitialLength = 0.8;
    private const double LongestLength = 1.6;
    private const double ShortestLength = 1.0 / 128;
    private const int SuccessesToGrow = 3;

    /// <summary>The whole space.</summary>
    public static TrustRegion None { get; } = new(double.PositiveInfinity, 0);

    /// <summary>Whether there is a limit.</summary>
    public bool IsBounded => Length < double.PositiveInfinity;

    /// <summary>The region of TuRBO-1 (Eriksson, Pearce, Gardner, Turner, Poloczek, "Scalable global optimization via local Bayesian optimization",
    /// NeurIPS 2019, section 2), worked out anew from the trials: its side doubles after 3 successes in a row and halves after as many failures as
    /// there are parameters (at least 4); below 2⁻⁷ it is given up and another one starts from nothing.</summary>
    /// <param name="history">The study.</param>
    /// <param name="dims">The number of parameters.</param>
    /// <param name="startup">Trials of a region before its model is asked; they neither succeed nor fail.</param>
    public static TrustRegion Replay(History history, int dims, int startup)
    {
        var patience = Math.Max(4, dims);
        var (first, seen, told, best) = (0, 0, 0, double.PositiveInfinity);
        var (length, successes, failures) = (InitialLength, 0, 0);
        foreach (var trial in history.Trials)
        {
            if (!trial.IsFinished)
                continue;
            seen++;
            var loss = trial.State == TrialState.Complete && trial.IsFeasible && !trial.Values.IsEmpty ? history.Loss(0, trial.Values[0]) : double.PositiveInfinity;
            var success = loss < best;
            best = success ? loss : best;
            told += trial.State == TrialState.Complete ? 1 : 0;
            if (told <= startup)
                continue;
            (successes, failures) = success ? (successes + 1, 0) : (0, failures + 1);
            if (successes == SuccessesToGrow)
                (length, successes) = (Math.Min(2 * length, LongestLength), 0);
            if (failures == patience)
                (length, failures) = (length / 2, 0);
            if (length < ShortestLength)
                (first, told, best, length, successes, failures) = (seen, 0, double.PositiveInfinity, InitialLength, 0, 0);
        }
        return new TrustRegion(length, first);
    }

    /// <summary>The history without the finished trials of regions that were given up.</summary>
    public History Part(History history)
    {
        if (First == 0)
            return history;
        var seen = 0;
        return history with { Trials = [.. history.Trials.Where(trial => !trial.IsFinished || seen++ >= First)] };
    }

    /// <summary>Half the sides of the box: of the volume of a cube with sides <see cref="Length"/> and the proportions of the length scales.</summary>
    /// <param name="lengths">Logarithms of the length scales, shape [D].</param>
    /// <param name="numbers">Which of the dimensions are numbers, shape [D].</param>
    /// <returns>Shape [D].</returns>
    public double[] Reach(ReadOnlySpan<double> lengths, bool[] numbers)
    {
        var (sum, count) = (0.0, 0);
        for (var i = 0; i < numbers.Length; i++)
            (sum, count) = numbers[i] ? (sum + lengths[i], count + 1) : (sum, count);
        var reach = new double[numbers.Length];
        for (var i = 0; i < reach.Length; i++)
            reach[i] = numbers[i] ? Length / 2 * Math.Exp(lengths[i] - (sum / count)) : 0;
        return reach;
    }
}
