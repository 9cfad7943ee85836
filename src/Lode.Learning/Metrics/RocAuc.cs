namespace Lode.Learning;

/// <summary>
/// The area under the receiver operating characteristic: the chance that a row of the class gets a higher probability than
/// another row, ties counting half. For more than two classes the plain mean over the classes, each against the rest.
/// </summary>
/// <remarks>scikit-learn's roc_auc_score(multi_class="ovr", average="macro"). A class without rows, or with all, is left out; NaN when
/// none is left.</remarks>
internal static class RocAuc
{
    public static Metric Metric { get; } = new("roc_auc", TaskKind.Classification, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var classes = truth.Classes.Count;
        if (classes == 2)
            return OneAgainstRest(truth, predicted, weights, 1);
        var (sum, defined) = (0.0, 0);
        for (var label = 0; label < classes; label++)
        {
            var area = OneAgainstRest(truth, predicted, weights, label);
            if (!double.IsNaN(area))
                (sum, defined) = (sum + area, defined + 1);
        }
        return defined == 0 ? double.NaN : sum / defined;
    });

    private static double OneAgainstRest(Target truth, Predictions predicted, ReadOnlySpan<double> weights, int label)
    {
        var scores = new double[truth.Rows];
        var rows = new int[truth.Rows];
        for (var row = 0; row < rows.Length; row++)
            (scores[row], rows[row]) = (predicted.Row(row)[label], row);
        Array.Sort(scores, rows);
        var (positives, negatives, wins) = (0.0, 0.0, 0.0);
        for (var start = 0; start < rows.Length;)
        {
            var (tiedPositives, tiedNegatives) = (0.0, 0.0);
            var end = start;
            for (; end < rows.Length && scores[end] == scores[start]; end++)
            {
                var weight = weights.IsEmpty ? 1 : weights[rows[end]];
                if (truth.Labels[rows[end]] == label)
                    tiedPositives += weight;
                else
                    tiedNegatives += weight;
            }
            wins += tiedPositives * (negatives + (tiedNegatives / 2));
            positives += tiedPositives;
            negatives += tiedNegatives;
            start = end;
        }
        return positives > 0 && negatives > 0 ? wins / (positives * negatives) : double.NaN;
    }
}
