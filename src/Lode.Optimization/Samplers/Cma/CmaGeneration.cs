namespace Lode.Optimization;

/// <summary>From the trials of a study to the states of CMA-ES.</summary>
internal static class CmaGeneration
{
    /// <summary>The state before the first generation.</summary>
    public static CmaState First(SearchSpace space, History history, CmaOptions options)
    {
        var layout = new CmaLayout(space, options);
        var state = new CmaState(layout, layout.Population, options.StepSize)
        {
            Rates = options.AdaptLearningRate ? new CmaRates(layout.Numbers.Length) : null,
        };
        var source = options.WarmStartStudy is { } other ? new History(other.Directions, other.Trials) : history;
        var count = options.WarmStartStudy is null ? options.WarmStartTrials : source.Trials.Count;
        var ranked = new List<(Standing Standing, double[] Unit)>();
        for (var i = 0; i < count; i++)
            if (Standing.Of(source, source.Trials[i]) is { IsRanked: true } standing)
                ranked.Add((standing, source.Trials[i].Params.UnitIn(space)));
        ranked.Sort((a, b) => a.Standing.CompareTo(b.Standing));
        CmaWarmStart.Apply(state, [.. ranked.Take((int)Math.Ceiling(options.WarmStartShare * ranked.Count)).Select(item => item.Unit)]);
        return state;
    }

    /// <summary>The state after the generation that begins at a place of the history.</summary>
    public static CmaState Advance(CmaState state, History history, int start, CmaOptions options)
    {
        var standings = new Standing[state.Constants.Population];
        var points = new double[standings.Length][];
        var (best, worst) = (double.NaN, double.NaN);
        var ranked = false;
        for (var i = 0; i < points.Length; i++)
        {
            var trial = history.Trials[start + i];
            standings[i] = Standing.Of(history, trial);
            points[i] = trial.Params.UnitIn(state.Layout.Space);
            ranked |= standings[i].IsRanked;
            if (standings[i].Class != StandingClass.Complete)
                continue;
            best = double.IsNaN(best) ? standings[i].Loss : Math.Min(best, standings[i].Loss);
            worst = double.IsNaN(worst) ? standings[i].Loss : Math.Max(worst, standings[i].Loss);
        }
        if (!ranked)
            return state; // nothing to learn from
        Array.Sort(standings, points);
        var numbers = Array.ConvertAll(standings, standing => standing.Number);
        return CmaProgress.Count(CmaUpdate.Next(state, points, numbers), best, worst, points, options);
    }
}
