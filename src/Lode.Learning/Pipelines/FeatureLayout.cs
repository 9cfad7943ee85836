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
    private const int BlockRows = 64;

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
    /// <exception cref="LodeException">InvalidArgument: a column holds dates, of which there are no numbers yet.</exception>
    public static FeatureLayout Of(Table table) => new([.. table.Columns.Select(column => column is DateColumn
        ? throw new LodeException(ErrorCode.InvalidArgument, $"Column '{column.Name}' still holds dates after all transforms.", "Put date_parts into the pipeline.")
        : new FeatureColumn(column.Name, column is CategoricalColumn categorical ? Present(categorical) : null))]);

    /// <summary>The table's numbers and codes.</summary>
    /// <param name="table">These columns, in this order.</param>
    /// <exception cref="LodeException">InvalidArgument: a value is infinite.</exception>
    /// <exception cref="ArgumentException">The columns are others.</exception>
    public FeatureMatrix Encode(Table table)
    {
        if (table.Columns.Count != _columns.Length)
            throw new ArgumentException($"The table has {table.Columns.Count} columns; {_columns.Length} are wanted.", nameof(table));
        var (rows, width) = (table.Rows, _columns.Length);
        if ((long)rows * width > Array.MaxLength)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"{rows} rows of {width} features are more than one matrix holds ({Array.MaxLength} numbers).",
                "Encode categories with fewer columns (max_categories, target_encode, hash), or take fewer rows.");
        }
        var values = new double[rows * width];
        var known = new double[width][];
        for (var j = 0; j < width; j++)
        {
            if (table.Columns[j] is CategoricalColumn categorical && _columns[j].Levels is { } levels)
                known[j] = CodesOf(categorical, levels);
            else if (table.Columns[j] is not NumericColumn || _columns[j].Levels is not null)
                throw new ArgumentException($"Column '{table.Columns[j].Name}' is {table.Columns[j].Kind}, which is not what the layout has for '{_columns[j].Name}'.", nameof(table));
        }
        // Rows are taken in blocks, so that what neighbouring columns write to stays in the cache.
        for (var first = 0; first < rows; first += BlockRows)
        {
            var count = Math.Min(BlockRows, rows - first);
            for (var j = 0; j < width; j++)
            {
                var block = values.AsSpan((first * width) + j);
                if (table.Columns[j] is NumericColumn numeric)
                    Spread(numeric.Values.Slice(first, count), block, width);
                else
                    Spread(((CategoricalColumn)table.Columns[j]).Codes.Slice(first, count), known[j], block, width);
            }
        }
        return new FeatureMatrix(values, rows, _names, _levels);
    }

    private static void Spread(ReadOnlySpan<double> source, Span<double> block, int width)
    {
        for (var i = 0; i < source.Length; i++)
            block[i * width] = source[i];
    }

    private static void Spread(ReadOnlySpan<int> source, double[] known, Span<double> block, int width)
    {
        for (var i = 0; i < source.Length; i++)
            block[i * width] = source[i] < 0 ? double.NaN : known[source[i]];
    }

    /// <summary>What each code of the column is here; NaN where its level is unknown.</summary>
    private static double[] CodesOf(CategoricalColumn column, IReadOnlyList<string> levels)
    {
        var index = new Dictionary<string, int>(levels.Count, StringComparer.Ordinal);
        for (var code = 0; code < levels.Count; code++)
            index[levels[code]] = code;
        var codes = new double[column.Levels.Count];
        for (var code = 0; code < codes.Length; code++)
            codes[code] = index.TryGetValue(column.Levels[code], out var known) ? known : double.NaN;
        return codes;
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
