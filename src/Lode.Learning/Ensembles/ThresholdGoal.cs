using System.Globalization;
using Lode.Core;

namespace Lode.Learning;

/// <summary>What a threshold between two classes is to be good for. The second class counts as the positive one.</summary>
/// <param name="Name"><c>f1</c>, <c>balanced_accuracy</c> or <c>cost</c>.</param>
/// <param name="FalsePositive">For <c>cost</c>: what a row of the first class costs that is taken for the second, ≥ 0.</param>
/// <param name="FalseNegative">For <c>cost</c>: what the opposite costs, ≥ 0; the two are not both 0.</param>
public sealed record ThresholdGoal(string Name, double FalsePositive = 1, double FalseNegative = 1)
{
    /// <summary>Whether higher scores are better.</summary>
    public bool HigherIsBetter => Name != "cost";

    /// <summary>The goal that a text names.</summary>
    /// <param name="text"><c>f1</c>, <c>balanced_accuracy</c>, <c>cost:FP=1,FN=5</c>, or <c>none</c>, which is null.</param>
    /// <exception cref="LodeException">InvalidArgument: it is none of these.</exception>
    public static ThresholdGoal? Parse(string text)
    {
        var (name, rest) = text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var at ? (text[..at], text[(at + 1)..]) : (text, null);
        if (rest is null)
        {
            return name.ToLowerInvariant() switch
            {
                "none" => null,
                "f1" or "balanced_accuracy" => new ThresholdGoal(name.ToLowerInvariant()),
                _ => throw Wrong(text),
            };
        }
        double? positive = null, negative = null;
        foreach (var part in rest.Split(',', StringSplitOptions.TrimEntries))
        {
            var pair = part.Split('=', StringSplitOptions.TrimEntries);
            if (pair.Length != 2 || !double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var cost) || !(cost >= 0 && double.IsFinite(cost)))
                throw Wrong(text);
            switch (pair[0].ToUpperInvariant())
            {
                case "FP" when positive is null:
                    positive = cost;
                    break;
                case "FN" when negative is null:
                    negative = cost;
                    break;
                default:
                    throw Wrong(text);
            }
        }
        return name.Equals("cost", StringComparison.OrdinalIgnoreCase) && positive is { } fp && negative is { } fn && fp + fn > 0 ? new ThresholdGoal("cost", fp, fn) : throw Wrong(text);
    }

    /// <summary>The score of counts: F1, balanced accuracy, or the mean cost of a row.</summary>
    /// <param name="truePositives">Weight of rows of the second class that are taken for it.</param>
    /// <param name="falsePositives">Of the first class that are.</param>
    /// <param name="falseNegatives">Of the second class that are not.</param>
    /// <param name="trueNegatives">Of the first class that are not.</param>
    public double Score(double truePositives, double falsePositives, double falseNegatives, double trueNegatives)
    {
        var (positives, negatives) = (truePositives + falseNegatives, trueNegatives + falsePositives);
        return Name switch
        {
            "f1" => truePositives > 0 ? 2 * truePositives / (positives + truePositives + falsePositives) : 0,
            "balanced_accuracy" => ((positives > 0 ? truePositives / positives : 0) + (negatives > 0 ? trueNegatives / negatives : 0)) / 2,
            _ => ((FalsePositive * falsePositives) + (FalseNegative * falseNegatives)) / (positives + negatives),
        };
    }

    /// <summary>The score of predictions, by the classes that they are taken for.</summary>
    /// <param name="truth">Of two classes.</param>
    /// <param name="predicted">Of the same rows.</param>
    /// <param name="weights">Shape [rows], or empty: each 1.</param>
    public double Score(Target truth, Predictions predicted, ReadOnlySpan<double> weights = default)
    {
        Span<double> counts = stackalloc double[4];
        for (var row = 0; row < truth.Rows; row++)
            counts[(2 * truth.Labels[row]) + predicted.Label(row)] += weights.IsEmpty ? 1 : weights[row];
        return Score(counts[3], counts[1], counts[2], counts[0]);
    }

    /// <summary>The threshold that is best on rows, in [0, 1]; among equals the one nearest to a half. O(rows · log rows).</summary>
    /// <param name="truth">Of two classes.</param>
    /// <param name="predicted">Of rows that the predictor has not seen, all present.</param>
    /// <param name="weights">Shape [rows], or empty: each 1.</param>
    public double Choose(Target truth, Predictions predicted, ReadOnlySpan<double> weights = default)
    {
        var (order, keys) = (new int[truth.Rows], new double[truth.Rows]);
        var (positives, negatives) = (0.0, 0.0);
        for (var row = 0; row < order.Length; row++)
        {
            (order[row], keys[row]) = (row, predicted.Row(row)[1]);
            var weight = weights.IsEmpty ? 1 : weights[row];
            (positives, negatives) = truth.Labels[row] == 1 ? (positives + weight, negatives) : (positives, negatives + weight);
        }
        Array.Sort(keys, order);
        // At first every row counts as positive; each step gives up the rows of the lowest probability.
        var (best, bestScore, found, missed) = (0.5, double.NegativeInfinity, negatives, 0.0);
        for (var i = 0; i <= order.Length; i++)
        {
            if (i == 0 || i == order.Length || keys[i] > keys[i - 1])
            {
                // Any cut in the gap does the same on these rows; a half, if it is in the gap, changes least.
                if (i == order.Length && i > 0 && keys[i - 1] >= 1)
                    break;
                var (low, high) = (i == 0 ? 0 : keys[i - 1], i == order.Length ? 1 : keys[i]);
                var cut = low < 0.5 && 0.5 <= high ? 0.5 : Math.Clamp(i == 0 ? high / 2 : (low + high) / 2, 0, 1);
                // The middle of neighbours may be the lower one, which would count as positive.
                cut = i > 0 && cut <= low ? high : cut;
                var score = Score(positives - missed, found, missed, negatives - found) * (HigherIsBetter ? 1 : -1);
                if (score > bestScore + 1e-12 || (score > bestScore - 1e-12 && Math.Abs(cut - 0.5) < Math.Abs(best - 0.5)))
                    (best, bestScore) = (cut, Math.Max(bestScore, score));
            }
            if (i == order.Length)
                break;
            var weight = weights.IsEmpty ? 1 : weights[order[i]];
            if (truth.Labels[order[i]] == 1)
                missed += weight;
            else
                found -= weight;
        }
        return best;
    }

    /// <inheritdoc/>
    public override string ToString() => Name == "cost" ? string.Create(CultureInfo.InvariantCulture, $"cost:FP={FalsePositive},FN={FalseNegative}") : Name;

    private static LodeException Wrong(string text) => new(ErrorCode.InvalidArgument, $"A threshold is tuned for f1, balanced_accuracy, cost:FP=1,FN=5 (costs of 0 or more, not both 0), or none; got '{text}'.");
}

/// <summary>A threshold between two classes, with what it is worth.</summary>
/// <param name="Goal">What it is tuned for.</param>
/// <param name="Value">The probability of <paramref name="Positive"/> from which on a row is taken for it.</param>
/// <param name="Positive">The second class.</param>
/// <param name="Score">The goal's score, out of fold, by thresholds that were each chosen on the rows of the other folds.</param>
/// <param name="Half">The same by a half.</param>
public sealed record DecisionThreshold(ThresholdGoal Goal, double Value, string Positive, double Score, double Half);
