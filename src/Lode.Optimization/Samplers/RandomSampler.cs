using Lode.Core;

namespace Lode.Optimization;

/// <summary>Draws every coordinate uniformly: uniform on linear scales, log-uniform on log scales, equal chances for choices without weights.</summary>
/// <remarks>Bergstra and Bengio, "Random search for hyper-parameter optimization" (JMLR 2012).</remarks>
public sealed class RandomSampler : ISampler
{
    /// <inheritdoc/>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        var unit = new double[space.Count];
        for (var dim = 0; dim < unit.Length; dim++)
            unit[dim] = space[dim].FromPrior(rng.NextDouble());
        return unit;
    }
}
