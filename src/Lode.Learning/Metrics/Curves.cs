using Lode.Core;

namespace Lode.Learning;

/// <summary>A point of a receiver operating characteristic.</summary>
/// <param name="Threshold">Rows of at least this probability count as the class; +∞ for the first point, where none does.</param>
/// <param name="FalsePositiveRate">The share of other rows that then count as the class.</param>
/// <param name="TruePositiveRate">The share of the class's rows that then do.</param>
public readonly record struct RocPoint(double Threshold, double FalsePositiveRate, double TruePositiveRate);

/// <summary>A point of a curve of precision by recall.</summary>
/// <param name="Threshold">Rows of at least this probability count as the class; +∞ for the last point, where none does.</param>
/// <param name="Precision">The share of the rows counted that are of the class; 1 where none is counted.</param>
/// <param name="Recall">The share of the class's rows that are counted.</param>
public readonly record struct PrecisionRecallPoint(double Threshold, double Precision, double Recall);

/// <summary>What a threshold on the probability of a class makes of the rows.</summary>
/// <param name="Threshold">Rows of at least this probability count as the class; +∞: none does.</param>
/// <param name="TruePositives">The weight of the class's rows that count as it.</param>
/// <param name="FalsePositives">The weight of other rows that do.</param>
/// <param name="FalseNegatives">The weight of the class's rows that do not.</param>
/// <param name="TrueNegatives">The weight of other rows that do not.</param>
public readonly record struct ThresholdCounts(double Threshold, double TruePositives, double FalsePositives, double FalseNegatives, double TrueNegatives)
{
    /// <summary>The weight of rows that are right.</summary>
    public double Accuracy => (TruePositives + TrueNegatives) / (TruePositives + FalsePositives + FalseNegatives + TrueNegatives);

    /// <summary>The mean of the two shares of rows that are right.</summary>
    public double BalancedAccuracy => ((TruePositives / (TruePositives + FalseNegatives)) + (TrueNegatives / (TrueNegatives + FalsePositives))) / 2;

    /// <summary>The harmonic mean of precision and recall, recall counting β² times; 0 where both are.</summary>
    /// <param name="beta">Range: &gt; 0.</param>
    public double FBeta(double beta = 1)
    {
        var square = beta * beta;
        var whole = ((1 + square) * TruePositives) + (square * FalseNegatives) + FalsePositives;
        return whole > 0 ? (1 + square) * TruePositives / whole : 0;
    }

    /// <summary>Matthews' correlation coefficient; 0 where it is not defined.</summary>
    public double Matthews
    {
        get
        {
            var norm = (TruePositives + FalsePositives) * (TruePositives + FalseNegatives) * (TrueNegatives + FalsePositives) * (TrueNegatives + FalseNegatives);
            return norm > 0 ? ((TruePositives * TrueNegatives) - (FalsePositives * FalseNegatives)) / Math.Sqrt(norm) : 0;
        }
    }

    /// <summary>What it costs, a unit of weight.</summary>
    public double Cost(in ThresholdCosts costs) =>
        ((TruePositives * costs.TruePositive) + (FalsePositives * costs.FalsePositive) + (FalseNegatives * costs.FalseNegative) + (TrueNegatives * costs.TrueNegative))
        / (TruePositives + FalsePositives + FalseNegatives + TrueNegatives);
}

/// <summary>What each outcome of a decision for one class costs; gains are negative.</summary>
/// <param name="FalsePositive">Of a row of another class taken for it.</param>
/// <param name="FalseNegative">Of a row of the class not taken for it.</param>
/// <param name="TruePositive">Of a row of the class taken for it. Default: 0.</param>
/// <param name="TrueNegative">Of a row of another class not taken for it. Default: 0.</param>
public readonly record struct ThresholdCosts(double FalsePositive, double FalseNegative, double TruePositive = 0, double TrueNegative = 0);

/// <summary>Curves of a class's probability over all thresholds, and the best of these. O(rows·log rows).</summary>
public static class Curves
{
    /// <summary>The receiver operating characteristic, by falling thresholds: every different probability is a point.</summary>
    /// <param name="truth">A classification.</param>
    /// <param name="predicted">Of the same rows and classes.</param>
    /// <param name="weights">How much each row counts; empty: each 1.</param>
    /// <param name="label">The class. Default: the second.</param>
    /// <exception cref="LodeException">InvalidArgument: the class has no rows, or all.</exception>
    public static IReadOnlyList<RocPoint> Roc(Target truth, Predictions predicted, ReadOnlySpan<double> weights = default, int label = 1)
    {
        var counts = Thresholds(truth, predicted, weights, label);
        return [.. counts.Select(count => new RocPoint(count.Threshold, count.FalsePositives / (count.FalsePositives + count.TrueNegatives),
            count.TruePositives / (count.TruePositives + count.FalseNegatives)))];
    }

    /// <summary>Precision by recall, by rising thresholds, ended by precision 1 at recall 0.</summary>
    /// <inheritdoc cref="Roc"/>
    public static IReadOnlyList<PrecisionRecallPoint> PrecisionRecall(Target truth, Predictions predicted, ReadOnlySpan<double> weights = default, int label = 1)
    {
        var counts = Thresholds(truth, predicted, weights, label);
        return [.. counts.Reverse().Select(count => new PrecisionRecallPoint(count.Threshold,
            double.IsInfinity(count.Threshold) ? 1 : count.TruePositives / (count.TruePositives + count.FalsePositives),
            count.TruePositives / (count.TruePositives + count.FalseNegatives)))];
    }

    /// <summary>The outcome of every threshold that makes a difference, falling from +∞.</summary>
    /// <inheritdoc cref="Roc"/>
    public static IReadOnlyList<ThresholdCounts> Thresholds(Target truth, Predictions predicted, ReadOnlySpan<double> weights = default, int label = 1)
    {
        if (truth.Task != TaskKind.Classification || label < 0 || label >= truth.Classes.Count || predicted.Rows != truth.Rows || predicted.Outputs != truth.Classes.Count)
            throw new ArgumentException($"Class {label} of {truth.Classes.Count} and predictions of {predicted.Rows} rows do not fit {truth.Rows} rows.");
        var rows = ScoredRows.Of(truth, predicted, weights, label);
        if (!(rows.Positives > 0 && rows.Negatives > 0))
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"A curve of class '{truth.Classes[label]}' needs rows of it and of others; all of '{truth.Name}' are {(rows.Positives > 0 ? "of it" : "of others")}.");
        }
        var counts = new ThresholdCounts[rows.Scores.Length + 1];
        var (hits, alarms) = (0.0, 0.0);
        counts[0] = new ThresholdCounts(double.PositiveInfinity, 0, 0, rows.Positives, rows.Negatives);
        for (var i = 0; i < rows.Scores.Length; i++)
        {
            hits += rows.PositivesAt[i];
            alarms += rows.NegativesAt[i];
            counts[i + 1] = new ThresholdCounts(rows.Scores[i], hits, alarms, Math.Max(0, rows.Positives - hits), Math.Max(0, rows.Negatives - alarms));
        }
        return counts;
    }

    /// <summary>The threshold with the highest score; of equals the highest.</summary>
    /// <param name="thresholds">From <see cref="Thresholds"/>.</param>
    /// <param name="score">Such as <c>counts =&gt; counts.FBeta(2)</c>.</param>
    public static ThresholdCounts Best(IReadOnlyList<ThresholdCounts> thresholds, Func<ThresholdCounts, double> score)
    {
        var (best, highest) = (thresholds[0], double.NegativeInfinity);
        foreach (var counts in thresholds)
        {
            var value = score(counts);
            if (value > highest)
                (best, highest) = (counts, value);
        }
        return best;
    }

    /// <summary>The threshold that costs least; of equals the highest.</summary>
    /// <param name="thresholds">From <see cref="Thresholds"/>.</param>
    /// <param name="costs">What each outcome costs.</param>
    public static ThresholdCounts Cheapest(IReadOnlyList<ThresholdCounts> thresholds, ThresholdCosts costs) => Best(thresholds, counts => -counts.Cost(costs));
}
