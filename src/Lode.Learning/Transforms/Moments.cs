namespace Lode.Learning;

/// <summary>Sums over the values of a column that are not missing, with weights.</summary>
internal static class Moments
{
    /// <summary>Mean and population variance; (0, 0) where there is no value.</summary>
    /// <remarks>Two passes; the second takes back what rounding of the mean added (Chan, Golub, LeVeque, 1983, eq. 1.7). A variance
    /// below rounding noise is 0; the bound is scikit-learn's.</remarks>
    public static (double Mean, double Variance) Of(ReadOnlySpan<double> values, ReadOnlySpan<double> weights = default)
    {
        var (sum, total) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i]))
                continue;
            var weight = weights.IsEmpty ? 1 : weights[i];
            (sum, total) = (sum + (weight * values[i]), total + weight);
        }
        if (total == 0)
            return (0, 0);
        var mean = sum / total;
        var (squares, rest) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i]))
                continue;
            var weight = weights.IsEmpty ? 1 : weights[i];
            var off = values[i] - mean;
            (squares, rest) = (squares + (weight * off * off), rest + (weight * off));
        }
        var variance = (squares - (rest * rest / total)) / total;
        var epsilon = Math.BitIncrement(1.0) - 1;
        var noise = (total * epsilon * variance) + Math.Pow(total * mean * epsilon, 2);
        return (mean, variance > noise ? variance : 0);
    }

    /// <summary>The values that are not missing, ascending.</summary>
    public static double[] Sorted(ReadOnlySpan<double> values)
    {
        var present = new double[values.Length];
        var count = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
                present[count++] = value;
        }
        Array.Resize(ref present, count);
        Array.Sort(present);
        return present;
    }

    /// <summary>The values that are not missing, ascending, with the weight of each.</summary>
    public static (double[] Values, double[] Weights) Sorted(ReadOnlySpan<double> values, ReadOnlySpan<double> weights)
    {
        if (weights.IsEmpty)
        {
            var alone = Sorted(values);
            var ones = new double[alone.Length];
            Array.Fill(ones, 1.0);
            return (alone, ones);
        }
        var (present, kept) = (new double[values.Length], new double[values.Length]);
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsNaN(values[i]))
                (present[count], kept[count++]) = (values[i], weights[i]);
        }
        Array.Resize(ref present, count);
        Array.Resize(ref kept, count);
        Array.Sort(present, kept);
        return (present, kept);
    }

    /// <summary>The quantile between the two nearest of n values: at (n − 1)·p, linear between them.</summary>
    /// <param name="sorted">Ascending, at least one.</param>
    /// <param name="p">In [0, 1].</param>
    /// <remarks>Hyndman and Fan, "Sample quantiles in statistical packages" (1996), definition 7.</remarks>
    public static double Quantile(ReadOnlySpan<double> sorted, double p)
    {
        var position = p * (sorted.Length - 1);
        var below = Math.Clamp((int)Math.Floor(position), 0, sorted.Length - 1);
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
    }

    /// <summary>The value with half the weight on either side; the mean of two where the half falls between them.</summary>
    public static double Median(ReadOnlySpan<double> sorted, ReadOnlySpan<double> weights)
    {
        var total = 0.0;
        foreach (var weight in weights)
            total += weight;
        var below = 0.0;
        for (var i = 0; i < sorted.Length; i++)
        {
            below += weights[i];
            if (2 * below > total)
                return sorted[i];
            if (2 * below == total && i + 1 < sorted.Length)
                return (sorted[i] + sorted[i + 1]) / 2;
        }
        return sorted[^1];
    }
}
