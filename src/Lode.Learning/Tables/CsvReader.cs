using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>How a file is read.</summary>
public sealed record CsvOptions
{
    /// <summary>The separator of fields, ASCII; not a quote, a line end or a space. Null: comma, tab, semicolon or bar, whichever parts the first rows like the header.</summary>
    public char? Delimiter { get; init; }

    /// <summary>Kinds of columns that shall not be inferred, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, ColumnKind> Kinds { get; init; } = new Dictionary<string, ColumnKind>();

    /// <summary>Whether <see cref="Kinds"/> may name columns that the file lacks. Default: no.</summary>
    public bool KindsMayBeAbsent { get; init; }

    /// <summary>Cells, besides empty ones, that mean a missing value; case counts. Default: NA NaN nan null NULL ?</summary>
    public IReadOnlyList<string> MissingTokens { get; init; } = ["NA", "NaN", "nan", "null", "NULL", "?"];

    /// <summary>How bytes stand for text. Default: seen from a byte order mark, else UTF-8.</summary>
    public CsvEncoding Encoding { get; init; } = CsvEncoding.Detect;

    /// <summary>Which number of <c>3/4/2024</c> is the day. Default: seen from the column.</summary>
    public DateOrder DateOrder { get; init; } = DateOrder.Infer;
}

/// <summary>Tables from text with a header and separated fields, packed with gzip or not.</summary>
/// <remarks>
/// RFC 4180: fields may be quoted, then hold separators, line ends and doubled quotes. Beyond it: a byte order mark is
/// skipped, LF, CR LF and CR end a record, spaces around an unquoted field are dropped, blank lines are skipped where there is more
/// than one column. Quoting changes nothing about what a cell means.
/// A column is numeric when every cell that is not missing is a number in the invariant culture (<c>1</c>, <c>-2.5e3</c>,
/// <c>Infinity</c>), of dates when every such cell is a date written alike (see docs/tables.md), else categorical with its levels in ordinal order.
/// A column without any value is numeric.
/// The text is never held: a number or date takes eight bytes, a level's code four, and each level its text. Reading adds to that at most a
/// sixteenth of it and 64 MB, or, where rows become shorter along the file by more than a thirty-second or the source cannot seek, as much as one column. A
/// source that can seek is read a second time, up to that row, where a column that began with numbers or dates turns out to be text; of others up to
/// 128 MB of spelling a column are kept for that.
/// </remarks>
public static class CsvReader
{
    internal const int SniffedBytes = 1 << 16;
    private const int SniffedRows = 30;
    private const long MostReleased = 1L << 26;

    /// <summary>Reads a file.</summary>
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

    /// <summary>Reads bytes to the end; the stream stays open.</summary>
    /// <param name="stream">Readable. Where it can seek, it may be read twice.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: the content makes no table, or is not of the encoding; the message then names the byte.</exception>
    public static Table Read(Stream stream, string name, CsvOptions? options = null)
    {
        options ??= new CsvOptions();
        var start = stream.CanSeek ? stream.Position : 0;
        var columns = ReadColumns(stream, name, options);
        if (columns.Any(column => column.Lost > 0))
        {
            stream.Position = start;
            ReadAgain(stream, name, options, columns);
        }
        return new Table([.. columns.Select(column => column.Build())]);
    }

    /// <summary>Reads text to the end.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: the content makes no table.</exception>
    public static Table Read(TextReader reader, string name, CsvOptions? options = null)
    {
        using var stream = new TextReaderStream(reader);
        return Read(stream, name, (options ?? new CsvOptions()) with { Encoding = CsvEncoding.Utf8 });
    }

    private static CsvColumnBuilder[] ReadColumns(Stream stream, string name, CsvOptions options)
    {
        using var input = new CsvInput(stream, options.Encoding, name);
        var lexer = Open(input, name, options);
        var columns = ReadHeader(lexer, options, remember: !stream.CanSeek);
        var (rows, room, rowsBefore, shareBefore) = (0, Room(0, 0, 0, 0), 0, 0.0);
        Reserve(columns, room);
        while (ReadRecord(lexer, columns))
        {
            if (++rows < room)
                continue;
            if (rows == Array.MaxLength)
                throw new LodeException(ErrorCode.InvalidArgument, $"{name} has more rows than a table can: {rows}.", "Read it in blocks (CsvBlocks).");
            var share = lexer.Share;
            Reserve(columns, room = Room(rows, share, rows - rowsBefore, share - shareBefore));
            (rowsBefore, shareBefore) = (rows, share);
        }
        if (rows == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"{name} has a header and no rows.");
        foreach (var column in columns)
            column.End();
        return columns;
    }

    internal static CsvLexer Open(CsvInput input, string name, CsvOptions options)
    {
        if (options.Delimiter is '"' or '\n' or '\r' or ' ' or > '\u007F')
            throw new LodeException(ErrorCode.InvalidArgument, "The delimiter must be an ASCII character and no quote, line end or space.");
        var lexer = new CsvLexer(input, name);
        lexer.Delimiter = (byte)(options.Delimiter ?? Sniff(lexer.Peek(SniffedBytes)));
        return lexer;
    }

    /// <summary>How many rows to make room for after some: as many as the rest is likely to have and a little more, but few while little is known.</summary>
    /// <param name="rows">So many were read.</param>
    /// <param name="share">Of the source; 0: unknown.</param>
    /// <param name="lastRows">Those since the last time this was asked.</param>
    /// <param name="lastShare">And of which share of the source.</param>
    internal static int Room(int rows, double share, int lastRows, double lastShare)
    {
        const int first = 64;
        const int mostTimes = 32;
        // Rows that become shorter are the ones that are short of room.
        var rate = Math.Max(rows / share, lastRows / lastShare);
        var likely = share > 0 && lastShare > 0 ? rows + (rate * (1 - share)) + (rate / mostTimes) : 2.0 * rows;
        return (int)Math.Min(Array.MaxLength, Math.Clamp(likely, first + (rows * 1.125), first + (rows * (double)mostTimes)));
    }

    private static void Reserve(CsvColumnBuilder[] columns, int rows)
    {
        var released = 0L;
        foreach (var column in columns)
        {
            released += column.Reserve(rows);
            if (released < MostReleased)
                continue;
            // Else what one column left would still be there when the next grows, and all of it together is as much as the table.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            released = 0;
        }
    }

    /// <summary>Shows columns that lost how their first rows are written these rows again.</summary>
    private static void ReadAgain(Stream stream, string name, CsvOptions options, CsvColumnBuilder[] columns)
    {
        using var input = new CsvInput(stream, options.Encoding, name);
        var lexer = Open(input, name, options);
        ReadHeader(lexer, options, remember: false);
        var rows = columns.Max(column => column.Lost);
        for (var row = 0; row < rows; row++)
        {
            for (var j = 0; j < columns.Length; j++)
            {
                var token = lexer.Read(out var field);
                if (token == CsvToken.LastField && j == 0 && columns.Length > 1 && field.IsEmpty && !lexer.Quoted)
                    j--; // A blank line.
                else if (token == CsvToken.LastField != (j == columns.Length - 1))
                    throw new LodeException(ErrorCode.Unavailable, $"{name} was changed while it was read.", "Read it again.");
                else if (row < columns[j].Lost)
                    columns[j].AddAgain(row, field);
            }
        }
    }

    /// <summary>The separator that parts most of the first rows into as many fields as the header, of several that which gives the most fields.</summary>
    internal static char Sniff(ReadOnlySpan<byte> text)
    {
        var (best, score) = (',', (0, 0));
        foreach (var candidate in ",\t;|")
        {
            var counts = new List<int>();
            var (count, quoted, blank) = (0, false, true);
            foreach (var letter in text)
            {
                quoted ^= letter == (byte)'"';
                if (!quoted && letter == candidate)
                    count++;
                if (quoted || letter is not ((byte)'\n' or (byte)'\r'))
                {
                    blank = false;
                    continue;
                }
                // What is blank is a blank line, or the second half of CR LF.
                if (!blank)
                    counts.Add(count);
                (count, blank) = (0, true);
                if (counts.Count == SniffedRows)
                    break;
            }
            if (counts.Count == 0 && count > 0)
                counts.Add(count);
            if (counts.Count > 0 && counts[0] > 0 && (counts.Count(other => other == counts[0]), counts[0]).CompareTo(score) > 0)
                (best, score) = (candidate, (counts.Count(other => other == counts[0]), counts[0]));
        }
        return best;
    }

    internal static CsvColumnBuilder[] ReadHeader(CsvLexer lexer, CsvOptions options, bool remember)
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
            var column = Encoding.UTF8.GetString(field);
            if (string.IsNullOrWhiteSpace(column))
                throw lexer.Error(columns.Count, null, "the header's name is empty.");
            if (!names.TryAdd(column, columns.Count + 1))
                throw lexer.Error(columns.Count, column, $"the header's name is that of column {names[column]} too.");
            columns.Add(new CsvColumnBuilder(column, options.Kinds.TryGetValue(column, out var kind) ? kind : null, options, remember));
        }
        while (token == CsvToken.Field || columns.Count == 0);
        foreach (var column in options.Kinds.Keys)
        {
            if (!options.KindsMayBeAbsent && !names.ContainsKey(column))
                throw new LodeException(ErrorCode.InvalidArgument, $"{lexer.Name} has no column '{column}'.", DidYouMean.Hint(column, names.Keys));
        }
        return [.. columns];
    }

    internal static bool ReadRecord(CsvLexer lexer, CsvColumnBuilder[] columns)
    {
        var fields = 0;
        while (true)
        {
            var token = lexer.Read(out var field);
            if (token == CsvToken.End)
                return false;
            if (token == CsvToken.LastField && fields == 0 && columns.Length > 1 && field.IsEmpty && !lexer.Quoted)
                continue;
            if (fields < columns.Length && columns[fields].Add(field) is { } wrong)
                throw lexer.Error(fields, columns[fields].Name, wrong, wrong.EndsWith("written.", StringComparison.Ordinal) ? "Say the column's kind, or read it from a file." : null);
            fields++;
            if (token == CsvToken.Field)
                continue;
            return fields == columns.Length ? true : throw new LodeException(ErrorCode.InvalidArgument,
                $"{lexer.Name}, line {lexer.Line}, column {Math.Min(fields, columns.Length) + (fields > columns.Length ? 1 : 0)}: " +
                $"the row has {fields} {(fields == 1 ? "field" : "fields")}; the header has {columns.Length}.");
        }
    }
}
