namespace Lode.Learning;

/// <summary>The values of a column that are not missing, ascending, each as often as its weight says.</summary>
/// <remarks>
/// A quantile of n values is at (n − 1)·p, linear between neighbours (Hyndman and Fan, "Sample quantiles in statistical packages", 1996, definition 7). With weights,
/// n is their sum, and a value of weight w fills a stretch of length w − 1, then goes over to the next within 1: of whole numbers that is the quantile of rows repeated so
/// often. Weights below 1 leave no such stretch: then the smallest weight stands for the 1 throughout, so that equal weights count for nothing.
/// </remarks>
internal sealed class SortedSample
{
    private readonly double[] _values;
    private readonly double[] _upTo = []; // The weight up to and with each value; empty: each 1.
    private readonly double _step = 1;

    private SortedSample(double[] values) => _values = values;

    private SortedSample(double[] values, double[] weights)
    {
        (_values, _upTo) = (values, weights);
        var total = 0.0;
        foreach (ref var weight in weights.AsSpan())
        {
            _step = Math.Min(_step, weight);
            weight = total += weight;
        }
    }

    /// <param name="values">NaN is missing.</param>
    /// <param name="weights">Of the same rows, or empty: each 1. Values of weight 0 are left out.</param>
    public static SortedSample Of(ReadOnlySpan<double> values, ReadOnlySpan<double> weights)
    {
        if (weights.IsEmpty)
            return new SortedSample(Moments.Sorted(values));
        var (sorted, kept) = Moments.Sorted(values, weights);
        if (!kept.Contains(0))
            return new SortedSample(sorted, kept);
        double[] there = [.. sorted.Where((_, i) => kept[i] > 0)];
        return new SortedSample(there, [.. kept.Where(weight => weight > 0)]);
    }

    /// <summary>Ascending.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>The weight of a value.</summary>
    public double Weight(int i) => _upTo.Length == 0 ? 1 : i == 0 ? _upTo[0] : _upTo[i] - _upTo[i - 1];

    /// <param name="p">In [0, 1]; there is at least one value.</param>
    public double Quantile(double p)
    {
        if (_upTo.Length == 0)
            return Moments.Quantile(_values, p);
        var position = Math.Max(0, p * (_upTo[^1] - _step));
        var (low, high) = (0, _values.Length - 1);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (position < _upTo[middle])
                high = middle;
            else
                low = middle + 1;
        }
        var next = Math.Min(low + 1, _values.Length - 1);
        var part = Math.Clamp((position - (_upTo[low] - _step)) / _step, 0, 1);
        return _values[low] + (part * (_values[next] - _values[low]));
    }

    /// <summary>How many rows weights stand for: their sum over the smaller of 1 and the smallest above 0.</summary>
    /// <param name="weights">At least 0; empty: each 1.</param>
    /// <param name="rows">How many rows there are.</param>
    public static double RowsOf(ReadOnlySpan<double> weights, int rows)
    {
        if (weights.IsEmpty)
            return rows;
        var (total, step) = (0.0, 1.0);
        foreach (var weight in weights)
        {
            total += weight;
            step = weight > 0 ? Math.Min(step, weight) : step;
        }
        return Math.Round(total / step);
    }
}
