namespace Lode.Learning;

/// <summary>How well probabilities put rows of a class before others; ties count half.</summary>
/// <remarks>scikit-learn's roc_auc_score and average_precision_score. Two classes: of the second. A class without rows, or with all, is left out;
/// NaN when none is left.</remarks>
internal static class RankingMetrics
{
    /// <summary>The area under the receiver operating characteristic; more than two classes: the plain mean over the classes, each against the rest.</summary>
    public static Metric RocAuc { get; } = Ranking("roc_auc", weighted: false, rows => rows.RocArea());

    /// <summary>As roc_auc, the mean by the classes' weight of rows.</summary>
    public static Metric RocAucWeighted { get; } = Ranking("roc_auc_ovr_weighted", weighted: true, rows => rows.RocArea());

    /// <summary>The area under the curve of precision by recall, as a sum of steps; more than two classes: the plain mean, each against the rest.</summary>
    public static Metric AveragePrecision { get; } = Ranking("average_precision", weighted: false, rows => rows.AveragePrecision());

    /// <summary>The mean over all pairs of classes of the area for either against the other (Hand and Till 2001).</summary>
    public static Metric RocAucOneVersusOne { get; } = new("roc_auc_ovo", TaskKind.Classification, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var classes = truth.Classes.Count;
        if (classes == 2)
            return ScoredRows.Of(truth, predicted, weights, 1).RocArea();
        var (sum, defined) = (0.0, 0);
        for (var first = 0; first < classes; first++)
        {
            for (var second = 0; second < classes; second++)
            {
                var area = first == second ? double.NaN : ScoredRows.Of(truth, predicted, weights, first, second).RocArea();
                if (!double.IsNaN(area))
                    (sum, defined) = (sum + area, defined + 1);
            }
        }
        return defined == 0 ? double.NaN : sum / defined;
    });

    private static Metric Ranking(string name, bool weighted, Func<ScoredRows, double> score) => new(name, TaskKind.Classification, higherIsBetter: true, (truth, predicted, weights) =>
    {
        var classes = truth.Classes.Count;
        if (classes == 2)
            return score(ScoredRows.Of(truth, predicted, weights, 1));
        var (sum, total) = (0.0, 0.0);
        for (var label = 0; label < classes; label++)
        {
            var rows = ScoredRows.Of(truth, predicted, weights, label);
            var value = score(rows);
            var weight = weighted ? rows.Positives : 1;
            if (!double.IsNaN(value))
                (sum, total) = (sum + (weight * value), total + weight);
        }
        return total > 0 ? sum / total : double.NaN;
    });
}
