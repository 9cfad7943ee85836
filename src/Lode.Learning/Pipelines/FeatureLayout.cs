using Lode.Core;

namespace Lode.Learning;

/// <summary>A column as a learner sees it.</summary>
/// <param name="Name">Not empty.</param>
/// <param name="Levels">The levels of a categorical column by code, different; null for numbers.</param>
public sealed record FeatureColumn(string Name, IReadOnlyList<string>? Levels);

/// <summary>
/// The columns that a learner was fitted on, with the codes of their levels. Later tables are encoded by the same codes, whatever
/// levels they have and in whatever order; a level that was not there in training is a missing value.
/// </summary>
public sealed class FeatureLayout
{
    private readonly FeatureColumn[] _columns;
    private readonly string[] _names;
    private readonly int[] _levels;

    /// <param name="columns">In order, of different names.</param>
    public FeatureLayout(IReadOnlyList<FeatureColumn> columns)
    {
        _columns = [.. columns];
        _names = [.. columns.Select(column => column.Name)];
        // A column without any level has nothing but missing values; it keeps one code that nobody uses, so that it stays categorical.
        _levels = [.. columns.Select(column => column.Levels is null ? 0 : Math.Max(1, column.Levels.Count))];
    }

    /// <summary>The columns, in order.</summary>
    public IReadOnlyList<FeatureColumn> Columns => _columns;

    /// <summary>The layout of a table's columns: of a categorical column the levels that rows have, in the column's order.</summary>
    public static FeatureLayout Of(Table table) => new([.. table.Columns.Select(column =>
        new FeatureColumn(column.Name, column is CategoricalColumn categorical ? Present(categorical) : null))]);

    /// <summary>The table's numbers and codes.</summary>
    /// <param name="table">These columns, in this order.</param>
    /// <exception cref="LodeException">InvalidArgument: a value is infinite.</exception>
    /// <exception cref="ArgumentException">The columns are others.</exception>
    public FeatureMatrix Encode(Table table)
    {
        if (table.Columns.Count != _columns.Length)
            throw new ArgumentException($"The table has {table.Columns.Count} columns; {_columns.Length} are wanted.", nameof(table));
        var (rows, width) = (table.Rows, _columns.Length);
        var values = new double[checked(rows * width)];
        for (var j = 0; j < width; j++)
        {
            var column = table.Columns[j];
            if (column is NumericColumn numeric && _columns[j].Levels is null)
                Spread(numeric.Values, values, j, width);
            else if (column is CategoricalColumn categorical && _columns[j].Levels is { } levels)
                Spread(categorical, levels, values, j, width);
            else
                throw new ArgumentException($"Column '{column.Name}' is {column.Kind}, which is not what the layout has for '{_columns[j].Name}'.", nameof(table));
        }
        return new FeatureMatrix(values, rows, _names, _levels);
    }

    internal void Write(BundleWriter writer)
    {
        writer.WriteInt32(_columns.Length);
        foreach (var column in _columns)
        {
            writer.WriteString(column.Name);
            writer.WriteBoolean(column.Levels is not null);
            writer.WriteStrings(column.Levels ?? []);
        }
    }

    internal static FeatureLayout Read(BundleReader reader)
    {
        var columns = new FeatureColumn[reader.ReadInt32(0, reader.Left)];
        for (var i = 0; i < columns.Length; i++)
        {
            var (name, categorical, levels) = (reader.ReadString(), reader.ReadBoolean(), reader.ReadStrings());
            columns[i] = new FeatureColumn(name, categorical ? levels : null);
        }
        return new FeatureLayout(columns);
    }

    private static void Spread(ReadOnlySpan<double> source, double[] values, int at, int width)
    {
        for (var i = 0; i < source.Length; i++)
            values[(i * width) + at] = source[i];
    }

    private static void Spread(CategoricalColumn column, IReadOnlyList<string> levels, double[] values, int at, int width)
    {
        var index = new Dictionary<string, int>(levels.Count, StringComparer.Ordinal);
        for (var code = 0; code < levels.Count; code++)
            index[levels[code]] = code;
        var codes = new double[column.Levels.Count];
        for (var code = 0; code < codes.Length; code++)
            codes[code] = index.TryGetValue(column.Levels[code], out var known) ? known : double.NaN;
        for (var i = 0; i < column.Count; i++)
            values[(i * width) + at] = column.Codes[i] < 0 ? double.NaN : codes[column.Codes[i]];
    }

    private static string[] Present(CategoricalColumn column)
    {
        var present = new bool[column.Levels.Count];
        foreach (var code in column.Codes)
        {
            if (code >= 0)
                present[code] = true;
        }
        return [.. column.Levels.Where((_, level) => present[level])];
    }
}
