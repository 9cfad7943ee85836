using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// The first distribution estimated from earlier trials: the normal distribution nearest to a mixture around the best share γ of them
/// (Nomura, Watanabe, Akimoto, Ozaki, Onishi, "Warm starting CMA-ES for hyperparameter optimization", AAAI 2021, arXiv 2012.06932,
/// section 4, with its α = 0.1).
/// </summary>
internal static class CmaWarmStart
{
    private const double Alpha = 0.1;

    /// <param name="state">A fresh state; changed.</param>
    /// <param name="best">Coordinates of the best trials, NaN where inactive; none changes nothing.</param>
    public static void Apply(CmaState state, IReadOnlyList<double[]> best)
    {
        var n = state.Mean.Length;
        if (best.Count == 0 || n == 0)
            return;
        var points = new double[best.Count * n];
        var covariance = new double[n * n];
        for (var j = 0; j < n; j++)
        {
            var (sum, known) = (0.0, 0);
            foreach (var point in best)
                if (!double.IsNaN(point[state.Layout.Numbers[j]]))
                    (sum, known) = (sum + point[state.Layout.Numbers[j]], known + 1);
            state.Mean[j] = known > 0 ? sum / known : 0.5;
            for (var i = 0; i < best.Count; i++)
                points[(i * n) + j] = best[i][state.Layout.Numbers[j]] is var x && double.IsNaN(x) ? 0 : x - state.Mean[j];
            // Where a trial does not know the coordinate, its part of the mixture is as wide as without a warm start.
            var share = (double)known / best.Count;
            covariance[(j * n) + j] = (share * Alpha * Alpha) + ((1 - share) * state.FirstStep * state.FirstStep);
        }
        for (var i = 0; i < best.Count; i++)
            for (var j = 0; j < n; j++)
                Vectors.AddScaled(points[(i * n) + j] / best.Count, points.AsSpan(i * n, n), covariance.AsSpan(j * n, n));
        if (state.Layout.IsSeparable)
            for (var j = 0; j < n; j++)
                state.Covariance[j] = covariance[(j * n) + j];
        else
            state.Covariance = covariance;
        // σ takes the determinant.
        state.Step = 1;
        state.Normalize(state.Factorize());
        CmaMargin.Correct(state);
    }
}
