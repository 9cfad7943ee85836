using Lode.Core;

namespace Lode.Learning;

/// <summary>Which rows belong together (of one person, one device), so that a split keeps them on one side. Immutable.</summary>
public sealed class RowGroups
{
    private readonly int[] _of;

    /// <param name="of">The group of each row, in [0, names). The object keeps the array.</param>
    /// <param name="names">By number.</param>
    /// <exception cref="ArgumentException">A number has no name.</exception>
    public RowGroups(int[] of, IReadOnlyList<string> names)
    {
        foreach (var group in of)
        {
            if (group < 0 || group >= names.Count)
                throw new ArgumentException($"Group {group} is outside the {names.Count} names.", nameof(of));
        }
        (_of, Names) = (of, names);
    }

    /// <summary>The group of each row, shape [rows].</summary>
    public ReadOnlySpan<int> Of => _of;

    /// <summary>The groups' names by number; some may have no row.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The groups that a column makes: its levels, or its different numbers or dates in ascending order.</summary>
    /// <exception cref="LodeException">InvalidArgument: a value is missing; the message names column and row.</exception>
    public static RowGroups From(Column column)
    {
        for (var row = 0; row < column.Count; row++)
        {
            if (column.IsMissing(row))
                throw new LodeException(ErrorCode.InvalidArgument, $"The group column '{column.Name}' is missing in row {row + 1}.", "Drop such rows or name their group.");
        }
        if (column is CategoricalColumn categorical)
            return new RowGroups(categorical.Codes.ToArray(), categorical.Levels);
        var keys = column is NumericColumn numeric ? numeric.Values.ToArray() : Array.ConvertAll(((DateColumn)column).Ticks.ToArray(), ticks => (double)ticks);
        double[] different = [.. new SortedSet<double>(keys)];
        var of = new int[keys.Length];
        for (var row = 0; row < of.Length; row++)
            of[row] = Array.BinarySearch(different, keys[row]);
        return new RowGroups(of, [.. different.Select(key => column is DateColumn
            ? new DateTime((long)key, DateTimeKind.Utc).ToString("s", System.Globalization.CultureInfo.InvariantCulture)
            : key.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
    }

    /// <summary>The given rows, with all names kept.</summary>
    /// <param name="rows">Each in [0, rows).</param>
    public RowGroups Select(ReadOnlySpan<int> rows)
    {
        var of = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            of[i] = _of[rows[i]];
        return new RowGroups(of, Names);
    }
}
