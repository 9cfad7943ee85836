using Lode.Core;

namespace Lode.Learning;

/// <summary>What a test found.</summary>
/// <param name="Statistic">The test's statistic.</param>
/// <param name="PValue">The chance of one at least as extreme, on either side, if there were no difference. In [0, 1].</param>
public readonly record struct TestResult(double Statistic, double PValue);

/// <summary>Tests of whether models differ, and corrections for making several.</summary>
/// <remarks>Two-sided. Where nothing differs at all, the statistic is 0 and the p-value 1.</remarks>
public static class ModelTests
{
    private const int MaxExact = 50;

    /// <summary>Student's paired t-test of scores on the same unseen data sets. Scores of folds are not independent: for them use
    /// <see cref="CorrectedPairedT"/>.</summary>
    /// <param name="first">At least 2 finite scores.</param>
    /// <param name="second">As many.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2, of different numbers, or not finite.</exception>
    public static TestResult PairedT(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => PairedT(Differences(first, second), 1.0 / first.Length);

    /// <summary>The paired t-test of fold scores, corrected for training sets that overlap.</summary>
    /// <param name="first">One score a fold, at least 2.</param>
    /// <param name="second">Of the same folds.</param>
    /// <param name="trainRows">Rows that each fold was fitted on. Range: ≥ 1.</param>
    /// <param name="testRows">Rows that each fold was scored on. Range: ≥ 1.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2, of different numbers, not finite, or no rows.</exception>
    /// <remarks>Nadeau and Bengio, "Inference for the generalization error" (Machine Learning 52, 2003), section 4.3.</remarks>
    public static TestResult CorrectedPairedT(ReadOnlySpan<double> first, ReadOnlySpan<double> second, int trainRows, int testRows)
    {
        if (trainRows < 1 || testRows < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"Folds have rows to train and to test on; got {trainRows} and {testRows}.");
        return PairedT(Differences(first, second), (1.0 / first.Length) + ((double)testRows / trainRows));
    }

    /// <summary>Wilcoxon's signed-rank test; pairs without a difference are left out. Exact for up to 50 pairs without ties or zeros.</summary>
    /// <param name="first">At least 2 finite scores.</param>
    /// <param name="second">As many.</param>
    /// <returns>The smaller sum of ranks.</returns>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2, of different numbers, or not finite.</exception>
    public static TestResult Wilcoxon(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var all = Differences(first, second);
        double[] differences = [.. all.Where(difference => difference != 0)];
        var n = differences.Length;
        if (n == 0)
            return new TestResult(0, 1);
        var ranks = Ranks([.. differences.Select(Math.Abs)], out var ties);
        var positive = 0.0;
        for (var i = 0; i < n; i++)
            positive += differences[i] > 0 ? ranks[i] : 0;
        var statistic = Math.Min(positive, (n * (n + 1) / 2.0) - positive);
        if (n <= MaxExact && ties == 0 && n == all.Length)
        {
            // In how many ways ranks 1..n make each sum.
            var ways = new double[(n * (n + 1) / 2) + 1];
            ways[0] = 1;
            for (var rank = 1; rank <= n; rank++)
                for (var sum = ways.Length - 1; sum >= rank; sum--)
                    ways[sum] += ways[sum - rank];
            return new TestResult(statistic, Math.Min(1, 2 * ways.Take((int)statistic + 1).Sum() / Math.Pow(2, n)));
        }
        var variance = ((n * (n + 1.0) * ((2.0 * n) + 1)) - (ties / 2)) / 24;
        return new TestResult(statistic, Normal((statistic - (n * (n + 1) / 4.0)) / Math.Sqrt(variance)));
    }

    /// <summary>McNemar's exact test of two classifiers on the same rows.</summary>
    /// <param name="onlyFirstRight">Rows that the first alone got right. Range: ≥ 0.</param>
    /// <param name="onlySecondRight">Rows that the second alone got right. Range: ≥ 0.</param>
    /// <returns>The smaller of the two counts.</returns>
    /// <exception cref="LodeException">InvalidArgument: a count is negative.</exception>
    public static TestResult McNemar(int onlyFirstRight, int onlySecondRight)
    {
        if (onlyFirstRight < 0 || onlySecondRight < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Counts are at least 0; got {onlyFirstRight} and {onlySecondRight}.");
        var (few, n) = (Math.Min(onlyFirstRight, onlySecondRight), onlyFirstRight + onlySecondRight);
        // P(X ≤ few) of a fair coin is I_{1/2}(n - few, few + 1).
        return new TestResult(few, few == n - few ? 1 : Math.Min(1, 2 * Distributions.IncompleteBeta(0.5, n - few, few + 1)));
    }

    /// <summary>McNemar's exact test of two models' most probable classes.</summary>
    /// <param name="truth">A classification.</param>
    /// <param name="first">Of the same rows and classes.</param>
    /// <param name="second">Of the same rows and classes.</param>
    public static TestResult McNemar(Target truth, Predictions first, Predictions second)
    {
        var (onlyFirst, onlySecond) = (0, 0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var (a, b) = (first.Label(row) == truth.Labels[row], second.Label(row) == truth.Labels[row]);
            onlyFirst += a && !b ? 1 : 0;
            onlySecond += b && !a ? 1 : 0;
        }
        return McNemar(onlyFirst, onlySecond);
    }

    /// <summary>Mann and Whitney's U-test of two samples that are not paired. Exact where one has at most 8 values, both together at most 200, and no ties;
    /// else normal, with corrections for ties and continuity.</summary>
    /// <param name="first">At least one finite number.</param>
    /// <param name="second">At least one finite number.</param>
    /// <returns>How often a number of the first is above one of the second, ties counting half.</returns>
    /// <exception cref="LodeException">InvalidArgument: a sample is empty, or a number is not finite.</exception>
    public static TestResult MannWhitney(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var (n, m) = (first.Length, second.Length);
        if (n == 0 || m == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Both samples need numbers; got {n} and {m}.");
        RequireFinite(first);
        RequireFinite(second);
        var ranks = Ranks([.. first, .. second], out var ties);
        var u = ranks.Take(n).Sum() - (n * (n + 1.0) / 2);
        var large = Math.Max(u, ((double)n * m) - u);
        if (Math.Min(n, m) <= 8 && n + m <= 200 && ties == 0)
            return new TestResult(u, Math.Min(1, 2 * ChanceOfU(n, m, (int)(((double)n * m) - large))));
        double all = n + m;
        var deviation = Math.Sqrt((double)n * m / 12 * (all + 1 - (ties / (all * (all - 1)))));
        return new TestResult(u, deviation > 0 ? Math.Min(1, Normal((large - (n * (double)m / 2) - 0.5) / deviation, oneSide: true) * 2) : 1);
    }

    /// <summary>Friedman's test of whether any of several models differs over the same data sets or folds.</summary>
    /// <param name="scores">One list a model, at least 3, each with one finite score a data set, at least 2.</param>
    /// <exception cref="LodeException">InvalidArgument: too few, of different lengths, or not finite.</exception>
    /// <remarks>Demšar, "Statistical comparisons of classifiers over multiple data sets" (JMLR 7, 2006), with the correction for ties.</remarks>
    public static TestResult Friedman(IReadOnlyList<double[]> scores)
    {
        var k = scores.Count;
        if (k < 3 || scores[0].Length < 2 || scores.Any(model => model.Length != scores[0].Length))
            throw new LodeException(ErrorCode.InvalidArgument, $"Friedman's test needs at least 3 models with equally many scores, at least 2 each; got {k} models.");
        foreach (var model in scores)
            RequireFinite(model);
        var n = scores[0].Length;
        var sums = new double[k];
        var tied = 0.0;
        for (var i = 0; i < n; i++)
        {
            var ranks = Ranks([.. scores.Select(model => model[i])], out var ties);
            tied += ties;
            for (var model = 0; model < k; model++)
                sums[model] += ranks[model];
        }
        var correction = 1 - (tied / ((double)n * k * (((double)k * k) - 1)));
        if (correction <= 0)
            return new TestResult(0, 1);
        var statistic = ((12.0 / ((double)n * k * (k + 1)) * sums.Sum(sum => sum * sum)) - (3.0 * n * (k + 1))) / correction;
        return new TestResult(statistic, Distributions.ChiSquaredUpper(Math.Max(0, statistic), k - 1));
    }

    /// <summary>Holm's correction: adjusted p-values that hold the chance of any false discovery.</summary>
    /// <param name="pValues">Each in [0, 1].</param>
    public static double[] Holm(ReadOnlySpan<double> pValues)
    {
        var order = Order(pValues);
        var adjusted = new double[order.Length];
        var largest = 0.0;
        for (var i = 0; i < order.Length; i++)
            adjusted[order[i]] = largest = Math.Max(largest, Math.Min(1, (order.Length - i) * pValues[order[i]]));
        return adjusted;
    }

    /// <summary>Benjamini and Hochberg's correction: adjusted p-values that hold the expected share of false discoveries.</summary>
    /// <param name="pValues">Each in [0, 1].</param>
    public static double[] BenjaminiHochberg(ReadOnlySpan<double> pValues)
    {
        var order = Order(pValues);
        var adjusted = new double[order.Length];
        var smallest = 1.0;
        for (var i = order.Length - 1; i >= 0; i--)
            adjusted[order[i]] = smallest = Math.Min(smallest, pValues[order[i]] * order.Length / (i + 1));
        return adjusted;
    }

    private static TestResult PairedT(double[] differences, double factor)
    {
        var mean = differences.Average();
        var variance = differences.Sum(difference => (difference - mean) * (difference - mean)) / (differences.Length - 1);
        if (variance == 0)
            return mean == 0 ? new TestResult(0, 1) : new TestResult(mean > 0 ? double.PositiveInfinity : double.NegativeInfinity, 0);
        var t = mean / Math.Sqrt(factor * variance);
        return new TestResult(t, Distributions.StudentTwoSided(t, differences.Length - 1));
    }

    private static double[] Differences(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (first.Length != second.Length || first.Length < 2)
            throw new LodeException(ErrorCode.InvalidArgument, $"A paired test needs two equally long lists of at least 2 scores; got {first.Length} and {second.Length}.");
        RequireFinite(first);
        RequireFinite(second);
        var differences = new double[first.Length];
        for (var i = 0; i < differences.Length; i++)
            differences[i] = first[i] - second[i];
        return differences;
    }

    private static void RequireFinite(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
                throw new LodeException(ErrorCode.InvalidArgument, $"A test needs finite numbers; got {value}.");
        }
    }

    // Ranks from 1, equal numbers sharing their mean; ties: Σ t³ - t over groups of t equal numbers.
    private static double[] Ranks(double[] values, out double ties)
    {
        var order = Order(values);
        var ranks = new double[values.Length];
        ties = 0;
        for (var start = 0; start < order.Length;)
        {
            var end = start;
            while (end < order.Length && values[order[end]] == values[order[start]])
                end++;
            for (var i = start; i < end; i++)
                ranks[order[i]] = (start + 1 + end) / 2.0;
            double count = end - start;
            ties += (count * count * count) - count;
            start = end;
        }
        return ranks;
    }

    private static int[] Order(ReadOnlySpan<double> values)
    {
        var order = Enumerable.Range(0, values.Length).ToArray();
        Array.Sort(values.ToArray(), order);
        return order;
    }

    private static double Normal(double z, bool oneSide = false) => oneSide ? SpecialFunctions.Erfc(z / Math.Sqrt(2)) / 2 : SpecialFunctions.Erfc(Math.Abs(z) / Math.Sqrt(2));

    // P(U ≤ u): the ways to choose n of n + m places by the sum of those before each (Mann and Whitney 1947), as chances to stay finite.
    private static double ChanceOfU(int n, int m, int u)
    {
        var few = Math.Min(n, m);
        var many = Math.Max(n, m);
        // ways[j][s]: chance that j chosen places of the first i have the sum s.
        var chance = new double[few + 1][];
        for (var j = 0; j <= few; j++)
            chance[j] = new double[u + 1];
        chance[0][0] = 1;
        for (var place = 0; place < few + many; place++)
        {
            for (var j = Math.Min(few, place + 1); j >= 1; j--)
            {
                // A place chosen as the j-th is behind place - (j - 1) places not chosen.
                var behind = place - (j - 1);
                if (behind > many)
                    continue;
                for (var sum = u; sum >= behind; sum--)
                    chance[j][sum] += chance[j - 1][sum - behind];
            }
        }
        var all = Math.Exp(Distributions.LogGamma(few + many + 1) - Distributions.LogGamma(few + 1) - Distributions.LogGamma(many + 1));
        return chance[few].Sum() / all;
    }
}
