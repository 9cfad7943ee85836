namespace Lode.Learning;

/// <summary>Scores of the most probable class. Definitions: scikit-learn's metrics of the same names.</summary>
internal static class LabelMetrics
{
    /// <summary>The share of rows that are right.</summary>
    public static Metric Accuracy { get; } = new("accuracy", TaskKind.Classification, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var (right, total) = (0.0, 0.0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var weight = weights.IsEmpty ? 1 : weights[row];
            right += truth.Labels[row] == predicted.Label(row) ? weight : 0;
            total += weight;
        }
        return right / total;
    });

    /// <summary>The mean over the classes that have rows of the share of their rows that are right.</summary>
    public static Metric BalancedAccuracy { get; } = new("balanced_accuracy", TaskKind.Classification, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var confusion = ConfusionMatrix.Of(truth, predicted, weights);
        var (sum, classes) = (0.0, 0);
        for (var actual = 0; actual < truth.Classes.Count; actual++)
        {
            var total = 0.0;
            for (var label = 0; label < truth.Classes.Count; label++)
                total += confusion[actual, label];
            if (total > 0)
                (sum, classes) = (sum + (confusion[actual, actual] / total), classes + 1);
        }
        return sum / classes;
    });
}
