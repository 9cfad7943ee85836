using Lode.Core;

namespace Lode.Optimization;

/// <summary>One generation's learning: Hansen, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772), eq. 41 to 47.</summary>
internal static class CmaUpdate
{
    private const ulong ImputationSeed = 0x434D_412D_4553;

    /// <summary>The state after a generation.</summary>
    /// <param name="state">The state before; not changed.</param>
    /// <param name="points">Coordinates of the generation's trials, best first, NaN where unknown, shape [λ][d].</param>
    /// <param name="numbers">Their numbers, shape [λ].</param>
    public static CmaState Next(CmaState state, ReadOnlySpan<double[]> points, ReadOnlySpan<int> numbers)
    {
        var next = state.Clone();
        next.Generation++;
        next.Choices.Learn(points, state.Constants);
        var n = state.Mean.Length;
        if (n == 0)
            return next;
        var steps = new double[points.Length * n];
        var lengths = new double[points.Length];
        Span<double> white = new double[n];
        for (var i = 0; i < points.Length; i++)
        {
            var y = steps.AsSpan(i * n, n);
            StepTo(state, points[i], numbers[i], y);
            Whiten(state, y, white);
            lengths[i] = Shorten(y, Math.Sqrt(Vectors.Dot(white, white)));
        }
        Move(state, next, steps, lengths);
        if (state.Rates is not null)
            next.Rates!.Shorten(state, next);
        else
            next.Decompose();
        CmaMargin.Correct(next);
        return next;
    }

    // y = (x - m)/(A·σ). What a trial does not tell of a coordinate (where in its cell it was, or all of it) is drawn from the
    // distribution, by a stream that belongs to the trial: selection then sees noise there, and neither mean nor variance drifts.
    private static void StepTo(CmaState state, double[] unit, int number, Span<double> y)
    {
        Rng? rng = null;
        for (var j = 0; j < y.Length; j++)
        {
            var x = unit[state.Layout.Numbers[j]];
            var scale = state.Step * state.Stretch[j];
            if (double.IsNaN(x) || state.Layout.IsGrid[j])
            {
                rng ??= new Rng(ImputationSeed, (ulong)number);
                var deviation = state.DeviationOf(j);
                var cell = double.IsNaN(x) ? new UnitCell(0, 0, 1) : state.Layout.Space.Cell(state.Layout.Numbers[j], x);
                // The first and the last cell take all that lies beyond.
                var low = cell.Low <= 0 ? Math.Min(0, state.Mean[j] - (8 * deviation)) : cell.Low;
                var high = cell.High >= 1 ? Math.Max(1, state.Mean[j] + (8 * deviation)) : cell.High;
                x = SpecialFunctions.TruncatedNormalQuantile(rng.NextDouble(), state.Mean[j], deviation, low, high);
            }
            y[j] = (x - state.Mean[j]) / scale;
        }
    }

    // C^(-1/2)·y = B·D^-1·Bᵀ·y.
    private static void Whiten(CmaState state, ReadOnlySpan<double> y, Span<double> white)
    {
        var n = y.Length;
        white.Clear();
        for (var k = 0; k < n; k++)
        {
            if (state.Layout.IsSeparable)
            {
                white[k] = y[k] / state.Deviations[k];
                continue;
            }
            var along = 0.0;
            for (var j = 0; j < n; j++)
                along += state.Axes[(j * n) + k] * y[j];
            along /= state.Deviations[k];
            for (var j = 0; j < n; j++)
                white[j] += state.Axes[(j * n) + k] * along;
        }
    }

    // A trial that the distribution would hardly have drawn (enqueued, or by an older generation) counts from where it begins to be
    // likely: Hansen, "Injecting external solutions into CMA-ES" (arXiv 1110.4181), with its c_y = √n + 2n/(n + 2).
    private static double Shorten(Span<double> y, double length)
    {
        var limit = Math.Sqrt(y.Length) + (2.0 * y.Length / (y.Length + 2));
        if (!(length > limit))
            return length;
        foreach (ref var coordinate in y)
            coordinate *= limit / length;
        return limit;
    }

    private static void Move(CmaState state, CmaState next, double[] steps, double[] lengths)
    {
        var (n, k) = (state.Mean.Length, state.Constants);
        Span<double> mean = new double[n];
        for (var i = 0; i < k.Parents; i++)
            Vectors.AddScaled(k.Weights[i], steps.AsSpan(i * n, n), mean); // eq. 41
        for (var j = 0; j < n; j++)
            next.Mean[j] += state.Step * state.Stretch[j] * mean[j]; // eq. 42, with c_m = 1

        Span<double> white = new double[n];
        Whiten(state, mean, white);
        var gain = Math.Sqrt(k.StepPath * (2 - k.StepPath) * k.ParentMass);
        for (var j = 0; j < n; j++)
            next.StepPath[j] = ((1 - k.StepPath) * state.StepPath[j]) + (gain * white[j]); // eq. 43
        var length = Math.Sqrt(Vectors.Dot(next.StepPath, next.StepPath));
        // No more than tenfold at once; eq. 44.
        next.Step = Math.Clamp(state.Step * Math.Exp(Math.Min(1, k.StepPath / k.StepDamping * ((length / k.NormalLength) - 1))), 1e-20, 10);

        var settled = length / Math.Sqrt(1 - Math.Pow(1 - k.StepPath, 2 * (next.Generation + 1)));
        var moves = settled < (1.4 + (2.0 / (n + 1))) * k.NormalLength; // h_σ
        var pathGain = moves ? Math.Sqrt(k.CovariancePath * (2 - k.CovariancePath) * k.ParentMass) : 0;
        for (var j = 0; j < n; j++)
            next.CovariancePath[j] = ((1 - k.CovariancePath) * state.CovariancePath[j]) + (pathGain * mean[j]); // eq. 45

        var kept = 1 - k.RankOne - (k.RankMu * k.WeightSum) + (moves ? 0 : k.RankOne * k.CovariancePath * (2 - k.CovariancePath));
        foreach (ref var entry in next.Covariance.AsSpan())
            entry *= kept; // eq. 47
        AddSquare(next, k.RankOne, next.CovariancePath);
        for (var i = 0; i < lengths.Length; i++)
        {
            var weight = k.Weights[i] >= 0 ? k.Weights[i] : k.Weights[i] * n / ((lengths[i] * lengths[i]) + 1e-12); // eq. 46
            AddSquare(next, k.RankMu * weight, steps.AsSpan(i * n, n));
        }
    }

    private static void AddSquare(CmaState state, double weight, ReadOnlySpan<double> y)
    {
        var n = y.Length;
        if (state.Layout.IsSeparable)
        {
            for (var j = 0; j < n; j++)
                state.Covariance[j] += weight * y[j] * y[j];
            return;
        }
        for (var i = 0; i < n; i++)
            Vectors.AddScaled(weight * y[i], y, state.Covariance.AsSpan(i * n, n));
    }
}
