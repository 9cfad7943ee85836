using Lode.Learning;

namespace Lode.Cli;

/// <summary>The pictures of a search's report.</summary>
internal static class AutoMlViews
{
    private const int MostShown = 15;
    private const int MostClasses = 30;
    private const int MostCurves = 6;
    private const int MostPoints = 400;

    public static IReadOnlyList<Figure> Of(AutoMlReport report, AutoMlData data, AutoMlResult result, Predictions? scored, IReadOnlyList<(double Seconds, double Best)> course)
    {
        var figures = new List<Figure>();
        var better = report.HigherIsBetter ? "further right is better" : "further left is better";
        var complete = report.Leaderboard.Where(entry => entry.State == "complete" && double.IsFinite(entry.Score)).ToList();
        if (complete.Count > 0)
        {
            figures.Add(new Figure("leaderboard", "Leaderboard", $"Cross-validated {report.Metric} of the best candidates with the standard error between folds; {better}. Orange: in the winner.",
                Plots.Scores("Leaderboard", report.Metric, [.. complete.Take(MostShown).Select(entry => ($"{entry.Number:000}-{entry.Family}", entry.Score, entry.Error, entry.Weight > 0))])));
        }
        if (course.Count > 1)
        {
            figures.Add(new Figure("course", "Best score over time", "How the best candidate's cross-validated score changed while the search went on.",
                Plots.Lines("Best score over time", "seconds", report.Metric, [new PlotLine("best", Steps(course))])));
        }
        var (rows, predicted, name) = Judged(data, result, scored);
        if (rows.Rows > 0)
        {
            if (rows.Target.Task == TaskKind.Classification)
                Classes(figures, rows, predicted, name);
            else
                Numbers(figures, rows, predicted, name);
        }
        if (report.Importances.Count > 0)
        {
            figures.Add(new Figure("importances", "What the winner looks at", $"How much worse {report.Metric} gets when a column's values are shuffled among {(report.ImportanceRows == "test" ? "the test rows" : "rows that the model had not seen, fold by fold")}.",
                Plots.Bars("Permutation importances", $"loss of {report.Metric}", [.. report.Importances.Take(20).Select(importance => (importance.Column, importance.Mean, importance.Deviation))])));
        }
        return figures;
    }

    private static (Dataset Rows, Predictions Predicted, string Name) Judged(AutoMlData data, AutoMlResult result, Predictions? scored)
    {
        if (data.Test?.Truth is { } test && scored is not null)
            return (test, scored, $"on {data.Test.Name}");
        var (rows, predicted) = AutoMlReports.OutOfFold(data.Train, result);
        return (rows, predicted, "out of fold");
    }

    private static void Classes(List<Figure> figures, Dataset rows, Predictions predicted, string name)
    {
        if (rows.Target.Classes.Count <= MostClasses)
        {
            var confusion = ConfusionMatrix.Of(rows.Target, predicted, rows.Weights);
            figures.Add(new Figure("confusion", $"Confusion, {name}", "The most probable class against the true one; darker is a greater share of the true class.",
                Plots.Matrix("Confusion matrix", rows.Target.Classes, (actual, said) => confusion[actual, said])));
        }
        var counts = rows.Target.CountClasses();
        // Of two classes one curve says all; of many, the largest are shown.
        int[] labels = [.. Enumerable.Range(0, counts.Length).Where(label => counts[label] > 0 && counts[label] < rows.Rows).OrderByDescending(label => counts[label]).Take(MostCurves)];
        if (counts.Length == 2)
            labels = [.. labels.Where(label => label == 1)];
        if (labels.Length == 0)
            return;
        string ClassOf(int label) => rows.Target.Classes[label];
        figures.Add(new Figure("roc", $"Receiver operating characteristic, {name}", $"Of all thresholds: the share of the class found, against the share of others taken for it{(counts.Length == 2 ? $"; class {ClassOf(1)}" : "")}.",
            Plots.Lines("Receiver operating characteristic", "others taken for it", "found", [.. labels.Select(label => new PlotLine(ClassOf(label), Thin([.. Curves.Roc(rows.Target, predicted, rows.Weights, label).Select(point => (point.FalsePositiveRate, point.TruePositiveRate))])))], unit: true, diagonal: true)));
        figures.Add(new Figure("precision-recall", $"Precision by recall, {name}", "How much of what is taken for the class is of it, against how much of it is found.",
            Plots.Lines("Precision by recall", "recall", "precision", [.. labels.Select(label => new PlotLine(ClassOf(label), Thin([.. Curves.PrecisionRecall(rows.Target, predicted, rows.Weights, label).Select(point => (point.Recall, point.Precision))])))], unit: true)));
        figures.Add(new Figure("calibration", $"Calibration, {name}", "How often a class came when it was given a probability; on the dashed line, as often as was said.",
            Plots.Lines("Calibration", "probability given", "share that came", [.. labels.Select(label => new PlotLine(ClassOf(label), [.. CalibrationCurve.Of(rows.Target, predicted, 10, CalibrationBins.Quantile, label, rows.Weights).Points.Select(point => (point.MeanPredicted, point.ShareActual))]))], unit: true, diagonal: true, dots: true)));
    }

    private static void Numbers(List<Figure> figures, Dataset rows, Predictions predicted, string name)
    {
        if (predicted.Quantiles.Count > 0)
        {
            figures.Add(new Figure("quantiles", $"Quantiles, {name}", "The share of rows at or below each quantile against its level; on the dashed line, as many as should be.",
                Plots.Lines("Quantiles", "level", "share of rows at or below", [new PlotLine("quantiles", [.. predicted.Quantiles.Select((level, i) => (level, Enumerable.Range(0, rows.Rows).Count(row => rows.Target.Values[row] <= predicted.Row(row)[i]) / (double)rows.Rows))])], unit: true, diagonal: true, dots: true)));
        }
        // Of quantiles, the one nearest to the median stands for the prediction.
        var middle = predicted.Quantiles.Count == 0 ? 0 : Enumerable.Range(0, predicted.Outputs).MinBy(i => Math.Abs(predicted.Quantiles[i] - 0.5));
        var points = Enumerable.Range(0, rows.Rows).Select(row => (X: rows.Target.Values[row], Y: predicted.Row(row)[middle])).ToList();
        figures.Add(new Figure("predicted", $"Predicted and true, {name}", "On the dashed line, what was predicted is what it was.", Plots.Scatter("Predicted and true", "true", "predicted", points)));
        figures.Add(new Figure("residuals", $"Residuals, {name}", "What it was less what was predicted; the middle should be at 0.", Plots.Histogram("Residuals", "true less predicted", [.. points.Select(point => point.X - point.Y)])));
    }

    private static (double X, double Y)[] Thin((double X, double Y)[] points) => points.Length <= MostPoints
        ? points
        : [.. Enumerable.Range(0, MostPoints).Select(i => points[(int)((long)i * (points.Length - 1) / (MostPoints - 1))])];

    private static List<(double X, double Y)> Steps(IReadOnlyList<(double Seconds, double Best)> course)
    {
        var points = new List<(double, double)> { course[0] };
        for (var i = 1; i < course.Count; i++)
        {
            points.Add((course[i].Seconds, course[i - 1].Best));
            points.Add(course[i]);
        }
        return points;
    }
}
