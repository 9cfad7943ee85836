using System.Runtime.ExceptionServices;
using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>The records of a CSV file, handed to its columns' builders batch by batch; other threads cut the next batch and fill other columns meanwhile.</summary>
/// <remarks>A column's cells come in order, from one thread at a time, so that the number of threads changes nothing about a table or an error.</remarks>
internal sealed class CsvRecords : IDisposable
{
    private readonly CsvInput _input;
    private readonly CsvLexer _lexer;
    private readonly int _threads;
    private CsvBatch _now = new();
    private CsvBatch? _next;
    private int _at; // Records of the batch that were handed out.
    private ExceptionDispatchInfo? _failed; // What came of reading on.

    /// <summary>Reads the header and the first records.</summary>
    /// <exception cref="LodeException">InvalidArgument: there is no header, or what follows is not right.</exception>
    public CsvRecords(Stream stream, string name, CsvOptions options)
    {
        if (options.Delimiter is '"' or '\n' or '\r' or ' ' or > '\u007F')
            throw new LodeException(ErrorCode.InvalidArgument, "The delimiter must be an ASCII character and no quote, line end or space.");
        _threads = options.Threads switch
        {
            0 => Environment.ProcessorCount,
            > 0 => options.Threads,
            _ => throw new LodeException(ErrorCode.InvalidArgument, $"CSV is read by at least 1 thread, or 0 for all processors; got {options.Threads}."),
        };
        _input = new CsvInput(stream, options.Encoding, name);
        _lexer = new CsvLexer(_input, name);
        _lexer.Delimiter = (byte)(options.Delimiter ?? CsvReader.Sniff(_lexer.Peek()));
        Names = ReadHeader();
        foreach (var column in options.Kinds.Keys)
        {
            if (!options.KindsMayBeAbsent && !Names.Contains(column))
                throw new LodeException(ErrorCode.InvalidArgument, $"{name} has no column '{column}'.", DidYouMean.Hint(column, Names));
        }
        _lexer.Read(_now, Names.Length);
    }

    /// <summary>The header's.</summary>
    public string[] Names { get; }

    /// <summary>How many records can be handed out at once; 0 at the end.</summary>
    /// <exception cref="LodeException">InvalidArgument: what follows the last record handed out is not right.</exception>
    public int Ready()
    {
        if (_at == _now.Records)
        {
            _failed?.Throw();
            if (_now.Error is not null)
                throw _now.Error;
        }
        return _now.Records - _at;
    }

    /// <summary>The share of the source that lies before and in what is ready; see <see cref="CsvInput.Share"/>.</summary>
    public double Share => _now.Share;

    /// <summary>Hands out the next records.</summary>
    /// <param name="columns">One a name.</param>
    /// <param name="count">At most <see cref="Ready"/>.</param>
    /// <exception cref="LodeException">InvalidArgument: a cell does not suit its column.</exception>
    public void Feed(CsvColumnBuilder[] columns, int count)
    {
        var (batch, from) = (_now, _at);
        _at += count;
        var ahead = _at == batch.Records && !batch.IsLast && batch.Error is null;
        CsvBatch? next = ahead ? _next ?? new CsvBatch() : null;
        ExceptionDispatchInfo? broken = null;
        // -1 stands for cutting the next batch: the longest piece, and so the first.
        var taken = ahead ? -2 : -1;
        void Work()
        {
            for (int piece; (piece = Interlocked.Increment(ref taken)) < columns.Length;)
            {
                try
                {
                    if (piece < 0)
                        _lexer.Read(next!, columns.Length);
                    else
                        columns[piece].Add(batch, piece, from, count);
                }
                catch (Exception error) when (piece < 0)
                {
                    // The records before it are good.
                    _failed = ExceptionDispatchInfo.Capture(error);
                }
                catch (Exception error)
                {
                    broken = ExceptionDispatchInfo.Capture(error);
                }
            }
        }
        var helpers = ahead ? new Task[Math.Min(_threads, columns.Length + 1) - 1] : [];
        for (var i = 0; i < helpers.Length; i++)
            helpers[i] = Task.Run(Work);
        Work();
        Task.WaitAll(helpers);
        broken?.Throw();
        ThrowIfWrong(batch, columns);
        if (ahead && _failed is null)
            (_now, _next, _at) = (next!, batch, 0);
    }

    /// <summary>Shows the first records again to columns that lost them.</summary>
    /// <exception cref="LodeException">Unavailable: the file is another now.</exception>
    public void FeedAgain(CsvColumnBuilder[] columns)
    {
        var (rows, scratch) = (columns.Max(column => column.Lost), Array.Empty<byte>());
        for (var row = 0; row < rows;)
        {
            if (Ready() == 0 || columns.Length != Names.Length)
                throw new LodeException(ErrorCode.Unavailable, $"{_lexer.Name} was changed while it was read.", "Read it again.");
            for (; _at < _now.Records && row < rows; row++, _at++)
            {
                for (var j = 0; j < columns.Length; j++)
                {
                    if (row < columns[j].Lost)
                        columns[j].AddAgain(row, _now.Field(_at, j, ref scratch));
                }
            }
            if (_at == _now.Records && !_now.IsLast && row < rows)
            {
                _lexer.Read(_now, columns.Length);
                _at = 0;
            }
        }
    }

    public void Dispose() => _input.Dispose();

    private string[] ReadHeader()
    {
        _lexer.Read(_now, 0);
        if (_now.Error is not null)
            throw _now.Error;
        if (_now.Records == 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"{_lexer.Name} is empty; a header and rows are needed.");
        var (names, places, scratch) = (new string[_now.Columns], new Dictionary<string, int>(StringComparer.Ordinal), Array.Empty<byte>());
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Encoding.UTF8.GetString(_now.Field(0, i, ref scratch));
            if (string.IsNullOrWhiteSpace(names[i]))
                throw Error(_now, 0, i, null, "the header's name is empty.", null);
            if (!places.TryAdd(names[i], i + 1))
                throw Error(_now, 0, i, names[i], $"the header's name is that of column {places[names[i]]} too.", null);
        }
        return names;
    }

    /// <summary>Throws what is wrong with a cell: of several, with the first in the file.</summary>
    private void ThrowIfWrong(CsvBatch batch, CsvColumnBuilder[] columns)
    {
        var first = -1;
        for (var j = 0; j < columns.Length; j++)
        {
            if (columns[j].Wrong is not null && (first < 0 || columns[j].WrongRecord < columns[first].WrongRecord))
                first = j;
        }
        if (first < 0)
            return;
        var wrong = columns[first].Wrong!;
        throw Error(batch, columns[first].WrongRecord, first, columns[first].Name, wrong, wrong.EndsWith("written.", StringComparison.Ordinal) ? "Say the column's kind, or read it from a file." : null);
    }

    private LodeException Error(CsvBatch batch, int record, int column, string? columnName, string what, string? hint) => new(ErrorCode.InvalidArgument,
        $"{_lexer.Name}, line {batch.LineOf(record, column)}, column {column + 1}{(columnName is null ? "" : $" ('{columnName}')")}: {what}", hint);
}
