using System.Globalization;
using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Tables as text with a header and separated fields, UTF-8, lines ended by LF.</summary>
/// <remarks>
/// Numbers are the shortest text that reads back as the same bits; dates are ISO 8601, with a time where a row of the column has one; missing values are empty.
/// Fields are quoted where they must be. <see cref="CsvReader"/> with the schema's kinds and no missing tokens gives an equal table back, except that levels without
/// rows, and the empty level (which reads as missing), are lost.
/// </remarks>
public static class CsvWriter
{
    /// <summary>Writes a file, over one that is there.</summary>
    /// <exception cref="LodeException">PermissionDenied or Unavailable: it cannot be written.</exception>
    public static void Write(Table table, string path, char delimiter = ',')
    {
        try
        {
            using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 16);
            Write(table, writer, delimiter);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new LodeException(ErrorCode.PermissionDenied, $"The file '{path}' may not be written.", cause: error);
        }
        catch (IOException error)
        {
            throw new LodeException(ErrorCode.Unavailable, $"The file '{path}' cannot be written: {error.Message}", cause: error);
        }
    }

    /// <summary>Writes text.</summary>
    /// <param name="table">At least one column.</param>
    /// <param name="writer">Receives it; stays open.</param>
    /// <param name="delimiter">ASCII; not a quote, a line end or a space.</param>
    /// <exception cref="LodeException">InvalidArgument: the delimiter cannot be one.</exception>
    public static void Write(Table table, TextWriter writer, char delimiter = ',')
    {
        if (delimiter is '"' or '\n' or '\r' or ' ' or > '\u007F')
            throw new LodeException(ErrorCode.InvalidArgument, "The delimiter must be an ASCII character and no quote, line end or space.");
        var cells = table.Columns.Select(column => Cells(column, delimiter)).ToArray();
        for (var j = 0; j < cells.Length; j++)
        {
            if (j > 0)
                writer.Write(delimiter);
            writer.Write(Quote(table.Columns[j].Name, delimiter));
        }
        writer.Write('\n');
        for (var row = 0; row < table.Rows; row++)
        {
            for (var j = 0; j < cells.Length; j++)
            {
                if (j > 0)
                    writer.Write(delimiter);
                cells[j](writer, row);
            }
            writer.Write('\n');
        }
    }

    private static Action<TextWriter, int> Cells(Column column, char delimiter)
    {
        if (column is CategoricalColumn categorical)
        {
            var quoted = categorical.Levels.Select(level => Quote(level, delimiter)).ToArray();
            return (writer, row) => writer.Write(categorical.Codes[row] < 0 ? "" : quoted[categorical.Codes[row]]);
        }
        if (column is DateColumn dates)
        {
            var format = "yyyy-MM-dd";
            foreach (var ticks in dates.Ticks)
            {
                if (ticks != DateColumn.Missing && ticks % TimeSpan.TicksPerDay != 0)
                    format = "yyyy-MM-ddTHH:mm:ss.FFFFFFF";
            }
            return (writer, row) => writer.Write(dates.IsMissing(row) ? "" : new DateTime(dates.Ticks[row], DateTimeKind.Utc).ToString(format, CultureInfo.InvariantCulture));
        }
        var numeric = (NumericColumn)column;
        return (writer, row) =>
        {
            Span<char> text = stackalloc char[32];
            if (!double.IsNaN(numeric.Values[row]) && numeric.Values[row].TryFormat(text, out var length, "R", CultureInfo.InvariantCulture))
                writer.Write(text[..length]);
        };
    }

    private static string Quote(string text, char delimiter)
    {
        var plain = text.Length > 0 && text.AsSpan().IndexOfAny(['"', '\n', '\r', delimiter, '\uFEFF']) < 0 && text[0] != ' ' && text[^1] != ' ';
        return plain ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
