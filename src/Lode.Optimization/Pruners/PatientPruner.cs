using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="PatientPruner"/>.</summary>
public sealed record PatientPrunerOptions
{
    /// <summary>Reports without an improvement that are let pass. Range: ≥ 0. Default: 5.</summary>
    public int Patience { get; init; } = 5;

    /// <summary>By how much the best report before may be better than the last ones without counting, in units of the objective. Range: ≥ 0. Default: 0.</summary>
    public double MinDelta { get; init; }

    /// <summary>The pruner that then decides, a name of <see cref="PrunerCatalog"/>; null: the trial is stopped. Default: null.</summary>
    public string? Pruner { get; init; }

    /// <summary>The options of <see cref="Pruner"/>. Default: null, its defaults.</summary>
    public JsonElement? Options { get; init; }
}

/// <summary>
/// Lets a trial go on as long as it improves: only when its last patience + 1 reports are all worse than its best before does
/// another pruner decide, or, where there is none, the trial stops. With several objectives an improvement in one is enough.
/// </summary>
/// <remarks>As Optuna's PatientPruner, for several objectives as well; reports that are not numbers improve nothing.</remarks>
public sealed class PatientPruner : IPruner
{
    private readonly PatientPrunerOptions _options;
    private readonly IPruner? _then;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range; NotFound: no such pruner.</exception>
    public PatientPruner(PatientPrunerOptions? options = null)
    {
        _options = options ?? new();
        if (_options.Patience < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"PatientPrunerOptions.Patience must be ≥ 0; got {_options.Patience}.");
        if (!(_options.MinDelta >= 0))
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"PatientPrunerOptions.MinDelta must be ≥ 0; got {_options.MinDelta}."));
        if (_options.Pruner is null && _options.Options is not null)
            throw new LodeException(ErrorCode.InvalidArgument, "PatientPrunerOptions.Options are those of the inner pruner; name it as PatientPrunerOptions.Pruner.");
        _then = _options.Pruner is { } name ? PrunerCatalog.Create(name, _options.Options) : null;
    }

    /// <inheritdoc/>
    public bool ShouldPrune(History history, Trial trial)
    {
        var before = trial.Reports.Length - _options.Patience - 1;
        if (before < 1)
            return false;
        for (var objective = 0; objective < history.Directions.Count; objective++)
        {
            var (earlier, later) = (Best(history, trial, objective, 0, before), Best(history, trial, objective, before, trial.Reports.Length));
            if (!double.IsNaN(later) && !(earlier + _options.MinDelta < later))
                return false;
        }
        return _then?.ShouldPrune(history, trial) ?? true;
    }

    // NaN when no report is a number.
    private static double Best(History history, Trial trial, int objective, int from, int to)
    {
        var best = double.NaN;
        for (var i = from; i < to; i++)
        {
            var loss = history.Loss(objective, trial.Reports[i].Values[objective]);
            if (double.IsNaN(best) || loss < best)
                best = loss;
        }
        return best;
    }
}
