using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// How good the chosen of many will be: it was chosen by the very predictions that it is scored by, and looks better than it is.
/// </summary>
/// <remarks>Tsamardinos, Greasidou, Borboudakis, "Bootstrapping the out-of-sample predictions for efficient and accurate cross-validation"
/// (Machine Learning 107, 2018), algorithm BBC-CV: rows are drawn with replacement, the best on the drawn rows is scored on the others.
/// Their interval is that of the others' number; here its width is brought to that of all rows by the root of their share.</remarks>
internal static class BiasCorrection
{
    private const int Draws = 200;
    private const int CostlyDraws = 40;
    private const int FewestDraws = 20;

    /// <summary>Scores by the mean of one loss a row; else the metric itself is asked.</summary>
    public static double[]? RowLosses(Metric metric, Target truth, Predictions predicted)
    {
        var losses = new double[truth.Rows];
        for (var row = 0; row < losses.Length; row++)
        {
            double? loss = metric.Name switch
            {
                "log_loss" => -Math.Log(Math.Max(1e-15, predicted.Row(row)[truth.Labels[row]])),
                "accuracy" => predicted.Label(row) == truth.Labels[row] ? 0 : 1,
                "mse" or "rmse" => (truth.Values[row] - predicted.Values[row]) * (truth.Values[row] - predicted.Values[row]),
                "mae" => Math.Abs(truth.Values[row] - predicted.Values[row]),
                "pinball_loss" => RegressionMetrics.PinballOf(truth.Values[row], predicted, row),
                _ => null,
            };
            if (loss is null)
                return null;
            losses[row] = loss.Value;
        }
        return losses;
    }

    /// <summary>The score that a mean of row losses stands for.</summary>
    public static double ScoreOf(Metric metric, double meanLoss) => metric.Name switch
    {
        "accuracy" => 1 - meanLoss,
        "rmse" => Math.Sqrt(meanLoss),
        _ => meanLoss,
    };

    /// <param name="metric">What was optimised.</param>
    /// <param name="truth">The tested rows.</param>
    /// <param name="weights">Shape [rows], or empty.</param>
    /// <param name="choices">Predictions of all that could have been chosen, at least one.</param>
    /// <param name="chosen">The index of what was.</param>
    /// <param name="rng">For the draws.</param>
    /// <param name="threads">At most so many threads, ≥ 1. Changes no result.</param>
    /// <param name="goOn">Whether there is time for further draws; null: for all.</param>
    public static HonestScore Correct(Metric metric, Target truth, double[] weights, IReadOnlyList<Predictions> choices, int chosen, Rng rng, int threads = 1, Func<bool>? goOn = null)
    {
        var losses = choices.Select(predicted => RowLosses(metric, truth, predicted)).ToArray();
        var apparent = metric.Score(truth, choices[chosen], weights);
        var exact = losses[0] is not null;
        var drawn = new double[exact ? Draws : CostlyDraws];
        Array.Fill(drawn, double.NaN);
        Parallel.For(0, drawn.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, draw =>
        {
            if (draw < FewestDraws || goOn is null || goOn())
                drawn[draw] = Draw(metric, truth, weights, choices, losses, rng.Child((ulong)draw));
        });
        double[] scores = [.. drawn.Where(double.IsFinite)];
        if (scores.Length == 0)
            return new HonestScore(apparent, apparent, double.NaN, double.NaN);
        Array.Sort(scores);
        var mean = scores.Average();
        // The rows not drawn are about e⁻¹ of all.
        var shrink = Math.Exp(-0.5);
        return new HonestScore(apparent, mean, mean + (shrink * (Quantile(scores, 0.025) - mean)), mean + (shrink * (Quantile(scores, 0.975) - mean)));
    }

    /// <summary>Draws rows, and scores the best on them by the others; NaN where all were drawn.</summary>
    private static double Draw(Metric metric, Target truth, double[] weights, IReadOnlyList<Predictions> choices, double[]?[] losses, Rng stream)
    {
        var rows = truth.Rows;
        var (inside, outside) = (new double[rows], new double[rows]);
        for (var i = 0; i < rows; i++)
            inside[stream.NextInt32(rows)]++;
        var any = false;
        for (var row = 0; row < rows; row++)
        {
            var weight = weights.Length == 0 ? 1 : weights[row];
            outside[row] = inside[row] == 0 ? weight : 0;
            inside[row] *= weight;
            any |= outside[row] > 0;
        }
        if (!any)
            return double.NaN;
        var (best, least) = (0, double.PositiveInfinity);
        for (var choice = 0; choice < choices.Count; choice++)
        {
            var loss = losses[choice] is { } known ? Mean(known, inside) : Signed(metric, metric.Score(truth, choices[choice], inside));
            if (loss < least)
                (best, least) = (choice, loss);
        }
        return losses[best] is { } exact ? ScoreOf(metric, Mean(exact, outside)) : metric.Score(truth, choices[best], outside);
    }

    private static double Signed(Metric metric, double score) => double.IsNaN(score) ? double.PositiveInfinity : metric.HigherIsBetter ? -score : score;

    private static double Mean(double[] losses, double[] weights)
    {
        var (sum, total) = (0.0, 0.0);
        for (var row = 0; row < losses.Length; row++)
            (sum, total) = (sum + (weights[row] * losses[row]), total + weights[row]);
        return sum / total;
    }

    private static double Quantile(double[] sorted, double level)
    {
        var at = level * (sorted.Length - 1);
        var low = (int)at;
        return low + 1 < sorted.Length ? sorted[low] + ((at - low) * (sorted[low + 1] - sorted[low])) : sorted[low];
    }
}
