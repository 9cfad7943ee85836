using Lode.Core;

namespace Lode.Learning;

/// <summary>A table of features with what is to be predicted from them. Immutable.</summary>
public sealed class Dataset
{
    private readonly double[]? _weights;

    /// <param name="features">The columns to predict from.</param>
    /// <param name="target">As many rows.</param>
    /// <param name="weights">One a row, finite, at least 0, not all 0; null: each row counts 1. The data set keeps the array.</param>
    /// <exception cref="LodeException">InvalidArgument: the numbers of rows differ, or a weight is out of range.</exception>
    public Dataset(Table features, Target target, double[]? weights = null)
    {
        if (features.Rows != target.Rows)
            throw new LodeException(ErrorCode.InvalidArgument, $"There are {features.Rows} rows of features and {target.Rows} of the target.");
        if (weights is not null && weights.Length != target.Rows)
            throw new LodeException(ErrorCode.InvalidArgument, $"There are {weights.Length} weights for {target.Rows} rows.");
        for (var row = 0; row < (weights?.Length ?? 0); row++)
        {
            if (!double.IsFinite(weights![row]) || weights[row] < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"The weight of row {row + 1} is {weights[row]}; it must be finite and at least 0.");
        }
        if (weights is { Length: > 0 } && weights.Max() == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "All weights are 0.");
        (Features, Target, _weights) = (features, target, weights);
    }

    /// <summary>The columns to predict from, shape [rows, columns].</summary>
    public Table Features { get; }

    /// <summary>What is to be predicted, shape [rows].</summary>
    public Target Target { get; }

    /// <summary>How much each row counts, shape [rows]; empty: each 1.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>Number of rows.</summary>
    public int Rows => Features.Rows;

    /// <summary>A table with one column as the target and the others as features.</summary>
    /// <param name="table">Two columns or more.</param>
    /// <param name="target">The name of the target's column.</param>
    /// <param name="task">Null: seen from the column, see <see cref="Target.Of"/>.</param>
    /// <exception cref="LodeException">InvalidArgument: no such column, no other column, or a column that cannot be a target.</exception>
    public static Dataset Of(Table table, string target, TaskKind? task = null)
    {
        var column = table.Find(target) ?? throw new LodeException(ErrorCode.InvalidArgument,
            $"There is no column '{target}' to be the target.", DidYouMean.Hint(target, table.Columns.Select(other => other.Name)));
        return new Dataset(table.Without(target), Target.Of(column, task));
    }

    /// <summary>The given rows, in the given order.</summary>
    /// <param name="rows">Each in [0, <see cref="Rows"/>).</param>
    public Dataset Select(ReadOnlySpan<int> rows)
    {
        double[]? weights = null;
        if (_weights is not null)
        {
            weights = new double[rows.Length];
            for (var i = 0; i < rows.Length; i++)
                weights[i] = _weights[rows[i]];
        }
        return new Dataset(Features.Select(rows), Target.Select(rows), weights);
    }
}
