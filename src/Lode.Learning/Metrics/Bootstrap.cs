using Lode.Core;

namespace Lode.Learning;

/// <summary>How an interval is read off the resamples.</summary>
public enum BootstrapMethod
{
    /// <summary>Between their quantiles.</summary>
    Percentile = 1,

    /// <summary>Their quantiles, mirrored at the estimate.</summary>
    Basic = 2,

    /// <summary>Between quantiles that are moved to correct bias and skewness.</summary>
    Bca = 3,
}

/// <summary>An estimate with its uncertainty.</summary>
/// <param name="Estimate">On all rows as they are.</param>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
/// <param name="StandardError">The standard deviation over the resamples.</param>
/// <param name="Resamples">How many resamples it was defined for; the others are left out.</param>
public sealed record BootstrapInterval(double Estimate, double Low, double High, double StandardError, int Resamples);

/// <summary>What a bootstrap does.</summary>
public sealed record BootstrapOptions
{
    /// <summary>Resamples, 20 to 1,000,000. Default: 1,000.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>The share of cases in which the interval is to hold the truth, in (0, 1). Default: 0.95.</summary>
    public double Level { get; init; } = 0.95;

    /// <summary>How the interval is made. Default: BCa.</summary>
    public BootstrapMethod Method { get; init; } = BootstrapMethod.Bca;

    internal void Validate()
    {
        if (!(Resamples is >= 20 and <= 1_000_000 && Level > 0 && Level < 1))
            throw new LodeException(ErrorCode.InvalidArgument, $"A bootstrap needs 20 to 1,000,000 resamples and a level in (0, 1); got {Resamples} and {Level}.");
    }
}

/// <summary>Confidence intervals of scores, and of differences of two models' scores on the same rows.</summary>
/// <remarks>Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 13 and 14. A resample is a count of each row, given to the metric as
/// its weight: no row is copied. The acceleration comes from leaving out one of at most 200 blocks of rows at a time. Rows are taken to be
/// independent: of grouped or time-ordered rows intervals are too narrow. Threads change no bit.</remarks>
public static class Bootstrap
{
    private const int MaxBlocks = 200;

    /// <summary>The interval of a model's score.</summary>
    /// <param name="metric">Of the truth's task.</param>
    /// <param name="truth">At least two rows.</param>
    /// <param name="predicted">Of the same rows and classes.</param>
    /// <param name="rng">Decides the resamples.</param>
    /// <param name="weights">How much each row counts; null: each 1.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <param name="cancellation">Looked at once a resample.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than two rows, options out of range, or a metric of the other task.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static BootstrapInterval Interval(Metric metric, Target truth, Predictions predicted, Rng rng, double[]? weights = null, BootstrapOptions? options = null,
        int threads = 0, CancellationToken cancellation = default)
    {
        var order = Order(predicted);
        var (sortedTruth, sorted) = (truth.Select(order), Select(predicted, order));
        return Interval(counts => metric.Score(sortedTruth, sorted, counts), truth.Rows, Select(weights, order), rng, options, threads, cancellation);
    }

    /// <summary>The interval of the first model's score less the second's.</summary>
    /// <inheritdoc cref="Interval(Metric, Target, Predictions, Rng, double[], BootstrapOptions, int, CancellationToken)"/>
    /// <param name="metric">Of the truth's task.</param>
    /// <param name="truth">At least two rows.</param>
    /// <param name="first">Of the same rows and classes.</param>
    /// <param name="second">Of the same rows and classes.</param>
    /// <param name="rng">Decides the resamples, which both share.</param>
    /// <param name="weights">How much each row counts; null: each 1.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <param name="cancellation">Looked at once a resample.</param>
    public static BootstrapInterval Difference(Metric metric, Target truth, Predictions first, Predictions second, Rng rng, double[]? weights = null,
        BootstrapOptions? options = null, int threads = 0, CancellationToken cancellation = default) =>
        Interval(counts => metric.Score(truth, first, counts) - metric.Score(truth, second, counts), truth.Rows, weights, rng, options, threads, cancellation);

    private static BootstrapInterval Interval(Statistic statistic, int rows, double[]? weights, Rng rng, BootstrapOptions? options, int threads, CancellationToken cancellation)
    {
        options ??= new BootstrapOptions();
        options.Validate();
        if (rows < 2)
            throw new LodeException(ErrorCode.InvalidArgument, $"A bootstrap needs at least 2 rows; got {rows}.");
        var estimate = statistic(weights ?? []);
        var values = new double[options.Resamples];
        var parallel = new FitContext(rng, threads, cancellation).Parallel;
        Parallel.For(0, values.Length, parallel, () => new double[rows], (resample, _, counts) =>
        {
            Draw(rng.Child((ulong)resample), counts);
            values[resample] = Weigh(statistic, counts, weights);
            return counts;
        }, _ => { });
        double[] sorted = [.. values.Where(double.IsFinite).Order()];
        if (sorted.Length < 2 || !double.IsFinite(estimate))
            return new BootstrapInterval(estimate, double.NaN, double.NaN, double.NaN, sorted.Length);
        var tail = (1 - options.Level) / 2;
        var (low, high) = options.Method == BootstrapMethod.Bca
            ? Corrected(sorted, estimate, Jackknife(statistic, rows, weights, parallel), tail)
            : (tail, 1 - tail);
        var (from, to) = (Quantile(sorted, low), Quantile(sorted, high));
        if (options.Method == BootstrapMethod.Basic)
            (from, to) = ((2 * estimate) - to, (2 * estimate) - from);
        var mean = sorted.Average();
        return new BootstrapInterval(estimate, from, to, Math.Sqrt(sorted.Sum(value => (value - mean) * (value - mean)) / (sorted.Length - 1)), sorted.Length);
    }

    private static void Draw(Rng rng, double[] counts)
    {
        Array.Clear(counts);
        for (var i = 0; i < counts.Length; i++)
            counts[rng.NextInt32(counts.Length)]++;
    }

    private static double Weigh(Statistic statistic, double[] counts, double[]? weights)
    {
        var total = 0.0;
        for (var row = 0; row < counts.Length; row++)
        {
            counts[row] *= weights is null ? 1 : weights[row];
            total += counts[row];
        }
        return total > 0 ? statistic(counts) : double.NaN;
    }

    private static double[] Jackknife(Statistic statistic, int rows, double[]? weights, ParallelOptions parallel)
    {
        var blocks = Math.Min(MaxBlocks, rows);
        var values = new double[blocks];
        Parallel.For(0, blocks, parallel, () => new double[rows], (block, _, counts) =>
        {
            // Every blocks-th row: rows may be sorted, and a block is to be like the whole.
            for (var row = 0; row < rows; row++)
                counts[row] = row % blocks == block ? 0 : 1;
            values[block] = Weigh(statistic, counts, weights);
            return counts;
        }, _ => { });
        return [.. values.Where(double.IsFinite)];
    }

    // Equations 14.9 to 14.15.
    private static (double Low, double High) Corrected(double[] sorted, double estimate, double[] jackknife, double tail)
    {
        var (below, equal) = (0, 0);
        foreach (var value in sorted)
        {
            below += value < estimate ? 1 : 0;
            equal += value == estimate ? 1 : 0;
        }
        var share = Math.Clamp((below + (equal / 2.0)) / sorted.Length, 0.5 / sorted.Length, 1 - (0.5 / sorted.Length));
        var bias = SpecialFunctions.NormalQuantile(share);
        var mean = jackknife.Length > 0 ? jackknife.Average() : 0;
        var (squares, cubes) = (0.0, 0.0);
        foreach (var value in jackknife)
        {
            squares += (mean - value) * (mean - value);
            cubes += (mean - value) * (mean - value) * (mean - value);
        }
        var acceleration = squares > 0 ? cubes / (6 * Math.Pow(squares, 1.5)) : 0;
        return (Move(tail), Move(1 - tail));

        double Move(double share)
        {
            var z = bias + SpecialFunctions.NormalQuantile(share);
            return SpecialFunctions.NormalCdf(bias + (z / (1 - (acceleration * z))));
        }
    }

    private static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = Math.Min((int)place, sorted.Length - 2);
        return sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below]));
    }

    // By the last output: ranking metrics then sort rows that are nearly sorted, which is faster; no metric depends on the order else.
    private static int[] Order(Predictions predicted)
    {
        var order = new int[predicted.Rows];
        var keys = new double[order.Length];
        for (var row = 0; row < order.Length; row++)
            (order[row], keys[row]) = (row, -predicted.Row(row)[^1]);
        Array.Sort(keys, order);
        return order;
    }

    private static Predictions Select(Predictions predicted, int[] rows)
    {
        var values = new double[rows.Length * predicted.Outputs];
        for (var i = 0; i < rows.Length; i++)
            predicted.Row(rows[i]).CopyTo(values.AsSpan(i * predicted.Outputs));
        return new Predictions(values, predicted.Classes);
    }

    private static double[]? Select(double[]? weights, int[] rows) => weights is null ? null : [.. rows.Select(row => weights[row])];

    private delegate double Statistic(ReadOnlySpan<double> weights);
}
