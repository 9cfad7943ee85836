using Lode.Core;

namespace Lode.Learning;

/// <summary>A table of features with what is to be predicted from them. Immutable.</summary>
public sealed class Dataset
{
    private readonly double[]? _weights;
    private readonly RowGroups? _groups;
    private readonly double[]? _times;

    /// <param name="features">The columns to predict from.</param>
    /// <param name="target">As many rows.</param>
    /// <param name="weights">One a row, finite, at least 0, not all 0; null: each row counts 1. The data set keeps the array.</param>
    /// <param name="groups">Rows that belong together, one a row; null: each row is on its own.</param>
    /// <param name="times">When each row happened, finite, in any unit and order; null: not known. The data set keeps the array.</param>
    /// <exception cref="LodeException">InvalidArgument: the numbers of rows differ, or a weight or time is out of range.</exception>
    public Dataset(Table features, Target target, double[]? weights = null, RowGroups? groups = null, double[]? times = null)
    {
        if (features.Rows != target.Rows)
            throw new LodeException(ErrorCode.InvalidArgument, $"There are {features.Rows} rows of features and {target.Rows} of the target.");
        RequireRows(weights?.Length, "weights", target.Rows);
        RequireRows(groups?.Of.Length, "groups", target.Rows);
        RequireRows(times?.Length, "times", target.Rows);
        for (var row = 0; row < (weights?.Length ?? 0); row++)
        {
            if (!double.IsFinite(weights![row]) || weights[row] < 0)
                throw new LodeException(ErrorCode.InvalidArgument, $"The weight of row {row + 1} is {weights[row]}; it must be finite and at least 0.");
        }
        if (weights is { Length: > 0 } && weights.Max() == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "All weights are 0.");
        for (var row = 0; row < (times?.Length ?? 0); row++)
        {
            if (!double.IsFinite(times![row]))
                throw new LodeException(ErrorCode.InvalidArgument, $"The time of row {row + 1} is {times[row]}; it must be finite.");
        }
        (Features, Target, _weights, _groups, _times) = (features, target, weights, groups, times);
    }

    /// <summary>The columns to predict from, shape [rows, columns].</summary>
    public Table Features { get; }

    /// <summary>What is to be predicted, shape [rows].</summary>
    public Target Target { get; }

    /// <summary>How much each row counts, shape [rows]; empty: each 1.</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>The group of each row, shape [rows], in [0, <see cref="GroupNames"/>); empty: there are no groups.</summary>
    public ReadOnlySpan<int> Groups => _groups is null ? [] : _groups.Of;

    /// <summary>The groups' names by number; some may have no row here. Empty: there are no groups.</summary>
    public IReadOnlyList<string> GroupNames => _groups?.Names ?? [];

    /// <summary>When each row happened, shape [rows], finite; rows need not be in this order. Seconds since 1970 where it was a date.
    /// Empty: not known.</summary>
    public ReadOnlySpan<double> Times => _times;

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

    /// <summary>A table whose columns have the given roles.</summary>
    /// <exception cref="LodeException">InvalidArgument: a column does not exist or cannot have its role; the message names it.</exception>
    public static Dataset Of(Table table, DatasetRoles roles) => roles.Apply(table);

    /// <summary>The given rows, in the given order.</summary>
    /// <param name="rows">Each in [0, <see cref="Rows"/>).</param>
    public Dataset Select(ReadOnlySpan<int> rows) =>
        new(Features.Select(rows), Target.Select(rows), Pick(_weights, rows), _groups?.Select(rows), Pick(_times, rows));

    private static double[]? Pick(double[]? values, ReadOnlySpan<int> rows)
    {
        if (values is null)
            return null;
        var picked = new double[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            picked[i] = values[rows[i]];
        return picked;
    }

    private static void RequireRows(int? count, string what, int rows)
    {
        if (count is { } got && got != rows)
            throw new LodeException(ErrorCode.InvalidArgument, $"There are {got} {what} for {rows} rows.");
    }
}
