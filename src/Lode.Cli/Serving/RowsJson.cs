using System.Globalization;
using System.Text.Json;
using Lode.Core;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>Rows from JSON, held to a model's columns: what does not suit is refused by its row and column.</summary>
internal static class RowsJson
{
    /// <summary>Objects with a value for each column; values of others are passed over.</summary>
    /// <param name="rows">An array of objects.</param>
    /// <param name="schema">The model's columns.</param>
    /// <exception cref="LodeException">InvalidArgument: names row and column, both counted and named as sent.</exception>
    public static Table OfObjects(JsonElement rows, TableSchema schema)
    {
        var builder = new Builder(schema, Length(rows));
        var row = 0;
        foreach (var item in rows.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object)
                throw Bad($"Row {row + 1} is {Word(item)}; it must be an object with a value for each column.");
            for (var column = 0; column < schema.Columns.Count; column++)
            {
                if (!item.TryGetProperty(schema.Columns[column].Name, out var cell))
                    throw Bad($"Row {row + 1} lacks the column '{schema.Columns[column].Name}'.", DidYouMean.Hint(schema.Columns[column].Name, item.EnumerateObject().Select(property => property.Name)));
                builder.Set(column, row, cell);
            }
            row++;
        }
        return builder.Build();
    }

    /// <summary>Arrays of values in the order of some columns.</summary>
    /// <param name="rows">An array of arrays.</param>
    /// <param name="names">The columns' names; null = the model's, in its order.</param>
    /// <param name="schema">The model's columns.</param>
    /// <exception cref="LodeException">As above.</exception>
    public static Table OfArrays(JsonElement rows, IReadOnlyList<string>? names, TableSchema schema)
    {
        names ??= [.. schema.Columns.Select(column => column.Name)];
        var places = new int[schema.Columns.Count];
        for (var column = 0; column < places.Length; column++)
        {
            var name = schema.Columns[column].Name;
            places[column] = Enumerable.Range(0, names.Count).FirstOrDefault(place => names[place] == name, -1);
            if (places[column] < 0)
                throw Bad($"The rows lack the column '{name}'.", DidYouMean.Hint(name, names));
        }
        var builder = new Builder(schema, Length(rows));
        var row = 0;
        foreach (var item in rows.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Array || item.GetArrayLength() != names.Count)
                throw Bad($"Row {row + 1} is {(item.ValueKind == JsonValueKind.Array ? $"an array of {item.GetArrayLength()} values" : Word(item))}; it must be an array of {names.Count} values.");
            JsonElement[] cells = [.. item.EnumerateArray()];
            for (var column = 0; column < places.Length; column++)
                builder.Set(column, row, cells[places[column]]);
            row++;
        }
        return builder.Build();
    }

    /// <summary>An array of values for each column.</summary>
    /// <exception cref="LodeException">As above.</exception>
    public static Table OfColumns(JsonElement columns, TableSchema schema)
    {
        Builder? builder = null;
        var rows = 0;
        for (var column = 0; column < schema.Columns.Count; column++)
        {
            var name = schema.Columns[column].Name;
            if (!columns.TryGetProperty(name, out var cells))
                throw Bad($"The rows lack the column '{name}'.", DidYouMean.Hint(name, columns.EnumerateObject().Select(property => property.Name)));
            if (cells.ValueKind != JsonValueKind.Array)
                throw Bad($"Column '{name}' is {Word(cells)}; it must be an array of values.");
            rows = builder is null ? Length(cells) : rows;
            if (cells.GetArrayLength() != rows)
                throw Bad($"Column '{name}' has {cells.GetArrayLength()} values; '{schema.Columns[0].Name}' has {rows}.");
            builder ??= new Builder(schema, rows);
            var row = 0;
            foreach (var cell in cells.EnumerateArray())
                builder.Set(column, row++, cell);
        }
        return builder!.Build();
    }

    public static LodeException Bad(string message, string? hint = null) => new(ErrorCode.InvalidArgument, message, hint);

    /// <summary>A value's kind, in words.</summary>
    public static string Word(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => value.ValueKind.ToString().ToLowerInvariant(),
    };

    private static int Length(JsonElement rows) => rows.ValueKind == JsonValueKind.Array && rows.GetArrayLength() is var count and > 0
        ? count
        : throw Bad(rows.ValueKind == JsonValueKind.Array ? "There is no row to predict." : $"An array of rows is needed; got {Word(rows)}.");

    private sealed class Builder(TableSchema schema, int rows)
    {
        private readonly double[]?[] _numbers = [.. schema.Columns.Select(column => column.Kind == ColumnKind.Numeric ? new double[rows] : null)];
        private readonly string?[]?[] _texts = [.. schema.Columns.Select(column => column.Kind == ColumnKind.Numeric ? null : new string?[rows])];

        public void Set(int column, int row, JsonElement cell)
        {
            if (_numbers[column] is { } numbers)
                numbers[row] = Number(column, row, cell);
            else
                _texts[column]![row] = Text(column, row, cell);
        }

        public Table Build() => new([.. schema.Columns.Select(Column (column, i) => column.Kind switch
        {
            ColumnKind.Numeric => new NumericColumn(column.Name, _numbers[i]!),
            ColumnKind.Categorical => Levels(column.Name, _texts[i]!),
            _ => Read(column, _texts[i]!),
        })]);

        private double Number(int column, int row, JsonElement cell) => cell.ValueKind switch
        {
            JsonValueKind.Number when cell.TryGetDouble(out var value) && double.IsFinite(value) => value,
            JsonValueKind.Null => double.NaN,
            _ => throw Bad($"Row {row + 1}, column '{schema.Columns[column].Name}': a number (or null, where it is missing) is needed; got {Word(cell)}{Shown(cell)}."),
        };

        private string? Text(int column, int row, JsonElement cell) => cell.ValueKind switch
        {
            JsonValueKind.String => cell.GetString() is { Length: > 0 } text ? text : null,
            // Levels that look like numbers come from files that do not say which they are.
            JsonValueKind.Number => cell.GetRawText(),
            JsonValueKind.True or JsonValueKind.False => cell.GetRawText(),
            JsonValueKind.Null => null,
            _ => throw Bad($"Row {row + 1}, column '{schema.Columns[column].Name}': a text (or null, where it is missing) is needed; got {Word(cell)}."),
        };

        private static string Shown(JsonElement cell) => cell.ValueKind == JsonValueKind.String ? $" \"{(cell.GetString() is { Length: > 40 } text ? text[..40] + "…" : cell.GetString())}\"" : "";

        private static CategoricalColumn Levels(string name, string?[] texts)
        {
            string[] levels = [.. texts.OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return new CategoricalColumn(name, Array.ConvertAll(texts, text => text is null ? -1 : Array.BinarySearch(levels, text, StringComparer.Ordinal)), levels);
        }

        // Other kinds mean what they mean in a file.
        private static DateColumn Read(ColumnSchema column, string?[] texts)
        {
            using var text = new StringWriter(CultureInfo.InvariantCulture);
            text.Write("cell,row\n");
            for (var row = 0; row < texts.Length; row++)
                text.Write($"\"{(texts[row] ?? "").Replace("\"", "\"\"", StringComparison.Ordinal)}\",{row}\n");
            var read = CsvReader.Read(new StringReader(text.ToString()), $"column '{column.Name}'", new CsvOptions { Kinds = new Dictionary<string, ColumnKind> { ["cell"] = column.Kind } }).Columns[0];
            return read is DateColumn dates ? new DateColumn(column.Name, dates.Ticks.ToArray()) : throw Bad($"Column '{column.Name}' must be {column.Kind.ToString().ToLowerInvariant()}.");
        }
    }
}
