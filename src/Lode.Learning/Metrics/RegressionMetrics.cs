namespace Lode.Learning;

/// <summary>Scores of predicted numbers. Definitions: scikit-learn's metrics of the same names.</summary>
internal static class RegressionMetrics
{
    private static readonly double s_epsilon = Math.BitIncrement(1.0) - 1;

    /// <summary>The mean squared error.</summary>
    public static Metric MeanSquaredError { get; } = MeanOf("mse", Square);

    /// <summary>Its root.</summary>
    public static Metric RootMeanSquaredError { get; } = Loss("rmse", (truth, predicted, weights) => Math.Sqrt(Mean(truth, predicted, weights, Square)));

    /// <summary>The mean absolute error.</summary>
    public static Metric MeanAbsoluteError { get; } = MeanOf("mae", static (y, p) => Math.Abs(y - p));

    /// <summary>The mean absolute error as a share of the truth's size, which is taken for at least 2.2e-16.</summary>
    public static Metric MeanAbsolutePercentageError { get; } = MeanOf("mape", static (y, p) => Math.Abs(y - p) / Math.Max(Math.Abs(y), s_epsilon));

    /// <summary>The mean squared difference of ln(1+y); NaN where a truth or prediction is negative.</summary>
    public static Metric MeanSquaredLogError { get; } = MeanOf("msle", SquaredLog);

    /// <summary>Its root.</summary>
    public static Metric RootMeanSquaredLogError { get; } = Loss("rmsle", (truth, predicted, weights) => Math.Sqrt(Mean(truth, predicted, weights, SquaredLog)));

    /// <summary>The mean unit deviance of Poisson's distribution; NaN where a truth is negative or a prediction not positive.</summary>
    public static Metric PoissonDeviance { get; } = MeanOf("poisson_deviance", static (y, p) =>
        y < 0 || p <= 0 ? double.NaN : 2 * ((y > 0 ? y * Math.Log(y / p) : 0) - y + p));

    /// <summary>The mean loss whose optimum is the quantile α.</summary>
    public static Metric Pinball(string name, double alpha) => MeanOf(name, (y, p) => y >= p ? alpha * (y - p) : (1 - alpha) * (p - y));

    /// <summary>The pinball loss averaged over rows and quantiles; a single number a row is taken for the median.</summary>
    public static Metric PinballLoss { get; } = new("pinball_loss", TaskKind.Regression, higherIsBetter: false, static (truth, predicted, weights) =>
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var weight = weights.IsEmpty ? 1 : weights[row];
            if (weight == 0)
                continue;
            sum += weight * PinballOf(truth.Values[row], predicted, row);
            total += weight;
        }
        return sum / total;
    })
    { TakesQuantiles = true };

    /// <summary>A row's pinball loss, the mean over its quantiles.</summary>
    public static double PinballOf(double truth, Predictions predicted, int row)
    {
        var said = predicted.Row(row);
        var levels = predicted.Quantiles;
        var loss = 0.0;
        for (var i = 0; i < said.Length; i++)
        {
            var (level, error) = (levels.Count > 0 ? levels[i] : 0.5, truth - said[i]);
            loss += error >= 0 ? level * error : (level - 1) * error;
        }
        return loss / said.Length;
    }

    /// <summary>The mean of Huber's loss: half the square up to δ, then δ times what goes beyond δ/2.</summary>
    public static Metric Huber(string name, double delta) => MeanOf(name, (y, p) =>
        Math.Abs(y - p) is var error && error <= delta ? error * error / 2 : delta * (error - (delta / 2)));

    /// <summary>The largest absolute error of a row that counts.</summary>
    public static Metric MaxError { get; } = Loss("max_error", (truth, predicted, weights) =>
    {
        var largest = 0.0;
        for (var row = 0; row < truth.Rows; row++)
            largest = weights.IsEmpty || weights[row] > 0 ? Math.Max(largest, Math.Abs(truth.Values[row] - predicted.Values[row])) : largest;
        return largest;
    });

    /// <summary>The median absolute error; between two middle ones their mean.</summary>
    public static Metric MedianAbsoluteError { get; } = Loss("median_absolute_error", (truth, predicted, weights) =>
    {
        var errors = new double[truth.Rows];
        var counts = new double[truth.Rows];
        for (var row = 0; row < errors.Length; row++)
            (errors[row], counts[row]) = (Math.Abs(truth.Values[row] - predicted.Values[row]), weights.IsEmpty ? 1 : weights[row]);
        Array.Sort(errors, counts);
        var half = counts.Sum() / 2;
        var (below, at) = (0.0, 0);
        while (at < errors.Length - 1 && below + counts[at] < half)
            below += counts[at++];
        if (below + counts[at] > half)
            return errors[at];
        var next = at + 1;
        while (next < errors.Length - 1 && counts[next] == 0)
            next++;
        return next < errors.Length ? (errors[at] + errors[next]) / 2 : errors[at];
    });

    /// <summary>The share of the variance explained; where the truth does not vary, 1 for a perfect prediction and 0 for any other.</summary>
    public static Metric R2 { get; } = new("r2", TaskKind.Regression, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var mean = Mean(truth, predicted, weights, static (y, _) => y);
        return Explained(Mean(truth, predicted, weights, Square), Mean(truth, predicted, weights, (y, _) => (y - mean) * (y - mean)));
    });

    /// <summary>As R², but a common shift of all predictions costs nothing.</summary>
    public static Metric ExplainedVariance { get; } = new("explained_variance", TaskKind.Regression, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var mean = Mean(truth, predicted, weights, static (y, _) => y);
        var shift = Mean(truth, predicted, weights, static (y, p) => y - p);
        return Explained(Mean(truth, predicted, weights, (y, p) => (y - p - shift) * (y - p - shift)), Mean(truth, predicted, weights, (y, _) => (y - mean) * (y - mean)));
    });

    private static double Explained(double error, double variance) => variance > 0 ? 1 - (error / variance) : error == 0 ? 1 : 0;

    private static double Square(double y, double p) => (y - p) * (y - p);

    private static double SquaredLog(double y, double p)
    {
        if (y < 0 || p < 0)
            return double.NaN;
        var error = Math.Log(1 + y) - Math.Log(1 + p);
        return error * error;
    }

    private static Metric Loss(string name, MetricFunction compute) => new(name, TaskKind.Regression, higherIsBetter: false, compute);

    private static Metric MeanOf(string name, Func<double, double, double> loss) =>
        Loss(name, (truth, predicted, weights) => Mean(truth, predicted, weights, loss));

    private static double Mean(Target truth, Predictions predicted, ReadOnlySpan<double> weights, Func<double, double, double> loss)
    {
        var values = truth.Values;
        var predictions = predicted.Values;
        var sum = 0.0;
        if (weights.IsEmpty)
        {
            for (var row = 0; row < values.Length; row++)
                sum += loss(values[row], predictions[row]);
            return sum / values.Length;
        }
        var total = 0.0;
        for (var row = 0; row < values.Length; row++)
        {
            // A row that does not count may be one the loss is not defined for.
            if (weights[row] == 0)
                continue;
            sum += weights[row] * loss(values[row], predictions[row]);
            total += weights[row];
        }
        return sum / total;
    }
}
