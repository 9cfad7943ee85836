using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>How a file is read.</summary>
public sealed record CsvOptions
{
    /// <summary>The separator of fields; not a quote, a line end or a space. Default: comma.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>Kinds of columns that shall not be inferred, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, ColumnKind> Kinds { get; init; } = new Dictionary<string, ColumnKind>();

    /// <summary>Cells, besides empty ones, that mean a missing value; case counts. Default: NA NaN nan null NULL ?</summary>
    public IReadOnlyList<string> MissingTokens { get; init; } = ["NA", "NaN", "nan", "null", "NULL", "?"];
}

/// <summary>Tables from comma-separated text with a header.</summary>
/// <remarks>
/// RFC 4180: fields may be quoted, then hold separators, line ends and doubled quotes. Beyond it: a byte order mark is
/// skipped, LF, CR LF and CR end a record, spaces around an unquoted field are dropped, blank lines are skipped where there is more
/// than one column. Quoting changes nothing about what a cell means.
/// A column is numeric when every cell that is not missing is a number in the invariant culture (<c>1</c>, <c>-2.5e3</c>,
/// <c>Infinity</c>), else categorical with its levels in ordinal order. A column without any value is numeric.
/// One pass; a text is made for each different level, none for a number.
/// </remarks>
public static class CsvReader
{
    /// <summary>Reads a UTF-8 file.</summary>
    /// <exception cref="LodeException">NotFound, PermissionDenied or Unavailable: the file cannot be read. InvalidArgument: its
    /// content makes no table; the message names the file, the line and the column.</exception>
    public static Table Read(string path, CsvOptions? options = null)
    {
        if (Directory.Exists(path))
            throw new LodeException(ErrorCode.InvalidArgument, $"'{path}' is a folder; a CSV file is needed.");
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan);
            return Read(stream, path, options);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LodeException(ErrorCode.NotFound, $"There is no file '{path}'.", cause: error);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new LodeException(ErrorCode.PermissionDenied, $"The file '{path}' may not be read.", cause: error);
        }
        catch (IOException error)
        {
            throw new LodeException(ErrorCode.Unavailable, $"The file '{path}' cannot be read: {error.Message}", cause: error);
        }
    }

    /// <summary>Reads UTF-8 bytes to the end; the stream stays open.</summary>
    /// <param name="stream">Readable.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: the content makes no table, or is not UTF-8.</exception>
    public static Table Read(Stream stream, string name, CsvOptions? options = null)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true), true, 1 << 16, leaveOpen: true);
        try
        {
            return Read(reader, name, options);
        }
        catch (DecoderFallbackException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"{name} is not UTF-8 text: {error.Message}", "Save it as UTF-8.", error);
        }
    }

    /// <summary>Reads text to the end.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: the content makes no table.</exception>
    public static Table Read(TextReader reader, string name, CsvOptions? options = null)
    {
        options ??= new CsvOptions();
        if (options.Delimiter is '"' or '\n' or '\r' or ' ')
            throw new LodeException(ErrorCode.InvalidArgument, "The delimiter cannot be a quote, a line end or a space.");
        var lexer = new CsvLexer(reader, options.Delimiter, name);
        var columns = ReadHeader(lexer, options);
        var rows = 0;
        while (ReadRecord(lexer, columns))
            rows++;
        return rows > 0
            ? new Table([.. columns.Select(column => column.Build())])
            : throw new LodeException(ErrorCode.InvalidArgument, $"{name} has a header and no rows.");
    }

    internal static List<CsvColumnBuilder> ReadHeader(CsvLexer lexer, CsvOptions options)
    {
        var columns = new List<CsvColumnBuilder>();
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        CsvToken token;
        do
        {
            token = lexer.Read(out var field);
            // A blank line before the header is skipped like any other.
            if (token == CsvToken.LastField && columns.Count == 0 && field.IsEmpty && !lexer.Quoted)
                continue;
            if (token == CsvToken.End)
                throw new LodeException(ErrorCode.InvalidArgument, $"{lexer.Name} is empty; a header and rows are needed.");
            var column = field.ToString();
            if (string.IsNullOrWhiteSpace(column))
                throw lexer.Error(columns.Count, null, "the header's name is empty.");
            if (!names.TryAdd(column, columns.Count + 1))
                throw lexer.Error(columns.Count, column, $"the header's name is that of column {names[column]} too.");
            columns.Add(new CsvColumnBuilder(column, options.Kinds.TryGetValue(column, out var kind) ? kind : null, options.MissingTokens));
        }
        while (token == CsvToken.Field || columns.Count == 0);
        foreach (var column in options.Kinds.Keys)
        {
            if (!names.ContainsKey(column))
                throw new LodeException(ErrorCode.InvalidArgument, $"{lexer.Name} has no column '{column}'.", DidYouMean.Hint(column, names.Keys));
        }
        return columns;
    }

    internal static bool ReadRecord(CsvLexer lexer, List<CsvColumnBuilder> columns)
    {
        var fields = 0;
        while (true)
        {
            var token = lexer.Read(out var field);
            if (token == CsvToken.End)
                return false;
            if (token == CsvToken.LastField && fields == 0 && columns.Count > 1 && field.IsEmpty && !lexer.Quoted)
                continue;
            if (fields < columns.Count && !columns[fields].Add(field))
                throw lexer.Error(fields, columns[fields].Name, $"'{field}' is not a number, and the column is to be numeric.");
            fields++;
            if (token == CsvToken.Field)
                continue;
            return fields == columns.Count ? true : throw new LodeException(ErrorCode.InvalidArgument,
                $"{lexer.Name}, line {lexer.Line}, column {Math.Min(fields, columns.Count) + (fields > columns.Count ? 1 : 0)}: " +
                $"the row has {fields} {(fields == 1 ? "field" : "fields")}; the header has {columns.Count}.");
        }
    }
}
