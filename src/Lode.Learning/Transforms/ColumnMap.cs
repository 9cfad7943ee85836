using Lode.Core;

namespace Lode.Learning;

/// <summary>What transforms that work column by column share.</summary>
internal static class ColumnMap
{
    /// <summary>What is learned from each numeric column, by its name.</summary>
    public static Dictionary<string, T> Numeric<T>(Table table, Func<NumericColumn, T> learn)
    {
        var learned = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var column in table.Columns)
        {
            if (column is NumericColumn numeric)
                learned.Add(column.Name, learn(numeric));
        }
        return learned;
    }

    /// <summary>What is learned from each categorical column, by its name.</summary>
    public static Dictionary<string, T> Categorical<T>(Table table, Func<CategoricalColumn, T> learn)
    {
        var learned = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var column in table.Columns)
        {
            if (column is CategoricalColumn categorical)
                learned.Add(column.Name, learn(categorical));
        }
        return learned;
    }

    /// <summary>The table with each numeric column's values changed; other columns are shared.</summary>
    public static Table ApplyNumeric<T>(Table table, Dictionary<string, T> learned, Action<T, double[]> change)
    {
        var columns = new Column[table.Columns.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = table.Columns[i];
            if (columns[i] is not NumericColumn numeric)
                continue;
            var values = numeric.Values.ToArray();
            change(Of(learned, numeric.Name), values);
            columns[i] = new NumericColumn(numeric.Name, values);
        }
        return new Table(columns, table.Rows);
    }

    /// <summary>The table with each categorical column replaced by the columns that <paramref name="encode"/> adds, in its place.</summary>
    public static Table ApplyCategorical<T>(Table table, Dictionary<string, T> learned, Action<T, CategoricalColumn, List<Column>> encode)
    {
        var columns = new List<Column>(table.Columns.Count);
        foreach (var column in table.Columns)
        {
            if (column is CategoricalColumn categorical)
                encode(Of(learned, column.Name), categorical, columns);
            else
                columns.Add(column);
        }
        return new Table(columns, table.Rows);
    }

    /// <exception cref="LodeException">InvalidArgument: nothing was learned about the column.</exception>
    public static T Of<T>(Dictionary<string, T> learned, string name) => learned.TryGetValue(name, out var value) ? value
        : throw new LodeException(ErrorCode.InvalidArgument, $"The transform was not fitted on a column '{name}'.");

    /// <summary>A number for each row: that of its level, or <paramref name="missing"/>.</summary>
    /// <param name="column">Whose rows.</param>
    /// <param name="ofLevel">By code.</param>
    /// <param name="missing">For a missing value.</param>
    /// <param name="name">The new column's.</param>
    public static NumericColumn Spread(CategoricalColumn column, double[] ofLevel, double missing, string name)
    {
        var values = new double[column.Count];
        var codes = column.Codes;
        for (var row = 0; row < values.Length; row++)
            values[row] = codes[row] < 0 ? missing : ofLevel[codes[row]];
        return new NumericColumn(name, values);
    }

    /// <summary>The weight of the rows of each level, shape [levels].</summary>
    public static double[] Count(CategoricalColumn column, ReadOnlySpan<double> weights)
    {
        var counts = new double[column.Levels.Count];
        var codes = column.Codes;
        for (var row = 0; row < codes.Length; row++)
        {
            if (codes[row] >= 0)
                counts[codes[row]] += weights.IsEmpty ? 1 : weights[row];
        }
        return counts;
    }

    /// <summary>The levels that rows have, in ordinal order.</summary>
    public static string[] Present(CategoricalColumn column)
    {
        var counts = Count(column, []);
        return [.. column.Levels.Where((_, level) => counts[level] > 0).Order(StringComparer.Ordinal)];
    }

    /// <exception cref="LodeException">InvalidArgument: a number is missing; the message names column and row.</exception>
    public static void RequireComplete(Table table, string transform)
    {
        foreach (var column in table.Columns)
        {
            var row = column is NumericColumn numeric ? numeric.Values.IndexOf(double.NaN) : -1;
            if (row >= 0)
            {
                throw new LodeException(ErrorCode.InvalidArgument, $"Column '{column.Name}' is missing in row {row + 1}; the transform '{transform}' takes complete columns.",
                    "Put an imputer before it.");
            }
        }
    }

    /// <exception cref="LodeException">InvalidArgument: a number is infinite; the message names column and row.</exception>
    public static void RequireFinite(Table table)
    {
        foreach (var column in table.Columns)
        {
            if (column is NumericColumn numeric && numeric.Values.IndexOfAny(double.PositiveInfinity, double.NegativeInfinity) is >= 0 and var row)
                throw new LodeException(ErrorCode.InvalidArgument, $"Feature '{column.Name}' is infinite in row {row + 1}.", "Mend the table.");
        }
    }
}
