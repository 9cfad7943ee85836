using Lode.Core;

namespace Lode.Learning;

/// <summary>How a calibration curve's bins are cut.</summary>
public enum CalibrationBins
{
    /// <summary>Of equal width in [0, 1].</summary>
    Uniform = 1,

    /// <summary>Of about equally many rows: cut at linearly interpolated quantiles.</summary>
    Quantile = 2,
}

/// <summary>A bin of a calibration curve.</summary>
/// <param name="Weight">The weight of its rows.</param>
/// <param name="MeanPredicted">The mean probability that was predicted.</param>
/// <param name="ShareActual">The share of rows that are of the class.</param>
public readonly record struct CalibrationPoint(double Weight, double MeanPredicted, double ShareActual);

/// <summary>How often a class comes when it was given a probability.</summary>
/// <param name="Points">The bins that have rows, by rising probability.</param>
/// <param name="ExpectedError">The mean distance of what came from what was predicted, by the bins' weight (ECE).</param>
/// <param name="MaximumError">The largest such distance of a bin (MCE).</param>
public sealed record CalibrationCurve(IReadOnlyList<CalibrationPoint> Points, double ExpectedError, double MaximumError)
{
    /// <summary>Bins rows by their probability of a class.</summary>
    /// <param name="truth">A classification, at least one row.</param>
    /// <param name="predicted">Of the same rows and classes.</param>
    /// <param name="bins">At most so many bins, ≥ 1. Default: 10. A probability on a cut is in the lower bin.</param>
    /// <param name="kind">How they are cut. Default: uniform.</param>
    /// <param name="label">The class. Default: the second.</param>
    /// <param name="weights">How much each row counts; empty: each 1. Quantiles count rows.</param>
    /// <exception cref="LodeException">InvalidArgument: no bin.</exception>
    /// <remarks>scikit-learn's calibration_curve. Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    /// binning" (AAAI 2015) for the errors.</remarks>
    public static CalibrationCurve Of(Target truth, Predictions predicted, int bins = 10, CalibrationBins kind = CalibrationBins.Uniform, int label = 1,
        ReadOnlySpan<double> weights = default)
    {
        if (bins < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"A calibration curve needs at least 1 bin; got {bins}.");
        if (truth.Task != TaskKind.Classification || label < 0 || label >= truth.Classes.Count || predicted.Rows != truth.Rows || predicted.Outputs != truth.Classes.Count)
            throw new ArgumentException($"Class {label} of {truth.Classes.Count} and predictions of {predicted.Rows} rows do not fit {truth.Rows} rows.");
        var probabilities = new double[truth.Rows];
        for (var row = 0; row < probabilities.Length; row++)
            probabilities[row] = predicted.Row(row)[label];
        var cuts = Cuts(probabilities, bins, kind);
        var (totals, sums, hits) = (new double[bins], new double[bins], new double[bins]);
        for (var row = 0; row < probabilities.Length; row++)
        {
            var bin = CountBelow(cuts, probabilities[row]);
            var weight = weights.IsEmpty ? 1 : weights[row];
            totals[bin] += weight;
            sums[bin] += weight * probabilities[row];
            hits[bin] += truth.Labels[row] == label ? weight : 0;
        }
        var points = new List<CalibrationPoint>(bins);
        var (expected, maximum, all) = (0.0, 0.0, totals.Sum());
        for (var bin = 0; bin < bins; bin++)
        {
            if (totals[bin] == 0)
                continue;
            var point = new CalibrationPoint(totals[bin], sums[bin] / totals[bin], hits[bin] / totals[bin]);
            var error = Math.Abs(point.ShareActual - point.MeanPredicted);
            (expected, maximum) = (expected + (totals[bin] / all * error), Math.Max(maximum, error));
            points.Add(point);
        }
        return new CalibrationCurve(points, expected, maximum);
    }

    private static double[] Cuts(double[] probabilities, int bins, CalibrationBins kind)
    {
        var sorted = kind == CalibrationBins.Quantile ? probabilities.Order().ToArray() : [];
        var cuts = new double[bins - 1];
        for (var i = 0; i < cuts.Length; i++)
        {
            var share = (i + 1) / (double)bins;
            if (kind == CalibrationBins.Quantile)
            {
                var place = share * (sorted.Length - 1);
                var below = (int)place;
                cuts[i] = sorted[below] + ((place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]));
            }
            else
            {
                cuts[i] = share;
            }
        }
        return cuts;
    }

    private static int CountBelow(double[] cuts, double value)
    {
        var (low, high) = (0, cuts.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = cuts[middle] < value ? (middle + 1, high) : (low, middle);
        }
        return low;
    }
}
