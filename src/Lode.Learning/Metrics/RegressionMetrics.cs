namespace Lode.Learning;

/// <summary>Scores of predicted numbers. Definitions: scikit-learn's metrics of the same names.</summary>
internal static class RegressionMetrics
{
    /// <summary>The mean squared error.</summary>
    public static Metric MeanSquaredError { get; } = new("mse", TaskKind.Regression, higherIsBetter: false, SquaredError);

    /// <summary>Its root.</summary>
    public static Metric RootMeanSquaredError { get; } = new("rmse", TaskKind.Regression, higherIsBetter: false,
        (truth, predicted, weights) => Math.Sqrt(SquaredError(truth, predicted, weights)));

    /// <summary>The mean absolute error.</summary>
    public static Metric MeanAbsoluteError { get; } = new("mae", TaskKind.Regression, higherIsBetter: false, (truth, predicted, weights) =>
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var weight = weights.IsEmpty ? 1 : weights[row];
            sum += weight * Math.Abs(truth.Values[row] - predicted.Values[row]);
            total += weight;
        }
        return sum / total;
    });

    /// <summary>The share of the variance explained; where the truth does not vary, 1 for a perfect prediction and 0 for any other.</summary>
    public static Metric R2 { get; } = new("r2", TaskKind.Regression, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var weight = weights.IsEmpty ? 1 : weights[row];
            sum += weight * truth.Values[row];
            total += weight;
        }
        var (mean, variance) = (sum / total, 0.0);
        for (var row = 0; row < truth.Rows; row++)
            variance += (weights.IsEmpty ? 1 : weights[row]) * (truth.Values[row] - mean) * (truth.Values[row] - mean);
        var error = SquaredError(truth, predicted, weights) * total;
        return variance > 0 ? 1 - (error / variance) : error == 0 ? 1 : 0;
    });

    private static double SquaredError(Target truth, Predictions predicted, ReadOnlySpan<double> weights)
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var weight = weights.IsEmpty ? 1 : weights[row];
            var error = truth.Values[row] - predicted.Values[row];
            sum += weight * error * error;
            total += weight;
        }
        return sum / total;
    }
}
