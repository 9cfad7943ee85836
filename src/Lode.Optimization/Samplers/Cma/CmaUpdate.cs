using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// One generation's learning: Hansen, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772), eq. 41 to 47, with the Cholesky factor
/// of C in place of its symmetric root (Krause, Arbonès, Igel, "CMA-ES with optimal covariance update and storage complexity",
/// NeurIPS 2016): a tenth of the work of eigenvectors, and a replay of the history is made of it.
/// </summary>
internal static class CmaUpdate
{
    private const ulong ImputationSeed = 0x434D_412D_4553;
    private const int MaxOnStack = 1024;

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
        var count = points.Length;
        var size = (2 * n * count) + (3 * count) + (2 * n);
        Span<double> scratch = size <= MaxOnStack ? stackalloc double[size] : new double[size];
        var steps = scratch[..(n * count)];
        for (var i = 0; i < count; i++)
            StepTo(state, points[i], numbers[i], steps[i..], count);
        var squares = scratch.Slice(n * count, count);
        Shorten(state, steps, squares, scratch[((n + 1) * count)..]);
        Move(state, next, steps, squares, scratch[((n + 1) * count)..]);
        if (state.Rates is not null)
            next.Rates!.Shorten(state, next);
        else
            next.Factorize();
        CmaMargin.Correct(next);
        return next;
    }

    // y = (x - m)/(A·σ), one column of shape [n, λ]. What a trial does not tell of a coordinate (where in its cell it was, or all of it)
    // is drawn from the distribution, by a stream that belongs to the trial: selection then sees noise there, and neither mean nor
    // variance drifts.
    private static void StepTo(CmaState state, double[] unit, int number, Span<double> y, int stride)
    {
        Rng? rng = null;
        for (var j = 0; j < state.Mean.Length; j++)
        {
            var x = unit[state.Layout.Numbers[j]];
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
            y[j * stride] = (x - state.Mean[j]) / (state.Step * state.Stretch[j]);
        }
    }

    // L^-1·y of each column by forward substitution, shape [n, λ].
    private static void Whiten(CmaState state, Span<double> y)
    {
        var n = state.Mean.Length;
        var columns = y.Length / n;
        for (var j = 0; j < n; j++)
        {
            var row = y.Slice(j * columns, columns);
            for (var k = 0; k < j && !state.Layout.IsSeparable; k++)
                Vectors.AddScaled(-state.Factor[(j * n) + k], y.Slice(k * columns, columns), row);
            var inverse = 1 / state.Factor[state.Layout.IsSeparable ? j : (j * n) + j];
            foreach (ref var entry in row)
                entry *= inverse;
        }
    }

    // A trial that the distribution would hardly have drawn (enqueued, or by an older generation) counts from where it begins to be
    // likely: Hansen, "Injecting external solutions into CMA-ES" (arXiv 1110.4181), with its c_y = √n + 2n/(n + 2).
    // The squared lengths of the whitened columns are kept.
    private static void Shorten(CmaState state, Span<double> steps, Span<double> squares, Span<double> scratch)
    {
        var (n, count) = (state.Mean.Length, squares.Length);
        var white = scratch[..steps.Length];
        steps.CopyTo(white);
        Whiten(state, white);
        for (var j = 0; j < n; j++)
            for (var i = 0; i < count; i++)
                squares[i] += white[(j * count) + i] * white[(j * count) + i];
        var limit = Math.Sqrt(n) + (2.0 * n / (n + 2));
        for (var i = 0; i < count; i++)
        {
            if (!(squares[i] > limit * limit))
                continue;
            var scale = limit / Math.Sqrt(squares[i]);
            for (var j = 0; j < n; j++)
                steps[(j * count) + i] *= scale;
            squares[i] = limit * limit;
        }
    }

    private static void Move(CmaState state, CmaState next, ReadOnlySpan<double> steps, ReadOnlySpan<double> squares, Span<double> scratch)
    {
        var (n, k, count) = (state.Mean.Length, state.Constants, squares.Length);
        var mean = scratch[..n];
        var white = scratch.Slice(n, n);
        var weights = scratch.Slice(2 * n, count);
        var weighted = scratch.Slice((2 * n) + count, count);
        for (var j = 0; j < n; j++)
        {
            mean[j] = Vectors.Dot(k.Weights.AsSpan(0, k.Parents), steps.Slice(j * count, count)); // eq. 41
            next.Mean[j] += state.Step * state.Stretch[j] * mean[j]; // eq. 42, with c_m = 1
        }

        mean.CopyTo(white);
        Whiten(state, white);
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
        for (var i = 0; i < count; i++)
            weights[i] = k.RankMu * (k.Weights[i] >= 0 ? k.Weights[i] : k.Weights[i] * n / (squares[i] + 1e-12)); // eq. 46
        for (var a = 0; a < n; a++)
        {
            var row = steps.Slice(a * count, count);
            for (var i = 0; i < count; i++)
                weighted[i] = weights[i] * row[i];
            for (var b = state.Layout.IsSeparable ? a : 0; b <= a; b++)
            {
                var at = state.Layout.IsSeparable ? a : (a * n) + b;
                var entry = (kept * state.Covariance[at]) + (k.RankOne * next.CovariancePath[a] * next.CovariancePath[b]) + Vectors.Dot(weighted, steps.Slice(b * count, count)); // eq. 47
                next.Covariance[at] = entry;
                if (!state.Layout.IsSeparable)
                    next.Covariance[(b * n) + a] = entry;
            }
        }
    }
}
