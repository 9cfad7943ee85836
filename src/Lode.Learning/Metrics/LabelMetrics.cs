namespace Lode.Learning;

/// <summary>How the scores of single classes become one.</summary>
internal enum Averaging
{
    /// <summary>Two classes: that of the second. More: as macro.</summary>
    Binary,

    /// <summary>From the counts of all classes together.</summary>
    Micro,

    /// <summary>The plain mean over the classes that have or were given rows.</summary>
    Macro,

    /// <summary>The mean over the classes, by their rows' weight.</summary>
    Weighted,
}

/// <summary>Scores of the most probable class. Definitions: scikit-learn's metrics of the same names; 0/0 counts as 0.</summary>
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
    public static Metric BalancedAccuracy { get; } = OfConfusion("balanced_accuracy", confusion =>
    {
        var (sum, classes) = (0.0, 0);
        for (var actual = 0; actual < confusion.Classes.Count; actual++)
        {
            var total = confusion.Actual(actual);
            if (total > 0)
                (sum, classes) = (sum + (confusion[actual, actual] / total), classes + 1);
        }
        return sum / classes;
    });

    /// <summary>Matthews' correlation coefficient for any number of classes (Gorodkin 2004, eq. 8); 0 where it is not defined.</summary>
    public static Metric Matthews { get; } = OfConfusion("mcc", confusion =>
    {
        var (total, right, cross, actuals, predictions) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (var label = 0; label < confusion.Classes.Count; label++)
        {
            var (actual, predicted) = (confusion.Actual(label), confusion.Predicted(label));
            total += actual;
            right += confusion[label, label];
            cross += actual * predicted;
            actuals += actual * actual;
            predictions += predicted * predicted;
        }
        var norm = ((total * total) - predictions) * ((total * total) - actuals);
        return norm > 0 ? ((right * total) - cross) / Math.Sqrt(norm) : 0;
    });

    /// <summary>Cohen's kappa: agreement beyond chance; NaN where chance alone would agree always.</summary>
    public static Metric Kappa { get; } = OfConfusion("cohen_kappa", confusion =>
    {
        var (total, right, cross) = (0.0, 0.0, 0.0);
        for (var label = 0; label < confusion.Classes.Count; label++)
        {
            total += confusion.Actual(label);
            right += confusion[label, label];
            cross += confusion.Actual(label) * confusion.Predicted(label);
        }
        var chance = cross / (total * total);
        return chance < 1 ? ((right / total) - chance) / (1 - chance) : double.NaN;
    });

    /// <summary>Right positives among those predicted.</summary>
    public static Metric Precision(string name, Averaging averaging) => Averaged(name, averaging, (hits, actual, predicted) => Ratio(hits, predicted));

    /// <summary>Right positives among those that are.</summary>
    public static Metric Recall(string name, Averaging averaging) => Averaged(name, averaging, (hits, actual, predicted) => Ratio(hits, actual));

    /// <summary>Right positives among those predicted or that are.</summary>
    public static Metric Jaccard(string name, Averaging averaging) => Averaged(name, averaging, (hits, actual, predicted) => Ratio(hits, actual + predicted - hits));

    /// <summary>The harmonic mean of precision and recall, recall counting β² times.</summary>
    public static Metric FBeta(string name, Averaging averaging, double beta) => Averaged(name, averaging, (hits, actual, predicted) =>
        Ratio((1 + (beta * beta)) * hits, (beta * beta * actual) + predicted));

    /// <summary>The share of rows whose class is among the k most probable; of equals the later class comes first, as in scikit-learn.</summary>
    public static Metric TopK(string name, int k) => new(name, TaskKind.Classification, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var (right, total) = (0.0, 0.0);
        for (var row = 0; row < truth.Rows; row++)
        {
            var probabilities = predicted.Row(row);
            var own = truth.Labels[row];
            var above = 0;
            for (var label = 0; label < probabilities.Length; label++)
                above += probabilities[label] > probabilities[own] || (probabilities[label] == probabilities[own] && label > own) ? 1 : 0;
            var weight = weights.IsEmpty ? 1 : weights[row];
            right += above < k ? weight : 0;
            total += weight;
        }
        return right / total;
    });

    private static double Ratio(double part, double whole) => whole > 0 ? part / whole : 0;

    private static Metric OfConfusion(string name, Func<ConfusionMatrix, double> compute) => new(name, TaskKind.Classification, higherIsBetter: true,
        (truth, predicted, weights) => compute(ConfusionMatrix.Of(truth, predicted, weights)));

    private static Metric Averaged(string name, Averaging averaging, Func<double, double, double, double> score) => OfConfusion(name, confusion =>
    {
        var classes = confusion.Classes.Count;
        if (averaging == Averaging.Binary && classes == 2)
            return score(confusion[1, 1], confusion.Actual(1), confusion.Predicted(1));
        var (sum, total, hits, actuals, predictions) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (var label = 0; label < classes; label++)
        {
            var (actual, predicted) = (confusion.Actual(label), confusion.Predicted(label));
            var weight = averaging == Averaging.Weighted ? actual : actual > 0 || predicted > 0 ? 1 : 0;
            sum += weight * score(confusion[label, label], actual, predicted);
            total += weight;
            hits += confusion[label, label];
            actuals += actual;
            predictions += predicted;
        }
        return averaging == Averaging.Micro ? score(hits, actuals, predictions) : sum / total;
    });
}
