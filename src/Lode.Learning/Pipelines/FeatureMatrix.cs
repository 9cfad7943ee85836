using Lode.Core;

namespace Lode.Learning;

/// <summary>Numbers that a learner sees: dense, row-major, all finite. Immutable.</summary>
public sealed class FeatureMatrix
{
    private readonly double[] _values;

    /// <param name="values">Shape [rows, columns], row-major, finite. The matrix keeps the array.</param>
    /// <param name="rows">At least 0.</param>
    /// <param name="names">The columns' names.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    /// <exception cref="LodeException">InvalidArgument: a number is not finite; the message names row and column.</exception>
    public FeatureMatrix(double[] values, int rows, IReadOnlyList<string> names)
    {
        if (values.Length != (long)rows * names.Count)
            throw new ArgumentException($"{values.Length} numbers do not make {rows} rows of {names.Count} columns.", nameof(values));
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                throw new LodeException(ErrorCode.InvalidArgument,
                    $"Feature '{names[i % names.Count]}' is {(double.IsNaN(values[i]) ? "missing" : "infinite")} in row {(i / names.Count) + 1}.",
                    double.IsNaN(values[i]) ? "Put an imputer into the pipeline." : "Mend the table.");
            }
        }
        (_values, Rows, Names) = (values, rows, names);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns => Names.Count;

    /// <summary>The columns' names, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Shape [rows, columns], row-major.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>One row, shape [columns].</summary>
    public ReadOnlySpan<double> Row(int row) => _values.AsSpan(row * Columns, Columns);

    /// <summary>The matrix of a table whose columns are all numeric.</summary>
    /// <exception cref="LodeException">InvalidArgument: a column is categorical, or a value missing or infinite.</exception>
    public static FeatureMatrix Of(Table table)
    {
        var (rows, width) = (table.Rows, table.Columns.Count);
        var values = new double[checked(rows * width)];
        for (var j = 0; j < width; j++)
        {
            if (table.Columns[j] is not NumericColumn column)
            {
                throw new LodeException(ErrorCode.InvalidArgument, $"Column '{table.Columns[j].Name}' is still categorical after all transforms.",
                    "Put a one-hot encoder into the pipeline.");
            }
            var source = column.Values;
            for (var i = 0; i < source.Length; i++)
                values[(i * width) + j] = source[i];
        }
        return new FeatureMatrix(values, rows, [.. table.Columns.Select(column => column.Name)]);
    }
}
