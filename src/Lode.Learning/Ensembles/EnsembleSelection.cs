namespace Lode.Learning;

/// <summary>Chooses weights of an ensemble one step at a time: whoever makes it best is added, again and again.</summary>
/// <remarks>Caruana et al., "Ensemble selection from libraries of models" (ICML 2004), with replacement, from an empty ensemble; the
/// weights of the best step are kept. Ties go to the earlier candidate.</remarks>
internal static class EnsembleSelection
{
    /// <summary>Chooses.</summary>
    /// <param name="losses">What an ensemble is scored by, with the candidates' predictions in it.</param>
    /// <param name="rounds">Steps at most, ≥ 1.</param>
    /// <param name="allowed">Whether a candidate may be used; null: each.</param>
    /// <param name="threads">At most so many threads, ≥ 1. Changes no result.</param>
    /// <param name="cancellation">Ends the steps early; what was chosen by then counts.</param>
    /// <returns>Weights, shape [candidates], summing to 1; and the loss.</returns>
    public static (double[] Weights, double Loss) Choose(EnsembleLoss losses, int rounds, Func<int, bool>? allowed = null, int threads = 1, CancellationToken cancellation = default)
    {
        var counts = new int[losses.Candidates];
        var (best, bestLoss, bestRound) = (Array.Empty<int>(), double.PositiveInfinity, 0);
        var state = losses.Start();
        var tried = new double[losses.Candidates];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads };
        for (var round = 1; round <= rounds && !(cancellation.IsCancellationRequested && round > 1); round++)
        {
            Parallel.For(0, counts.Length, parallel, candidate =>
                tried[candidate] = allowed?.Invoke(candidate) == false ? double.NaN : state.With(candidate) is var loss && double.IsNaN(loss) ? double.PositiveInfinity : loss);
            var (chosen, least) = (-1, double.PositiveInfinity);
            for (var candidate = 0; candidate < counts.Length; candidate++)
            {
                if (!double.IsNaN(tried[candidate]) && (tried[candidate] < least || chosen < 0))
                    (chosen, least) = (candidate, tried[candidate]);
            }
            if (chosen < 0)
                break;
            state.Add(chosen);
            counts[chosen]++;
            if (least < bestLoss - (1e-9 * Math.Abs(bestLoss)) || best.Length == 0)
                (best, bestLoss, bestRound) = ([.. counts], least, round);
        }
        return (Array.ConvertAll(best, count => (double)count / bestRound), bestLoss);
    }
}
