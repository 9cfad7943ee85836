using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="ThresholdPruner"/>.</summary>
public sealed record ThresholdPrunerOptions
{
    /// <summary>A trial that reports less is stopped. Default: null, no bound.</summary>
    public double? Lower { get; init; }

    /// <summary>A trial that reports more is stopped. Default: null, no bound.</summary>
    public double? Upper { get; init; }

    /// <summary>The objective that the bounds are about. Range: ≥ 0. Default: 0, the first.</summary>
    public int Objective { get; init; }

    /// <summary>Steps below this are never judged; steps count from 0. Range: ≥ 0. Default: 0.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>A trial is judged at the first report in each interval of so many steps after the warm-up. Range: ≥ 1. Default: 1, at each report.</summary>
    public long IntervalSteps { get; init; } = 1;
}

/// <summary>Stops a trial whose last report is outside fixed bounds or is not a number. Without bounds it stops what has diverged.</summary>
/// <remarks>As Optuna's ThresholdPruner, which needs a bound. Bounds are about the value as reported, whatever the direction.</remarks>
public sealed class ThresholdPruner : IPruner
{
    private readonly ThresholdPrunerOptions _options;

    /// <param name="options">Settings; null for no bounds.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range, or the bounds leave nothing between them.</exception>
    public ThresholdPruner(ThresholdPrunerOptions? options = null)
    {
        _options = options ?? new();
        Check(!(_options.Lower > _options.Upper) && _options.Lower is not double.NaN && _options.Upper is not double.NaN, nameof(_options.Lower), "a number, at most Upper", _options.Lower ?? double.NaN);
        Check(_options.Objective >= 0, nameof(_options.Objective), "≥ 0", _options.Objective);
        Check(_options.WarmupSteps >= 0, nameof(_options.WarmupSteps), "≥ 0", _options.WarmupSteps);
        Check(_options.IntervalSteps >= 1, nameof(_options.IntervalSteps), "≥ 1", _options.IntervalSteps);
    }

    /// <inheritdoc/>
    /// <exception cref="LodeException">InvalidArgument: the study does not have the objective.</exception>
    public bool ShouldPrune(History history, Trial trial)
    {
        if (_options.Objective >= history.Directions.Count)
            throw new LodeException(ErrorCode.InvalidArgument, $"ThresholdPrunerOptions.Objective must be below {history.Directions.Count}, the number of objectives; got {_options.Objective}.");
        if (trial.LastReport is not { } last || !ReportIntervals.IsFirst(trial, _options.WarmupSteps, _options.IntervalSteps))
            return false;
        var value = last.Values[_options.Objective];
        return double.IsNaN(value) || value < _options.Lower || value > _options.Upper;
    }

    private static void Check(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"ThresholdPrunerOptions.{name} must be {allowed}; got {got}."));
    }
}
