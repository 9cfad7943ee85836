using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Parameters drawn from their posterior, which is taken as normal around its mode (Laplace's approximation). Averaging the acquisition over
/// them (Snoek, Larochelle, Adams, "Practical Bayesian optimization of machine learning algorithms", NeurIPS 2012, the integrated acquisition function) keeps a search from
/// trusting one explanation of few trials; there the draws are by slice sampling, here an approximation costs 2k gradients for k parameters.
/// </summary>
internal static class LaplaceDraws
{
    private const double Step = 1e-3;

    /// <summary>The draws; fewer than asked for where the approximation is bad.</summary>
    /// <param name="likelihood">The negative logarithm of the posterior density.</param>
    /// <param name="mode">Where it is lowest, shape [k].</param>
    /// <param name="count">How many to draw.</param>
    /// <param name="rng">Decides which.</param>
    public static double[][] Of(MarginalLikelihood likelihood, double[] mode, int count, Rng rng)
    {
        var k = mode.Length;
        if (count == 0)
            return [];
        var (lower, upper, lowest) = (new double[k], new double[k], likelihood.Evaluate(mode, []));
        likelihood.Bounds(lower, upper);
        var factor = Factor(Curvature(likelihood, mode), k);
        var draws = new List<double[]>(count);
        for (var attempt = 0; attempt < 4 * count && draws.Count < count; attempt++)
        {
            var draw = new double[k];
            foreach (ref var deviate in draw.AsSpan())
                deviate = rng.NextGaussian();
            // Lᵀ·step = deviates: the covariance is the inverse of the curvature L·Lᵀ.
            for (var i = k - 1; i >= 0; i--)
            {
                for (var j = i + 1; j < k; j++)
                    draw[i] -= factor[(j * k) + i] * draw[j];
                draw[i] /= factor[(i * k) + i];
            }
            for (var i = 0; i < k; i++)
                draw[i] = Math.Clamp(mode[i] + Math.Clamp(draw[i], -2, 2), lower[i], upper[i]);
            // A normal draw loses k/2 on average; one that loses twice that comes from where the approximation does not hold.
            if (likelihood.Evaluate(draw, []) < lowest + k)
                draws.Add(draw);
        }
        return [.. draws];
    }

    // The matrix of second derivatives, by differences of gradients.
    private static double[] Curvature(MarginalLikelihood likelihood, double[] mode)
    {
        var k = mode.Length;
        var curvature = new double[k * k];
        var (above, below, at) = (new double[k], new double[k], (double[])mode.Clone());
        for (var i = 0; i < k; i++)
        {
            at[i] = mode[i] + Step;
            likelihood.Evaluate(at, above);
            at[i] = mode[i] - Step;
            likelihood.Evaluate(at, below);
            at[i] = mode[i];
            for (var j = 0; j < k; j++)
            {
                var second = (above[j] - below[j]) / (4 * Step);
                curvature[(i * k) + j] += second;
                curvature[(j * k) + i] += second;
            }
        }
        return curvature;
    }

    // Where a parameter is at its bound the curvature may not be positive: then it is made so.
    private static double[] Factor(double[] curvature, int k)
    {
        for (var added = 0.0; ; added = Math.Max(0.1, 2 * added))
        {
            var factor = (double[])curvature.Clone();
            for (var i = 0; i < k; i++)
                factor[(i * k) + i] = double.IsFinite(factor[(i * k) + i]) ? factor[(i * k) + i] + added : 1;
            if (Cholesky.TryDecompose(factor, k))
                return factor;
            if (added < 1e12)
                continue;
            Array.Clear(factor);
            for (var i = 0; i < k; i++)
                factor[(i * k) + i] = 1;
            return factor;
        }
    }
}
