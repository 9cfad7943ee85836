namespace Lode.Optimization;

/// <summary>What <see cref="AutoSampler"/> looks at.</summary>
/// <param name="Objectives">Directions of the study.</param>
/// <param name="Parameters">Parameters with more than one value.</param>
/// <param name="Continuous">Those that are continuous.</param>
/// <param name="Choices">Those that are unordered.</param>
/// <param name="IsConditional">Whether some are active only sometimes.</param>
/// <param name="Trials">Trials so far.</param>
/// <param name="Budget">Trials planned; null when unknown.</param>
/// <param name="Parallel">Trials that may run at once.</param>
/// <param name="IsNoisy">Whether nothing is continuous and a configuration was evaluated twice with different values.</param>
internal sealed record AutoFacts(
    int Objectives, int Parameters, int Continuous, int Choices, bool IsConditional, int Trials, int? Budget, int Parallel, bool IsNoisy)
{
    public static AutoFacts Of(SearchSpace space, History history)
    {
        var (parameters, continuous, choices, conditional) = (0, 0, 0, false);
        for (var dim = 0; dim < space.Count; dim++)
        {
            var (kind, levels) = space.Dimensions[dim];
            parameters += levels != 1 ? 1 : 0;
            continuous += kind == DimensionKind.Continuous ? 1 : 0;
            choices += kind == DimensionKind.Nominal && levels > 1 ? 1 : 0;
            conditional |= space.ParentOf(dim) >= 0;
        }
        var noisy = continuous == 0 && history.Trials.Count < AutoRules.ForestTrials && SeesNoise(history);
        return new(history.Directions.Count, parameters, continuous, choices, conditional, history.Trials.Count, history.Budget, history.Parallel, noisy);
    }

    private static bool SeesNoise(History history)
    {
        var values = new Dictionary<Params, double>();
        foreach (var trial in history.Trials)
            if (trial.State == TrialState.Complete && !trial.Values.IsEmpty && !values.TryAdd(trial.Params, trial.Values[0]) && values[trial.Params] != trial.Values[0])
                return true;
        return false;
    }
}
