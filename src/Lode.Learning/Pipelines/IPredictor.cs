namespace Lode.Learning;

/// <summary>Predicts from tables like the one it was fitted on: a fitted pipeline, or several together. Immutable; all members may be
/// called concurrently.</summary>
public interface IPredictor : IBundled
{
    /// <summary>The columns that a table to predict from must have; it may have more, in any order.</summary>
    TableSchema Schema { get; }

    /// <summary>The name of the column that is predicted.</summary>
    string TargetName { get; }

    /// <summary>The classes, in the order of the outputs; empty for regression.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>The levels of the quantiles that it says, in the order of the outputs; empty where it says classes or single numbers.</summary>
    IReadOnlyList<double> Quantiles => [];

    /// <summary>Predicts every row; a row's prediction does not depend on the rows beside it.</summary>
    /// <param name="table">The columns of the schema, in any order; it may have more.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <exception cref="Lode.Core.LodeException">InvalidArgument: a column is missing or of another kind; the message names it.</exception>
    Predictions Predict(Table table, int threads = 0);
}
