using System.Globalization;

namespace Lode.Learning;

/// <summary>A level and how many rows have it.</summary>
/// <param name="Level">The text.</param>
/// <param name="Rows">At least 1.</param>
public sealed record LevelCount(string Level, int Rows);

/// <summary>The spread of a column of numbers, or of dates in seconds since 1970; missing values are left out.</summary>
/// <param name="Minimum">The smallest.</param>
/// <param name="Maximum">The largest.</param>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The sample standard deviation; NaN for fewer than two values.</param>
/// <param name="Quartiles">The quantiles at 0.25, 0.5, 0.75, linear between values.</param>
public sealed record NumberSummary(double Minimum, double Maximum, double Mean, double Deviation, IReadOnlyList<double> Quartiles);

/// <summary>What a column holds.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Missing">Rows without a value.</param>
/// <param name="Distinct">Different values.</param>
/// <param name="Infinite">Rows of infinite numbers; they are left out of <paramref name="Numbers"/>.</param>
/// <param name="Numbers">For numbers and dates; null for a column of levels, or without a finite value.</param>
/// <param name="TopLevels">For levels: the most frequent first, at most ten; of equals in ordinal order.</param>
public sealed record ColumnSummary(string Name, ColumnKind Kind, int Missing, int Distinct, int Infinite, NumberSummary? Numbers, IReadOnlyList<LevelCount> TopLevels);

/// <summary>Statistics of a table's columns. O(cells · log rows).</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Columns">One a column, in order.</param>
public sealed record TableSummary(int Rows, IReadOnlyList<ColumnSummary> Columns)
{
    private const int MostLevels = 10;

    /// <summary>The summary of a table.</summary>
    public static TableSummary Of(Table table) => new(table.Rows, [.. table.Columns.Select(column => column switch
    {
        NumericColumn numeric => OfNumbers(column, numeric.Values.ToArray()),
        DateColumn dates => OfNumbers(column, Array.ConvertAll(dates.Ticks.ToArray(), DateColumn.Seconds)),
        _ => OfLevels((CategoricalColumn)column),
    })]);

    /// <summary>The columns as a table of text, one line each, for people.</summary>
    public override string ToString() => string.Join('\n', Columns.Select(column => string.Create(CultureInfo.InvariantCulture,
        $"{column.Name}: {TableSchema.Word(column.Kind)}, {column.Missing} missing, {column.Distinct} distinct{Spread(column)}")));

    private static string Spread(ColumnSummary column) => column.Numbers is { } numbers && column.Kind == ColumnKind.Numeric
        ? string.Create(CultureInfo.InvariantCulture, $", {numbers.Minimum:G5} … {numbers.Maximum:G5}, mean {numbers.Mean:G5}, sd {numbers.Deviation:G5}")
        : column.TopLevels.Count > 0 ? ", " + string.Join(", ", column.TopLevels.Take(3).Select(level => $"{level.Level} ({level.Rows})")) : "";

    private static ColumnSummary OfNumbers(Column column, double[] values)
    {
        var missing = column.CountMissing();
        var sorted = Moments.Sorted(values);
        var distinct = 0;
        for (var i = 0; i < sorted.Length; i++)
            distinct += i == 0 || sorted[i] != sorted[i - 1] ? 1 : 0;
        var finite = sorted.AsSpan(sorted.AsSpan().Count(double.NegativeInfinity), sorted.Length - sorted.AsSpan().Count(double.NegativeInfinity) - sorted.AsSpan().Count(double.PositiveInfinity));
        if (finite.Length == 0)
            return new ColumnSummary(column.Name, column.Kind, missing, distinct, sorted.Length, null, []);
        var (mean, variance) = Moments.Of(finite);
        var deviation = finite.Length > 1 ? Math.Sqrt(variance * finite.Length / (finite.Length - 1)) : double.NaN;
        var numbers = new NumberSummary(finite[0], finite[^1], mean, deviation,
            [Moments.Quantile(finite, 0.25), Moments.Quantile(finite, 0.5), Moments.Quantile(finite, 0.75)]);
        return new ColumnSummary(column.Name, column.Kind, missing, distinct, sorted.Length - finite.Length, numbers, []);
    }

    private static ColumnSummary OfLevels(CategoricalColumn column)
    {
        var counts = ColumnMap.Count(column, []);
        int[] seen = [.. Enumerable.Range(0, counts.Length).Where(level => counts[level] > 0)];
        var top = seen.OrderByDescending(level => counts[level]).ThenBy(level => column.Levels[level], StringComparer.Ordinal).Take(MostLevels);
        return new ColumnSummary(column.Name, column.Kind, column.CountMissing(), seen.Length, 0, null, [.. top.Select(level => new LevelCount(column.Levels[level], (int)counts[level]))]);
    }
}
