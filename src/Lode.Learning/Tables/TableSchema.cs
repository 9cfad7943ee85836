using Lode.Core;

namespace Lode.Learning;

/// <summary>A column's name and kind.</summary>
/// <param name="Name">Not empty.</param>
/// <param name="Kind">What it holds.</param>
public sealed record ColumnSchema(string Name, ColumnKind Kind);

/// <summary>The columns that a table has or that a fitted pipeline asks for.</summary>
/// <param name="Columns">In order, of different names.</param>
public sealed record TableSchema(IReadOnlyList<ColumnSchema> Columns)
{
    /// <summary>The kind of each column by name; hand it to <see cref="CsvOptions"/> to read a file for this schema.</summary>
    public IReadOnlyDictionary<string, ColumnKind> Kinds =>
        Columns.ToDictionary(column => column.Name, column => column.Kind, StringComparer.Ordinal);

    /// <summary>The table's columns of this schema, in this order; others are left out.</summary>
    /// <remarks>A column without any value has no kind of its own: it passes as the kind asked for.</remarks>
    /// <exception cref="LodeException">InvalidArgument: a column is missing or of another kind; the message names it.</exception>
    public Table Conform(Table table)
    {
        var columns = new Column[Columns.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            var wanted = Columns[i];
            var column = table.Find(wanted.Name) ?? throw new LodeException(ErrorCode.InvalidArgument,
                $"The table lacks the column '{wanted.Name}' ({Word(wanted.Kind)}).",
                DidYouMean.Hint(wanted.Name, table.Columns.Select(other => other.Name)));
            if (column.Kind != wanted.Kind && column.CountMissing() < column.Count)
            {
                throw new LodeException(ErrorCode.InvalidArgument,
                    $"Column '{wanted.Name}' must be {Word(wanted.Kind)}; it is {Word(column.Kind)}.",
                    wanted.Kind switch
                    {
                        ColumnKind.Numeric => "A cell of it is not a number.",
                        ColumnKind.Date => "A cell of it is not a date; if all are, say whether the day or the month comes first.",
                        _ => "Read it as categorical.",
                    });
            }
            columns[i] = column.Kind == wanted.Kind ? column : Empty(wanted, table.Rows);
        }
        return new Table(columns);
    }

    private static Column Empty(ColumnSchema wanted, int rows)
    {
        if (wanted.Kind == ColumnKind.Date)
        {
            var ticks = new long[rows];
            Array.Fill(ticks, DateColumn.Missing);
            return new DateColumn(wanted.Name, ticks);
        }
        if (wanted.Kind == ColumnKind.Numeric)
        {
            var values = new double[rows];
            Array.Fill(values, double.NaN);
            return new NumericColumn(wanted.Name, values);
        }
        var codes = new int[rows];
        Array.Fill(codes, -1);
        return new CategoricalColumn(wanted.Name, codes, []);
    }

    internal static string Word(ColumnKind kind) => kind switch
    {
        ColumnKind.Numeric => "numeric",
        ColumnKind.Categorical => "categorical",
        _ => "a date",
    };
}
