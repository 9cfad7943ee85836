using System.Runtime.CompilerServices;
using Lode.Core;

namespace Lode.Learning;

/// <summary>How raw scores become predictions. Persisted; append only.</summary>
internal enum BoostingLink
{
    Identity = 1,
    Logistic = 2,
    Softmax = 3,
    Exponential = 4,
}

/// <summary>
/// A loss as boosting sees it: where to begin, first and second derivatives by the raw score, and what a leaf's step is where
/// Newton's is not good enough. Rows are those that count (weight above 0).
/// </summary>
/// <param name="y">Labels as numbers, or values, shape [n].</param>
/// <param name="weights">Shape [n]; empty: each 1.</param>
/// <remarks>Friedman, "Greedy function approximation: a gradient boosting machine" (Annals of Statistics 29, 2001), sections 4.1 to 4.6.</remarks>
internal abstract class RowLoss(double[] y, double[] weights)
{
    protected double[] Y => y;

    protected double[] Weights => weights;

    protected double Weight(int row) => weights.Length == 0 ? 1 : weights[row];

    public int Rows => y.Length;

    /// <summary>What the rows weigh together.</summary>
    public double Count
    {
        get
        {
            var count = weights.Length == 0 ? (double)y.Length : 0;
            foreach (var weight in weights)
                count += weight;
            return count;
        }
    }

    /// <summary>Raw scores a row.</summary>
    public virtual int Scores => 1;

    public virtual BoostingLink Link => BoostingLink.Identity;

    /// <summary>Whether the second derivative can almost vanish, where Newton's step is no guide: then steps have a limit.</summary>
    public virtual bool LimitsSteps => false;

    /// <summary>Whether <see cref="Step"/> replaces Newton's.</summary>
    public virtual bool HasOwnStep => false;

    /// <summary>The best constants, shape [Scores].</summary>
    public abstract double[] Baseline();

    /// <summary>Before a round: what depends on all rows. Scores are of shape [Scores][n].</summary>
    public virtual void Begin(double[][] scores, ParallelOptions parallel)
    {
    }

    /// <summary>Derivatives by one raw score of the rows from <paramref name="start"/>: single precision times the weight. Its products with
    /// small whole weights are exact, so that a weight of 2 is the row twice, down to the choice between equal splits.</summary>
    public abstract void Derive(int score, ReadOnlySpan<double> raw, int start, Span<double> gradients, Span<double> hessians);

    /// <summary>The step of a leaf with these rows.</summary>
    public virtual double Step(ReadOnlySpan<int> rows, double[] raw) => throw new NotSupportedException();

    /// <summary>The sum of the weighted losses, or what falls with it.</summary>
    public abstract double Total(double[][] scores);

    protected double WeightedQuantile(Span<double> values, Span<double> counts, double share)
    {
        values.Sort(counts);
        var total = 0.0;
        foreach (var count in counts)
            total += count;
        if (weights.Length == 0)
        {
            // Linear between the two rows about the quantile, as numpy and scikit-learn do.
            var at = share * (values.Length - 1);
            var below = (int)at;
            return below + 1 < values.Length ? values[below] + ((at - below) * (values[below + 1] - values[below])) : values[below];
        }
        var sum = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            sum += counts[i];
            if (sum >= share * total)
                return values[i];
        }
        return values[^1];
    }

    protected double QuantileOf(ReadOnlySpan<int> rows, double[]? raw, double share)
    {
        var (residuals, counts) = (new double[rows.Length], new double[rows.Length]);
        for (var i = 0; i < rows.Length; i++)
            (residuals[i], counts[i]) = (Y[rows[i]] - (raw is null ? 0 : raw[rows[i]]), Weight(rows[i]));
        return WeightedQuantile(residuals, counts, share);
    }

    protected int[] AllRows()
    {
        var rows = new int[y.Length];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = i;
        return rows;
    }

    protected double Mean()
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < y.Length; row++)
        {
            sum += Weight(row) * y[row];
            total += Weight(row);
        }
        return sum / total;
    }
}

internal sealed class SquaredLoss(double[] y, double[] weights) : RowLoss(y, weights)
{
    public override double[] Baseline() => [Mean()];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Derive(int score, ReadOnlySpan<double> raw, int start, Span<double> gradients, Span<double> hessians)
    {
        for (var i = 0; i < raw.Length; i++)
        {
            var weight = Weight(start + i);
            gradients[i] = weight * (float)(raw[i] - Y[start + i]);
            hessians[i] = weight;
        }
    }

    public override double Total(double[][] scores)
    {
        var total = 0.0;
        for (var row = 0; row < Y.Length; row++)
        {
            var error = Y[row] - scores[0][row];
            total += Weight(row) * error * error;
        }
        return total;
    }
}

/// <summary>Pinball loss; at one half, half the absolute error. A leaf's step is the quantile of its residuals.</summary>
internal sealed class QuantileLoss(double[] y, double[] weights, double share) : RowLoss(y, weights)
{
    public override bool HasOwnStep => true;

    public override double[] Baseline() => [QuantileOf(AllRows(), null, share)];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Derive(int score, ReadOnlySpan<double> raw, int start, Span<double> gradients, Span<double> hessians)
    {
        for (var i = 0; i < raw.Length; i++)
        {
            var weight = Weight(start + i);
            gradients[i] = weight * (float)(Y[start + i] >= raw[i] ? -share : 1 - share);
            hessians[i] = weight;
        }
    }

    public override double Step(ReadOnlySpan<int> rows, double[] raw) => QuantileOf(rows, raw, share);

    public override double Total(double[][] scores)
    {
        var total = 0.0;
        for (var row = 0; row < Y.Length; row++)
        {
            var error = Y[row] - scores[0][row];
            total += Weight(row) * error * (error >= 0 ? share : share - 1);
        }
        return total;
    }
}

/// <summary>Huber's loss, with the border between small and large errors set anew each round (Friedman 2001, section 4.4).</summary>
internal sealed class HuberLoss(double[] y, double[] weights, double share) : RowLoss(y, weights)
{
    private double _border = double.PositiveInfinity;

    public override bool HasOwnStep => true;

    public override double[] Baseline() => [QuantileOf(AllRows(), null, 0.5)];

    public override void Begin(double[][] scores, ParallelOptions parallel)
    {
        var (sizes, counts) = (new double[Y.Length], new double[Y.Length]);
        for (var row = 0; row < sizes.Length; row++)
            (sizes[row], counts[row]) = (Math.Abs(Y[row] - scores[0][row]), Weight(row));
        _border = WeightedQuantile(sizes, counts, share);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Derive(int score, ReadOnlySpan<double> raw, int start, Span<double> gradients, Span<double> hessians)
    {
        for (var i = 0; i < raw.Length; i++)
        {
            var weight = Weight(start + i);
            gradients[i] = weight * (float)Math.Clamp(raw[i] - Y[start + i], -_border, _border);
            hessians[i] = weight;
        }
    }

    public override double Step(ReadOnlySpan<int> rows, double[] raw)
    {
        var median = QuantileOf(rows, raw, 0.5);
        var (sum, total) = (0.0, 0.0);
        foreach (var row in rows)
        {
            sum += Weight(row) * Math.Clamp(Y[row] - raw[row] - median, -_border, _border);
            total += Weight(row);
        }
        return median + (sum / total);
    }

    public override double Total(double[][] scores)
    {
        var total = 0.0;
        for (var row = 0; row < Y.Length; row++)
        {
            var size = Math.Abs(Y[row] - scores[0][row]);
            total += Weight(row) * (size <= _border ? size * size / 2 : _border * (size - (_border / 2)));
        }
        return total;
    }
}

internal sealed class PoissonLoss(double[] y, double[] weights) : RowLoss(y, weights)
{
    public override BoostingLink Link => BoostingLink.Exponential;

    public override bool LimitsSteps => true;

    public override double[] Baseline() => [Math.Log(Math.Max(Mean(), 1e-300))];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Derive(int score, ReadOnlySpan<double> raw, int start, Span<double> gradients, Span<double> hessians)
    {
        raw.CopyTo(hessians);
        VectorMath.Exp(hessians[..raw.Length]);
        for (var i = 0; i < raw.Length; i++)
        {
            var weight = Weight(start + i);
            gradients[i] = weight * (float)(hessians[i] - Y[start + i]);
            hessians[i] = weight * (float)hessians[i];
        }
    }

    public override double Total(double[][] scores)
    {
        var total = 0.0;
        for (var row = 0; row < Y.Length; row++)
            total += Weight(row) * (VectorMath.Exp(scores[0][row]) - (Y[row] * scores[0][row]));
        return total;
    }

    /// <exception cref="LodeException">InvalidArgument: a number is negative, or none is positive.</exception>
    public static void Require(Target target)
    {
        var values = target.Values;
        for (var row = 0; row < values.Length; row++)
        {
            if (values[row] < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"Loss 'poisson' needs a target of at least 0; '{target.Name}' is {values[row]} in row {row + 1}.");
        }
    }
}

/// <summary>Log loss of two classes; the raw score is the logit of the second.</summary>
internal sealed class BinaryLogLoss(double[] y, double[] weights) : RowLoss(y, weights)
{
    public override BoostingLink Link => BoostingLink.Logistic;

    public override bool LimitsSteps => true;

    public override double[] Baseline()
    {
        var share = Mean();
        return [Math.Log(share / (1 - share))];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Derive(int score, ReadOnlySpan<double> raw, int start, Span<double> gradients, Span<double> hessians)
    {
        raw.CopyTo(gradients);
        VectorMath.Sigmoid(gradients[..raw.Length]);
        if (Weights.Length == 0)
        {
            for (var i = 0; i < raw.Length; i++)
            {
                var p = gradients[i];
                hessians[i] = (float)(p * (1 - p));
                gradients[i] = (float)(p - Y[start + i]);
            }
            return;
        }
        for (var i = 0; i < raw.Length; i++)
        {
            var (p, weight) = (gradients[i], Weights[start + i]);
            hessians[i] = weight * (float)(p * (1 - p));
            gradients[i] = weight * (float)(p - Y[start + i]);
        }
    }

    public override double Total(double[][] scores)
    {
        var total = 0.0;
        for (var row = 0; row < Y.Length; row++)
        {
            var margin = Y[row] > 0.5 ? scores[0][row] : -scores[0][row];
            total += Weight(row) * (margin > 0 ? Math.Log(1 + VectorMath.Exp(-margin)) : Math.Log(1 + VectorMath.Exp(margin)) - margin);
        }
        return total;
    }
}

/// <summary>Log loss of several classes, each with rows; a raw score for each.</summary>
internal sealed class SoftmaxLogLoss(double[] y, double[] weights, int classes, double hessianFactor) : RowLoss(y, weights)
{
    private const int BlockRows = 1024;

    private readonly double[][] _shares = [.. Enumerable.Range(0, classes).Select(_ => new double[y.Length])];

    public override int Scores => classes;

    public override BoostingLink Link => BoostingLink.Softmax;

    // A class of one row in a thousand asks for Newton steps of hundreds, which throw the other rows of a leaf away.
    public override bool LimitsSteps => true;

    public override double[] Baseline()
    {
        var sums = new double[classes];
        var total = 0.0;
        for (var row = 0; row < Y.Length; row++)
        {
            sums[(int)Y[row]] += Weight(row);
            total += Weight(row);
        }
        foreach (ref var sum in sums.AsSpan())
            sum = Math.Log(sum / total);
        return sums;
    }

    public override void Begin(double[][] scores, ParallelOptions parallel)
    {
        var blocks = (Y.Length + BlockRows - 1) / BlockRows;
        if (Y.Length * classes < 20_000)
        {
            for (var block = 0; block < blocks; block++)
                Share(scores, block);
            return;
        }
        Parallel.For(0, blocks, parallel, block => Share(scores, block));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Derive(int score, ReadOnlySpan<double> raw, int start, Span<double> gradients, Span<double> hessians)
    {
        var shares = _shares[score].AsSpan(start, raw.Length);
        for (var i = 0; i < shares.Length; i++)
        {
            var (p, weight) = (shares[i], Weight(start + i));
            gradients[i] = weight * (float)(Y[start + i] == score ? p - 1 : p);
            hessians[i] = weight * (float)(hessianFactor * p * (1 - p));
        }
    }

    public override double Total(double[][] scores)
    {
        var total = 0.0;
        for (var row = 0; row < Y.Length; row++)
        {
            var top = double.NegativeInfinity;
            foreach (var score in scores)
                top = Math.Max(top, score[row]);
            var sum = 0.0;
            foreach (var score in scores)
                sum += VectorMath.Exp(score[row] - top);
            total += Weight(row) * (Math.Log(sum) + top - scores[(int)Y[row]][row]);
        }
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Share(double[][] scores, int block)
    {
        var start = block * BlockRows;
        var count = Math.Min(BlockRows, Y.Length - start);
        Span<double> top = stackalloc double[BlockRows];
        Span<double> sums = stackalloc double[BlockRows];
        top = top[..count];
        sums = sums[..count];
        scores[0].AsSpan(start, count).CopyTo(top);
        sums.Clear();
        for (var label = 1; label < classes; label++)
        {
            var score = scores[label].AsSpan(start, count);
            for (var i = 0; i < score.Length; i++)
                top[i] = Math.Max(top[i], score[i]);
        }
        for (var label = 0; label < classes; label++)
        {
            var score = scores[label].AsSpan(start, count);
            var share = _shares[label].AsSpan(start, count);
            for (var i = 0; i < share.Length; i++)
                share[i] = score[i] - top[i];
            VectorMath.Exp(share);
            for (var i = 0; i < share.Length; i++)
                sums[i] += share[i];
        }
        for (var label = 0; label < classes; label++)
        {
            var share = _shares[label].AsSpan(start, count);
            for (var i = 0; i < share.Length; i++)
                share[i] /= sums[i];
        }
    }
}
