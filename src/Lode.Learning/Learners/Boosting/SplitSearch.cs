using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Lode.Learning;

/// <summary>The best way to part a leaf's rows by one column.</summary>
internal struct BoostSplit
{
    public double Gain;
    public int Column;

    /// <summary>The last bin that goes left. For categories, <see cref="Set"/> says who does.</summary>
    public int Bin;

    public bool MissingLeft;
    public bool IsCategory;
    public Vector256<ulong> Set;

    /// <summary>Sums of the rows on the left.</summary>
    public Vector128<long> Left;

    public static BoostSplit None => new() { Gain = double.NegativeInfinity, Column = -1 };
}

/// <summary>How sums in fixed point are read.</summary>
/// <param name="Gradient">What one unit of the gradients is.</param>
/// <param name="Hessian">What one unit of the second derivatives is.</param>
/// <param name="CountBits">Low bits that hold the number of rows.</param>
internal readonly record struct SumScale(double Gradient, double Hessian, int CountBits)
{
    public double G(Vector128<long> sum) => sum.GetElement(0) * Gradient;

    public double H(Vector128<long> sum) => (sum.GetElement(1) >> CountBits) * Hessian;

    public int Rows(Vector128<long> sum) => (int)(sum.GetElement(1) & ((1L << CountBits) - 1));
}

/// <summary>Looks through a column's table for the best split.</summary>
/// <remarks>Gain: Chen and Guestrin, "XGBoost" (KDD 2016), eq. 7, without the half. Missing values are tried on both sides (ibid., algorithm 3).
/// Categories: put in order of gradient over second derivative, only parts of that order can be best (Fisher 1958; Hastie et al.,
/// The Elements of Statistical Learning, section 9.2.4).</remarks>
internal sealed class SplitSearch(BoostingOptions options)
{
    private readonly double _l1 = options.L1Regularization;
    private readonly double _l2 = options.L2Regularization;
    private readonly int _minRows = Math.Max(1, options.MinSamplesLeaf);
    private readonly double _minHessian = options.MinSumHessian;

    /// <summary>The value of a leaf, before the learning rate.</summary>
    public double Value(double g, double h, double low, double high)
    {
        var shrunk = _l1 == 0 ? g : Math.Sign(g) * Math.Max(0, Math.Abs(g) - _l1);
        var value = -shrunk / (h + _l2);
        // Sums of nothing: 0/0.
        return double.IsFinite(value) ? Math.Clamp(value, low, high) : Math.Clamp(0, low, high);
    }

    /// <param name="table">The column's slots.</param>
    /// <param name="bins">The column.</param>
    /// <param name="column">Its number.</param>
    /// <param name="total">Sums of all the leaf's rows.</param>
    /// <param name="scale">How to read them.</param>
    /// <param name="bounds">What the leaf's values may be.</param>
    /// <param name="direction">1: values may only rise; -1: only fall; 0: free.</param>
    public BoostSplit Find(ReadOnlySpan<Vector128<long>> table, ColumnBins bins, int column, Vector128<long> total, SumScale scale, Bounds bounds, int direction)
    {
        var best = BoostSplit.None;
        if (bins.IsCategorical)
        {
            FindSet(table, bins, total, scale, bounds, ref best);
        }
        else
        {
            var missing = bins.HasMissing ? table[bins.Count] : Vector128<long>.Zero;
            Scan(table, bins.Count - (bins.HasMissing ? 0 : 1), Vector128<long>.Zero, false, total, scale, bounds, direction, ref best);
            if (scale.Rows(missing) > 0)
                Scan(table, bins.Count - 1, missing, true, total, scale, bounds, direction, ref best);
            else if (best.Column >= 0)
                best.MissingLeft = 2 * scale.Rows(best.Left) > scale.Rows(total);
        }
        if (best.Column < 0)
            return best;
        best.Column = column;
        var parent = Score(scale.G(total), scale.H(total), bounds);
        best.Gain -= parent;
        // What only rounding gains is no gain.
        if (!(best.Gain > Math.Max(options.MinSplitGain, 1e-12 * Math.Abs(parent))))
            best.Column = -1;
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scan(ReadOnlySpan<Vector128<long>> table, int last, Vector128<long> left, bool missingLeft,
        Vector128<long> total, SumScale scale, Bounds bounds, int direction, ref BoostSplit best)
    {
        var plain = _l1 == 0 && direction == 0 && bounds.AreFree;
        var mask = (1L << scale.CountBits) - 1;
        var rows = total.GetElement(1) & mask;
        var (totalG, totalH) = (scale.G(total), scale.H(total));
        for (var bin = 0; bin < last; bin++)
        {
            var slot = table[bin];
            left += slot;
            var leftRows = left.GetElement(1) & mask;
            if (leftRows < _minRows || (slot.GetElement(1) & mask) == 0)
                continue;
            if (rows - leftRows < _minRows)
                break;
            var (leftG, leftH) = (scale.G(left), scale.H(left));
            var (rightG, rightH) = (totalG - leftG, totalH - leftH);
            if (leftH < _minHessian || rightH < _minHessian)
                continue;
            double score;
            if (plain)
                score = (leftG * leftG / (leftH + _l2)) + (rightG * rightG / (rightH + _l2));
            else if (!IsOrdered(leftG, leftH, rightG, rightH, bounds, direction))
                continue;
            else
                score = Score(leftG, leftH, bounds) + Score(rightG, rightH, bounds);
            if (score > best.Gain)
                (best.Gain, best.Column, best.Bin, best.MissingLeft, best.Left) = (score, 0, bin, missingLeft, left);
        }
    }

    private bool IsOrdered(double leftG, double leftH, double rightG, double rightH, Bounds bounds, int direction)
    {
        if (direction == 0)
            return true;
        var difference = Value(rightG, rightH, bounds.Low, bounds.High) - Value(leftG, leftH, bounds.Low, bounds.High);
        return direction > 0 ? difference >= 0 : difference <= 0;
    }

    /// <summary>What a leaf of these sums lowers the loss by, twice.</summary>
    private double Score(double g, double h, Bounds bounds)
    {
        if (_l1 == 0 && bounds.AreFree)
            return g * g / (h + _l2);
        var value = Value(g, h, bounds.Low, bounds.High);
        return -(2 * g * value) - ((h + _l2) * value * value) - (2 * _l1 * Math.Abs(value));
    }

    private void FindSet(ReadOnlySpan<Vector128<long>> table, ColumnBins bins, Vector128<long> total, SumScale scale, Bounds bounds, ref BoostSplit best)
    {
        Span<double> keys = stackalloc double[256];
        Span<int> order = stackalloc int[256];
        var count = 0;
        for (var bin = 0; bin < bins.Slots; bin++)
        {
            if (scale.Rows(table[bin]) < options.MinCategoryRows)
                continue;
            keys[count] = scale.G(table[bin]) / (scale.H(table[bin]) + options.CategorySmoothing);
            order[count++] = bin;
        }
        keys = keys[..count];
        order = order[..count];
        keys.Sort(order);
        for (var turn = 0; turn < 2; turn++)
        {
            ScanSets(table, order, total, scale, bounds, ref best);
            order.Reverse();
        }
        // Who was not seen goes where more rows go.
        if (best.Column >= 0 && !bins.HasMissing && 2 * scale.Rows(best.Left) > scale.Rows(total))
            best.Set = With(best.Set, bins.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanSets(ReadOnlySpan<Vector128<long>> table, ReadOnlySpan<int> order, Vector128<long> total, SumScale scale, Bounds bounds, ref BoostSplit best)
    {
        var left = Vector128<long>.Zero;
        var set = Vector256<ulong>.Zero;
        var rows = scale.Rows(total);
        for (var i = 0; i < order.Length; i++)
        {
            left += table[order[i]];
            set = With(set, order[i]);
            var leftRows = scale.Rows(left);
            if (leftRows < _minRows)
                continue;
            if (rows - leftRows < _minRows)
                return;
            var (leftG, leftH) = (scale.G(left), scale.H(left));
            var (rightG, rightH) = (scale.G(total) - leftG, scale.H(total) - leftH);
            if (leftH < _minHessian || rightH < _minHessian)
                continue;
            var score = Score(leftG, leftH, bounds) + Score(rightG, rightH, bounds);
            if (score > best.Gain)
                (best.Gain, best.Column, best.IsCategory, best.Set, best.Left) = (score, 0, true, set, left);
        }
    }

    private static Vector256<ulong> With(Vector256<ulong> set, int bin) => set.WithElement(bin >> 6, set.GetElement(bin >> 6) | (1UL << (bin & 63)));
}

/// <summary>What the values of a leaf may be, so that a constraint on a split above it holds.</summary>
internal readonly record struct Bounds(double Low, double High)
{
    public static Bounds Free => new(double.NegativeInfinity, double.PositiveInfinity);

    public bool AreFree => double.IsNegativeInfinity(Low) && double.IsPositiveInfinity(High);
}
