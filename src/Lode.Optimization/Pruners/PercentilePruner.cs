using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="PercentilePruner"/>.</summary>
public sealed record PercentilePrunerOptions
{
    /// <summary>The share of trials, in percent, that go on: 25 keeps the best quarter. Range: [0, 100]. Default: 50, the median.</summary>
    public double Percentile { get; init; } = 50;

    /// <summary>Complete trials needed before any is stopped. Range: ≥ 0. Default: 5.</summary>
    public int StartupTrials { get; init; } = 5;

    /// <summary>Steps below this are never judged; steps count from 0. Range: ≥ 0. Default: 0.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>A trial is judged at the first report in each interval of so many steps after the warm-up. Range: ≥ 1. Default: 1, at each report.</summary>
    public long IntervalSteps { get; init; } = 1;

    /// <summary>Complete trials that must have reported the same step. Range: ≥ 1. Default: 1.</summary>
    public int MinTrials { get; init; } = 1;
}

/// <summary>
/// Stops a trial whose best report so far is worse than the percentile of what complete trials reported at the same step:
/// with 50, the median stopping rule. With several objectives it must be worse in each of them. Reports that are not numbers are
/// left out of the comparison; a trial that has reported nothing else is stopped.
/// </summary>
/// <remarks>
/// Golovin et al., "Google Vizier" (KDD 2017), section 3.2.1, as Optuna's PercentilePruner: percentiles by linear interpolation.
/// O(n log n) for n complete trials.
/// </remarks>
public sealed class PercentilePruner : IPruner
{
    private readonly PercentilePrunerOptions _options;

    /// <param name="options">Settings; null for the median.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public PercentilePruner(PercentilePrunerOptions? options = null)
    {
        _options = options ?? new();
        Check(_options.Percentile is >= 0 and <= 100, nameof(_options.Percentile), "in [0, 100]", _options.Percentile);
        Check(_options.StartupTrials >= 0, nameof(_options.StartupTrials), "≥ 0", _options.StartupTrials);
        Check(_options.WarmupSteps >= 0, nameof(_options.WarmupSteps), "≥ 0", _options.WarmupSteps);
        Check(_options.IntervalSteps >= 1, nameof(_options.IntervalSteps), "≥ 1", _options.IntervalSteps);
        Check(_options.MinTrials >= 1, nameof(_options.MinTrials), "≥ 1", _options.MinTrials);
    }

    /// <inheritdoc/>
    public bool ShouldPrune(History history, Trial trial)
    {
        if (trial.LastReport is not { } last || !ReportIntervals.IsFirst(trial, _options.WarmupSteps, _options.IntervalSteps))
            return false;
        var complete = history.Trials.Where(other => other.State == TrialState.Complete && other.Number != trial.Number).ToList();
        if (complete.Count == 0 || complete.Count < _options.StartupTrials)
            return false;
        for (var objective = 0; objective < history.Directions.Count; objective++)
            if (!IsWorse(history, trial, complete, objective, last.Step))
                return false;
        return true;
    }

    private bool IsWorse(History history, Trial trial, List<Trial> complete, int objective, long step)
    {
        var best = double.NaN;
        foreach (var report in trial.Reports)
        {
            var loss = history.Loss(objective, report.Values[objective]);
            if (double.IsNaN(best) || loss < best)
                best = loss;
        }
        if (double.IsNaN(best))
            return true;
        var losses = new List<double>(complete.Count);
        var reported = 0;
        foreach (var other in complete)
        {
            if (other.ReportAt(step) is not { } report || report.Values.Length <= objective)
                continue;
            reported++;
            if (!double.IsNaN(report.Values[objective]))
                losses.Add(history.Loss(objective, report.Values[objective]));
        }
        if (reported < _options.MinTrials || losses.Count == 0)
            return false;
        losses.Sort();
        return best > Percentile(losses);
    }

    // NumPy's default rule: linear between the order statistics around it.
    private double Percentile(List<double> sorted)
    {
        var at = _options.Percentile / 100 * (sorted.Count - 1);
        var below = (int)at;
        var share = at - below;
        return share == 0 ? sorted[below] : sorted[below] + (share * (sorted[below + 1] - sorted[below]));
    }

    private static void Check(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"PercentilePrunerOptions.{name} must be {allowed}; got {got}."));
    }
}
