namespace Lode.Learning;

/// <summary>Correlations of predicted numbers with the truth; NaN where one of them does not vary. Whole weights are repeated rows.</summary>
internal static class CorrelationMetrics
{
    /// <summary>Pearson's: linear.</summary>
    public static Metric Pearson { get; } = new("pearson", TaskKind.Regression, higherIsBetter: true,
        (truth, predicted, weights) => Correlate(truth.Values, predicted.Values, weights));

    /// <summary>Spearman's: Pearson's of the ranks, equal numbers sharing their mean rank.</summary>
    public static Metric Spearman { get; } = new("spearman", TaskKind.Regression, higherIsBetter: true,
        (truth, predicted, weights) => Correlate(Ranks(truth.Values, weights), Ranks(predicted.Values, weights), weights));

    /// <summary>Kendall's tau-b: pairs in order less pairs out of order, relative to those that are not tied.</summary>
    public static Metric Kendall { get; } = new("kendall_tau", TaskKind.Regression, higherIsBetter: true,
        (truth, predicted, weights) => TauB(truth.Values, predicted.Values, weights));

    private static double Correlate(ReadOnlySpan<double> x, ReadOnlySpan<double> y, ReadOnlySpan<double> weights)
    {
        var (total, meanX, meanY) = (0.0, 0.0, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            var weight = weights.IsEmpty ? 1 : weights[i];
            total += weight;
            meanX += weight * x[i];
            meanY += weight * y[i];
        }
        (meanX, meanY) = (meanX / total, meanY / total);
        var (xx, yy, xy) = (0.0, 0.0, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            var weight = weights.IsEmpty ? 1 : weights[i];
            xx += weight * (x[i] - meanX) * (x[i] - meanX);
            yy += weight * (y[i] - meanY) * (y[i] - meanY);
            xy += weight * (x[i] - meanX) * (y[i] - meanY);
        }
        return xx > 0 && yy > 0 ? Math.Clamp(xy / (Math.Sqrt(xx) * Math.Sqrt(yy)), -1, 1) : double.NaN;
    }

    private static double[] Ranks(ReadOnlySpan<double> values, ReadOnlySpan<double> weights)
    {
        var (sorted, order) = Sort(values);
        var ranks = new double[values.Length];
        var below = 0.0;
        for (var start = 0; start < order.Length;)
        {
            var (end, tied) = (start, 0.0);
            for (; end < order.Length && sorted[end] == sorted[start]; end++)
                tied += weights.IsEmpty ? 1 : weights[order[end]];
            for (var i = start; i < end; i++)
                ranks[order[i]] = below + (tied / 2);
            below += tied;
            start = end;
        }
        return ranks;
    }

    private static double TauB(ReadOnlySpan<double> x, ReadOnlySpan<double> y, ReadOnlySpan<double> weights)
    {
        var (sortedY, byY) = Sort(y);
        var place = new int[y.Length];
        for (var (i, rank) = (0, 0); i < byY.Length; i++)
        {
            rank += i > 0 && sortedY[i] != sortedY[i - 1] ? 1 : 0;
            place[byY[i]] = rank;
        }
        // Sums of weights by place, in a tree of partial sums (Fenwick 1994).
        var tree = new double[y.Length + 1];
        var placeWeights = new double[y.Length];
        var (sortedX, order) = Sort(x);
        var (excess, total, tiedX) = (0.0, 0.0, 0.0);
        for (var start = 0; start < order.Length;)
        {
            var (end, group) = (start, 0.0);
            for (; end < order.Length && sortedX[end] == sortedX[start]; end++)
            {
                var row = order[end];
                var weight = weights.IsEmpty ? 1 : weights[row];
                group += weight;
                excess += weight * (Below(tree, place[row]) - (total - Below(tree, place[row] + 1)));
            }
            for (var i = start; i < end; i++)
            {
                var weight = weights.IsEmpty ? 1 : weights[order[i]];
                placeWeights[place[order[i]]] += weight;
                for (var node = place[order[i]] + 1; node < tree.Length; node += node & -node)
                    tree[node] += weight;
            }
            tiedX += group * group;
            total += group;
            start = end;
        }
        var tiedY = 0.0;
        foreach (var weight in placeWeights)
            tiedY += weight * weight;
        var (untiedX, untiedY) = (((total * total) - tiedX) / 2, ((total * total) - tiedY) / 2);
        return untiedX > 0 && untiedY > 0 ? Math.Clamp(excess / Math.Sqrt(untiedX) / Math.Sqrt(untiedY), -1, 1) : double.NaN;
    }

    private static double Below(double[] tree, int place)
    {
        var sum = 0.0;
        for (var node = place; node > 0; node -= node & -node)
            sum += tree[node];
        return sum;
    }

    private static (double[] Sorted, int[] Order) Sort(ReadOnlySpan<double> values)
    {
        var sorted = values.ToArray();
        var order = new int[sorted.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = i;
        Array.Sort(sorted, order);
        return (sorted, order);
    }
}
