using Lode.Core;

namespace Lode.Learning;

/// <summary>How much a predictor needs one column.</summary>
/// <param name="Column">The column's name.</param>
/// <param name="Mean">How much worse the score gets when the column's values are shuffled among the rows: above 0 where the column helps, whichever
/// way the metric points; 0 where it is not used.</param>
/// <param name="Deviation">The standard deviation over the repeats; 0 for a single one.</param>
/// <param name="Repeats">One value a repeat.</param>
public sealed record FeatureImportance(string Column, double Mean, double Deviation, IReadOnlyList<double> Repeats);

/// <summary>What each column is worth to a predictor: its values are shuffled among the rows, and the score gets worse.</summary>
/// <remarks>Breiman, "Random forests" (Machine Learning 45, 2001), section 10, for any predictor and metric; the mean over the repeats as in
/// scikit-learn's permutation_importance. Columns that say the same thing share their worth: shuffling one of them costs little.
/// Use rows that the predictor was not fitted on, else it also counts what was only learned by heart.</remarks>
public static class PermutationImportance
{
    /// <summary>The columns by falling importance; of equals the first of the table comes first.</summary>
    /// <param name="predictor">Whatever predicts.</param>
    /// <param name="data">At least two rows; the same for all columns. Its weights count in the score.</param>
    /// <param name="metric">Of the target's task, defined on these rows.</param>
    /// <param name="repeats">How often each column is shuffled, ≥ 1. Default: 5.</param>
    /// <param name="seed">Decides the shuffles; column and repeat have a stream of their own.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <param name="cancellation">Looked at before each prediction.</param>
    /// <returns>One for each column of the predictor's schema.</returns>
    /// <exception cref="LodeException">InvalidArgument: no repeat, fewer than two rows, a metric of the other task, or one that is not defined on
    /// these rows.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IReadOnlyList<FeatureImportance> Of(IPredictor predictor, Dataset data, Metric metric, int repeats = 5, ulong seed = 0, int threads = 0,
        CancellationToken cancellation = default)
    {
        if (repeats < 1 || data.Rows < 2)
            throw new LodeException(ErrorCode.InvalidArgument, $"Permutation importance needs at least 1 repeat and 2 rows; got {repeats} and {data.Rows}.");
        var table = predictor.Schema.Conform(data.Features);
        var whole = metric.Score(data.Target, predictor.Predict(table, threads), data.Weights);
        if (double.IsNaN(whole))
            throw new LodeException(ErrorCode.InvalidArgument, $"Metric '{metric.Name}' is not defined on these {data.Rows} rows, so nothing can be compared by it.", "Use another metric or more rows.");
        var streams = new Rng(seed);
        var columns = table.Columns.ToArray();
        var rows = new int[table.Rows];
        var importances = new FeatureImportance[columns.Length];
        for (var column = 0; column < columns.Length; column++)
        {
            var (stream, kept, drops) = (streams.Child((ulong)column), columns[column], new double[repeats]);
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                cancellation.ThrowIfCancellationRequested();
                for (var row = 0; row < rows.Length; row++)
                    rows[row] = row;
                stream.Child((ulong)repeat).Shuffle<int>(rows);
                columns[column] = kept.Select(rows);
                var score = metric.Score(data.Target, predictor.Predict(new Table(columns), threads), data.Weights);
                drops[repeat] = metric.HigherIsBetter ? whole - score : score - whole;
            }
            columns[column] = kept;
            importances[column] = Summarise(kept.Name, drops);
        }
        return [.. importances.OrderByDescending(importance => importance.Mean)];
    }

    private static FeatureImportance Summarise(string column, double[] drops)
    {
        var mean = drops.Average();
        var squares = drops.Sum(drop => (drop - mean) * (drop - mean));
        return new FeatureImportance(column, mean, drops.Length < 2 ? 0 : Math.Sqrt(squares / (drops.Length - 1)), drops);
    }
}
