using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="TargetTerminator"/>.</summary>
public sealed record TargetTerminatorOptions
{
    /// <summary>One value per objective that is good enough. Default: none, which never stops.</summary>
    public IReadOnlyList<double> Target { get; init; } = [];
}

/// <summary>Stops when a complete trial whose outcome constraints hold is as good as the target in every objective.</summary>
/// <remarks>O(n) for n trials.</remarks>
public sealed class TargetTerminator : ITerminator
{
    private readonly double[] _target;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a target is not a number.</exception>
    public TargetTerminator(TargetTerminatorOptions? options = null)
    {
        _target = [.. options?.Target ?? []];
        if (_target.Any(double.IsNaN))
            throw new LodeException(ErrorCode.InvalidArgument, "TargetTerminatorOptions.Target must be numbers; got NaN.");
    }

    /// <inheritdoc/>
    /// <exception cref="LodeException">InvalidArgument: not one target per objective.</exception>
    public string? WhyStop(History history)
    {
        if (_target.Length == 0)
            return null;
        if (_target.Length != history.Directions.Count)
            throw new LodeException(ErrorCode.InvalidArgument, $"TargetTerminatorOptions.Target needs {history.Directions.Count} values, one per objective; got {_target.Length}.");
        foreach (var trial in history.Trials)
            if (trial.State == TrialState.Complete && trial.IsFeasible && Reaches(history, trial))
                return FormattableString.Invariant($"Trial {trial.Number} reached the target {string.Join(", ", _target.Select(value => FormattableString.Invariant($"{value}")))}.");
        return null;
    }

    private bool Reaches(History history, Trial trial)
    {
        for (var objective = 0; objective < _target.Length; objective++)
            if (!(history.Loss(objective, trial.Values[objective]) <= history.Loss(objective, _target[objective])))
                return false;
        return true;
    }
}
