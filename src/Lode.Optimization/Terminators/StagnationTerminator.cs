using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="StagnationTerminator"/>.</summary>
public sealed record StagnationTerminatorOptions
{
    /// <summary>Finished trials without an improvement after which to stop. Range: ≥ 1. Default: 50.</summary>
    public int Patience { get; init; } = 50;

    /// <summary>Finished trials before which it never stops. Range: ≥ 0. Default: 0.</summary>
    public int MinTrials { get; init; }

    /// <summary>By how much a value must be better than the best before to count, in units of the objective. Range: ≥ 0. Default: 0, any improvement.</summary>
    public double MinImprovement { get; init; }
}

/// <summary>
/// Stops when none of the last finished trials improved on the best one. With several objectives a trial improves when it is
/// better than all before in at least one. Trials whose outcome constraints do not hold, and failed and pruned ones, improve nothing but count.
/// </summary>
/// <remarks>Optuna's BestValueStagnationEvaluator, for several objectives as well. O(n) for n trials.</remarks>
public sealed class StagnationTerminator : ITerminator
{
    private readonly StagnationTerminatorOptions _options;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public StagnationTerminator(StagnationTerminatorOptions? options = null)
    {
        _options = options ?? new();
        Check(_options.Patience >= 1, nameof(_options.Patience), "≥ 1", _options.Patience);
        Check(_options.MinTrials >= 0, nameof(_options.MinTrials), "≥ 0", _options.MinTrials);
        Check(_options.MinImprovement >= 0 && double.IsFinite(_options.MinImprovement), nameof(_options.MinImprovement), "≥ 0", _options.MinImprovement);
    }

    /// <inheritdoc/>
    public string? WhyStop(History history)
    {
        var best = new double[history.Directions.Count];
        Array.Fill(best, double.PositiveInfinity);
        var (finished, since) = (0, 0);
        foreach (var trial in history.Trials)
        {
            if (!trial.IsFinished)
                continue;
            finished++;
            since++;
            if (trial.State != TrialState.Complete || !trial.IsFeasible)
                continue;
            for (var objective = 0; objective < best.Length; objective++)
            {
                var loss = history.Loss(objective, trial.Values[objective]);
                if (loss < best[objective] - _options.MinImprovement)
                    (best[objective], since) = (loss, 0);
            }
        }
        return finished >= _options.MinTrials && since >= _options.Patience
            ? FormattableString.Invariant($"None of the last {since} trials improved on the best.")
            : null;
    }

    private static void Check(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"StagnationTerminatorOptions.{name} must be {allowed}; got {got}."));
    }
}
