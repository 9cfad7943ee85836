using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="RegretBoundTerminator"/>.</summary>
public sealed record RegretBoundTerminatorOptions
{
    /// <summary>How much may be left to gain, as a part of the distance from the median of the first <see cref="MinTrials"/> to the best trial. Range: [0, 1]. Default: 0.01.</summary>
    public double Tolerance { get; init; } = 0.01;

    /// <summary>How much may be left to gain in units of the objective, for instance the standard error of a cross-validated score: less is
    /// not worth a trial. The larger of this and <see cref="Tolerance"/> decides. Range: ≥ 0. Default: 0.</summary>
    public double Error { get; init; }

    /// <summary>Complete trials before which it never stops. Range: ≥ 4. Default: 20.</summary>
    public int MinTrials { get; init; } = 20;
}

/// <summary>
/// Stops when a Gaussian process bounds what is left to gain by little: when the worst that the best trial may really be is hardly
/// above the best that any point of the space may be. For one objective; with several it never stops.
/// </summary>
/// <remarks>
/// Makarova, Shen, Perrone, Klein, Faddoul, Krause, Seeger, Archambeau, "Automatic termination for hyperparameter optimization" (AutoML-Conf 2022):
/// the bound is min UCB over the trials less min LCB over the space, of the mean ± √β deviations, and the threshold the
/// statistical error of the objective (here <see cref="RegretBoundTerminatorOptions.Error"/>, or a part of the spread where none is known).
/// β = ⅖·ln(d·n²·π²/(6·0.1)), the fifth of Srinivas et al. (ICML 2010) that its authors and Optuna use. The model is fitted on the better half of the
/// trials, but at least <see cref="RegretBoundTerminatorOptions.MinTrials"/> (as Optuna): what is far worse than the best says little about what is left.
/// <b>Cost.</b> One fit, cubic in half the trials and bounded as that of <see cref="GpSampler"/>.
/// </remarks>
public sealed class RegretBoundTerminator : ITerminator
{
    private const double Doubt = 0.1;
    private readonly RegretBoundTerminatorOptions _options;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public RegretBoundTerminator(RegretBoundTerminatorOptions? options = null)
    {
        _options = options ?? new();
        Check(_options.Tolerance is >= 0 and <= 1, nameof(_options.Tolerance), "in [0, 1]", _options.Tolerance);
        Check(_options.Error >= 0 && double.IsFinite(_options.Error), nameof(_options.Error), "≥ 0", _options.Error);
        Check(_options.MinTrials >= 4, nameof(_options.MinTrials), "≥ 4", _options.MinTrials);
    }

    /// <inheritdoc/>
    public string? WhyStop(History history)
    {
        var told = history.Directions.Count != 1 ? []
            : history.Trials.Where(trial => trial is { State: TrialState.Complete, IsFeasible: true } && double.IsFinite(trial.Values[0]))
                .OrderBy(trial => history.Loss(0, trial.Values[0])).ThenBy(trial => trial.Number).ToList();
        if (told.Count < _options.MinTrials)
            return null;
        // Of the first trials: later ones crowd around the best.
        var early = told.OrderBy(trial => trial.Number).Take(_options.MinTrials).Select(trial => history.Loss(0, trial.Values[0])).Order().ElementAt(_options.MinTrials / 2);
        var spread = early - history.Loss(0, told[0].Values[0]);
        var threshold = Math.Max(_options.Error, _options.Tolerance * spread);
        var bound = Bound(history, told);
        return bound <= threshold
            ? FormattableString.Invariant($"At most {bound:G3} is left to gain; {threshold:G3} is not worth more trials.")
            : null;
    }

    // In units of the objective; ∞ where nothing varies.
    private double Bound(History history, List<Trial> told)
    {
        var space = told.MaxBy(trial => trial.Number)!.Space;
        var better = told.Take(Math.Max(_options.MinTrials, told.Count / 2)).OrderBy(trial => trial.Number).Select(trial => trial with { Constraints = [] });
        var known = history with { Trials = [.. better] };
        var data = GpData.Of(space, known, warping: false);
        var d = data.Embedding.Dims.Length;
        if (d == 0)
            return double.PositiveInfinity;
        var beta = Math.Sqrt(0.4 * Math.Log(d * (double)told.Count * told.Count * Math.PI * Math.PI / (6 * Doubt)));
        var options = new GpOptions { OutputWarping = false, Draws = 0, Acquisition = GpAcquisition.Ucb, Beta = beta, NoiseFloor = 1e-4 };
        var posterior = GpPosterior.Of(data, options, new GpCache());
        var search = new GpSearch(space, data, posterior, options, TrustRegion.None);
        var (_, mean, deviation) = search.Look(search.Run(new Rng(history.Seed, (ulong)told.Count)));
        var (lowest, least) = (double.PositiveInfinity, mean - (beta * deviation));
        foreach (var trial in known.Trials)
        {
            (_, mean, deviation) = search.Look(trial.Params.UnitIn(space));
            lowest = Math.Min(lowest, mean + (beta * deviation));
            least = Math.Min(least, mean - (beta * deviation));
        }
        return posterior.Warp.Back(lowest) - posterior.Warp.Back(least);
    }

    private static void Check(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"RegretBoundTerminatorOptions.{name} must be {allowed}; got {got}."));
    }
}
