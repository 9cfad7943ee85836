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

    /// <summary>How many threads read, ≥ 0; 0: one a processor. The table is the same, whatever their number. Default: 0.</summary>
    public int Threads { get; init; }
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
            using var again = new CsvRecords(stream, name, options);
            again.FeedAgain(columns);
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
        using var records = new CsvRecords(stream, name, options);
        if (records.Ready() == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"{name} has a header and no rows.");
        CsvColumnBuilder[] columns = [.. records.Names.Select(column => new CsvColumnBuilder(column, options.Kinds.TryGetValue(column, out var kind) ? kind : null, options, remember: !stream.CanSeek))];
        var (rows, room, before, margin) = (0, 0, 0.0, 1.0 / 32);
        while (records.Ready() is > 0 and var ready)
        {
            if (ready > Array.MaxLength - rows)
                throw new LodeException(ErrorCode.InvalidArgument, $"{name} has more rows than a table can: {Array.MaxLength}.", "Read it in blocks (CsvBlocks).");
            rows += ready;
            var share = records.Share;
            // As soon as it is seen that the room will not do: what must be copied is least then.
            if (rows > room || (share > 0 && rows / share > room))
            {
                Reserve(columns, room = Room(rows, share, ready, share - before, margin));
                margin *= 2;
            }
            before = share;
            records.Feed(columns, ready);
        }
        foreach (var column in columns)
            column.End();
        return columns;
    }

    /// <summary>How many rows to make room for: as many as the whole is likely to have, and a little more.</summary>
    /// <param name="rows">So many were read.</param>
    /// <param name="share">Of the source; 0: unknown, then twice as many.</param>
    /// <param name="lastRows">Those of late.</param>
    /// <param name="lastShare">And of which share of the source: rows may become shorter.</param>
    /// <param name="margin">How much more, as a share of the whole.</param>
    internal static int Room(int rows, double share, int lastRows, double lastShare, double margin)
    {
        if (share >= 1)
            return rows;
        var likely = share > 0 ? (rows + (Math.Max(rows / share, lastShare > 0 ? lastRows / lastShare : 0) * (1 - share))) * (1 + margin) : 2.0 * rows;
        return (int)Math.Clamp(likely, rows, Array.MaxLength);
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
}
