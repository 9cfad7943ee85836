namespace Lode.Learning;

/// <summary>Scores of class probabilities. Definitions: scikit-learn's metrics of the same names.</summary>
internal static class ProbabilityMetrics
{
    // The spacing of doubles at 1: probabilities nearer to 0 or 1 are taken for this near.
    private static readonly double s_epsilon = Math.BitIncrement(1.0) - 1;

    /// <summary>The mean of -log of the true class's probability; rows clipped by 2.2e-16, then made to sum to 1.</summary>
    public static Metric LogLoss { get; } = new("log_loss", TaskKind.Classification, higherIsBetter: false, (truth, predicted, weights) =>
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var mass = 0.0;
            foreach (var probability in predicted.Row(row))
                mass += Math.Clamp(probability, s_epsilon, 1 - s_epsilon);
            var own = Math.Clamp(predicted.Row(row)[truth.Labels[row]], s_epsilon, 1 - s_epsilon);
            var weight = weights.IsEmpty ? 1 : weights[row];
            sum -= weight * Math.Log(own / mass);
            total += weight;
        }
        return sum / total;
    });

    /// <summary>The mean squared distance of the probabilities from 0 and 1: of the second class for two classes, summed over all for more.</summary>
    public static Metric Brier { get; } = new("brier", TaskKind.Classification, higherIsBetter: false, (truth, predicted, weights) =>
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var probabilities = predicted.Row(row);
            var weight = weights.IsEmpty ? 1 : weights[row];
            for (var label = probabilities.Length == 2 ? 1 : 0; label < probabilities.Length; label++)
            {
                var distance = probabilities[label] - (truth.Labels[row] == label ? 1 : 0);
                sum += weight * distance * distance;
            }
            total += weight;
        }
        return sum / total;
    });
}
