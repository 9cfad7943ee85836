using System.Globalization;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Some rows of a table and how well they were predicted.</summary>
/// <param name="Name">The level, or the range of numbers, or "(missing)".</param>
/// <param name="Rows">How many rows it has.</param>
/// <param name="Scores">By metric's name; NaN where a metric is not defined for these rows.</param>
public sealed record SliceScores(string Name, int Rows, IReadOnlyDictionary<string, double> Scores);

/// <summary>Scores of parts of the rows: a model that is good on the whole may be bad for some.</summary>
public static class Slices
{
    /// <summary>Scores the rows of each level of a column, or of each bin of its numbers.</summary>
    /// <param name="column">As many rows as the truth. Numbers of at most as many different values as bins are sliced by value, others at
    /// quantiles into bins of about equally many rows.</param>
    /// <param name="truth">At least one row.</param>
    /// <param name="predicted">Of the same rows and classes.</param>
    /// <param name="metrics">Of the truth's task.</param>
    /// <param name="weights">How much each row counts; empty: each 1.</param>
    /// <param name="bins">At most so many bins of numbers, ≥ 1. Default: 5.</param>
    /// <returns>The slices that have rows: levels in their order, bins rising, missing values last.</returns>
    /// <exception cref="LodeException">InvalidArgument: the numbers of rows differ, no bin, or a metric of the other task.</exception>
    public static IReadOnlyList<SliceScores> By(Column column, Target truth, Predictions predicted, IReadOnlyList<Metric> metrics,
        ReadOnlySpan<double> weights = default, int bins = 5)
    {
        if (column.Count != truth.Rows)
            throw new LodeException(ErrorCode.InvalidArgument, $"Column '{column.Name}' has {column.Count} rows; there are {truth.Rows} predictions.");
        if (bins < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"Slices need at least 1 bin; got {bins}.");
        var (names, sliceOf) = column switch
        {
            CategoricalColumn categorical => ([.. categorical.Levels], categorical.Codes.ToArray()),
            NumericColumn numeric => Bin(numeric.Values, bins),
            _ => throw new LodeException(ErrorCode.InvalidArgument, $"Column '{column.Name}' is {column.Kind.ToString().ToLowerInvariant()}; slices are made by levels or numbers."),
        };
        var rows = new List<int>[names.Length + 1];
        for (var slice = 0; slice < rows.Length; slice++)
            rows[slice] = [];
        for (var row = 0; row < sliceOf.Length; row++)
            rows[sliceOf[row] < 0 ? names.Length : sliceOf[row]].Add(row);
        var slices = new List<SliceScores>(rows.Length);
        for (var slice = 0; slice < rows.Length; slice++)
        {
            if (rows[slice].Count == 0)
                continue;
            int[] chosen = [.. rows[slice]];
            var values = new double[chosen.Length * predicted.Outputs];
            var counts = new double[weights.IsEmpty ? 0 : chosen.Length];
            for (var i = 0; i < chosen.Length; i++)
            {
                predicted.Row(chosen[i]).CopyTo(values.AsSpan(i * predicted.Outputs));
                if (counts.Length > 0)
                    counts[i] = weights[chosen[i]];
            }
            var (part, said) = (truth.Select(chosen), new Predictions(values, predicted.Classes));
            var scores = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var metric in metrics)
                scores[metric.Name] = metric.Score(part, said, counts);
            slices.Add(new SliceScores(slice == names.Length ? "(missing)" : names[slice], chosen.Length, scores));
        }
        return slices;
    }

    private static (string[] Names, int[] SliceOf) Bin(ReadOnlySpan<double> values, int bins)
    {
        double[] sorted = [.. values.ToArray().Where(value => !double.IsNaN(value)).Order()];
        double[] different = [.. sorted.Distinct()];
        var exact = different.Length <= bins;
        // The lowest value of each bin.
        double[] starts = exact ? different : [.. Enumerable.Range(0, bins).Select(bin => sorted[(int)((long)bin * sorted.Length / bins)]).Distinct()];
        var sliceOf = new int[values.Length];
        for (var row = 0; row < sliceOf.Length; row++)
        {
            var at = Array.BinarySearch(starts, values[row]);
            sliceOf[row] = double.IsNaN(values[row]) ? -1 : at >= 0 ? at : ~at - 1;
        }
        return ([.. starts.Select((start, bin) => exact ? Text(start) : bin == starts.Length - 1 ? $"[{Text(start)}, {Text(sorted[^1])}]" : $"[{Text(start)}, {Text(starts[bin + 1])})")], sliceOf);
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
