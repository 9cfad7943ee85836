using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// Collects the cells of one column as numbers, dates or levels, whichever all of them are. What the cells looked like is remembered only where the source cannot be
/// read again, and only up to a bound; elsewhere a column that turns out to be text says how many rows it has to be shown again.
/// </summary>
internal sealed class CsvColumnBuilder(string name, ColumnKind? kind, CsvOptions options, bool remember)
{
    /// <summary>Bytes of spelling that a column may remember.</summary>
    internal const int MostRemembered = 1 << 27;

    private readonly byte[][] _missing = [.. options.MissingTokens.Where(token => token.Length > 0).Select(Encoding.UTF8.GetBytes)];
    private readonly bool[] _beginsMissing = First(options.MissingTokens);
    private readonly GrowingArray<double> _values = new();
    private readonly GrowingArray<long> _ticks = new();
    private readonly GrowingArray<int> _codes = new();
    private Dictionary<string, int> _levels = new(StringComparer.Ordinal);
    private readonly bool _inferred = kind is null;
    private ColumnKind? _kind = kind;
    private int _room; // Rows to make room for.
    private int _leading; // Missing cells before the first that is there.
    private byte[]? _spelling = remember && kind is null ? new byte[1024] : null;
    private int _spelt;
    private DateForm _form;
    private bool _dayFirst = options.DateOrder == DateOrder.DayFirst;
    private bool _monthFirst = options.DateOrder == DateOrder.MonthFirst;
    private bool _numbered;
    private bool _dated;
    private byte[] _scratch = [];

    public string Name => name;

    /// <summary>How many of the first rows have to be shown again, since the column is text after all and their spelling is lost.</summary>
    public int Lost { get; private set; }

    /// <summary>What is wrong with a cell, after which none was taken; null: nothing.</summary>
    public string? Wrong { get; private set; }

    /// <summary>The record of the batch that <see cref="Wrong"/> is about.</summary>
    public int WrongRecord { get; private set; }

    /// <summary>Takes the cells of a column from some records of a batch.</summary>
    public void Add(CsvBatch batch, int column, int from, int count)
    {
        for (var record = from; record < from + count && Wrong is null; record++)
        {
            var cell = batch.Field(record, column, ref _scratch);
            // What most cells are goes by the shortest way.
            if (_kind == ColumnKind.Numeric && _spelling is null && cell.Length > 0 && !_beginsMissing[cell[0]] && InvariantNumber.TryParse(cell, out var value))
                _values.Add(value);
            else
                Wrong = Add(cell);
            WrongRecord = record;
        }
    }

    /// <summary>Makes room for so many rows.</summary>
    /// <returns>Bytes that became garbage by it.</returns>
    public long Reserve(int rows)
    {
        _room = rows;
        return _kind switch
        {
            null => 0,
            ColumnKind.Numeric => _values.Reserve(rows),
            ColumnKind.Date => _ticks.Reserve(rows),
            _ => _codes.Reserve(rows),
        };
    }

    /// <summary>Shows a row again, in [0, <see cref="Lost"/>).</summary>
    public void AddAgain(int row, ReadOnlySpan<byte> cell) => _codes.Values[row] = cell.Length == 0 || IsMissing(cell) ? -1 : CodeOf(cell);

    /// <summary>Null, or what is wrong with the cell.</summary>
    private string? Add(ReadOnlySpan<byte> cell)
    {
        var missing = cell.Length == 0 || IsMissing(cell);
        if (_kind == ColumnKind.Numeric)
        {
            var value = double.NaN;
            if (!missing && !InvariantNumber.TryParse(cell, out value))
                return _inferred ? TurnText(cell, missing) : $"'{Text(cell)}' is not a number, and the column is to be numeric.";
            _values.Add(value);
            Remember(missing ? default : cell);
            return null;
        }
        if (_kind == ColumnKind.Categorical)
        {
            _codes.Add(missing ? -1 : CodeOf(cell));
            return null;
        }
        return missing && _kind is null ? AddLeading() : AddDateOrFirst(cell, missing);
    }

    /// <summary>Decides, after the last row, what the column is; only then is <see cref="Lost"/> known.</summary>
    /// <exception cref="LodeException">InvalidArgument: the column is to be of dates, of which it is not clear where the day stands.</exception>
    public void End()
    {
        if (_kind is null)
            Decide(ColumnKind.Numeric);
        if (_kind != ColumnKind.Date || !_numbered || _dayFirst || _monthFirst)
            return;
        if (!_inferred || (remember && _spelling is null))
            throw new LodeException(ErrorCode.InvalidArgument, $"Column '{name}': its dates do not tell whether the day or the month stands first.", "Say it with DateOrder.");
        TurnText(default, missing: true, last: true);
    }

    /// <summary>The column, after <see cref="End"/> and all rows that had to be shown again; the builder lets go of it.</summary>
    public Column Build() => _kind switch
    {
        ColumnKind.Numeric when _values.Take() is var (values, count) => new NumericColumn(name, values, count),
        ColumnKind.Date => BuildDates(),
        _ => BuildText(),
    };

    private string? AddLeading()
    {
        _leading++;
        Remember(default);
        return null;
    }

    private string? AddDateOrFirst(ReadOnlySpan<byte> cell, bool missing)
    {
        if (_kind is null)
        {
            Decide(InvariantNumber.TryParse(cell, out _) ? ColumnKind.Numeric : CsvDate.TryParse(cell, out _) ? ColumnKind.Date : ColumnKind.Categorical);
            return Add(cell);
        }
        if (missing)
        {
            _ticks.Add(DateColumn.Missing);
            Remember(default);
            return null;
        }
        if (!CsvDate.TryParse(cell, out var date) || !Fits(date))
            return _inferred ? TurnText(cell, missing) : $"'{Text(cell)}' is not a date of the kind that the column has, and it is to be of dates.";
        _ticks.Add(date.Ticks);
        Remember(cell);
        return null;
    }

    private void Decide(ColumnKind kind)
    {
        _kind = kind;
        Reserve(_room);
        if (kind == ColumnKind.Numeric)
        {
            _values.Add(double.NaN, _leading);
        }
        else if (kind == ColumnKind.Date)
        {
            _ticks.Add(DateColumn.Missing, _leading);
        }
        else
        {
            _spelling = null;
            _codes.Add(-1, _leading);
        }
    }

    /// <summary>Whether it is written like the others; remembers what it tells about their order.</summary>
    private bool Fits(CsvDate date)
    {
        if (_dated && date.Form != _form)
            return false;
        (_dated, _form) = (true, date.Form);
        if (date.Form != DateForm.Numbers)
            return true;
        _numbered = true;
        _dayFirst |= date.First > 12;
        _monthFirst |= date.Second > 12;
        return !(_dayFirst && _monthFirst);
    }

    private DateColumn BuildDates()
    {
        var (ticks, count) = _ticks.Take();
        if (_numbered && _monthFirst)
        {
            // Cells that could be either way were taken for day first.
            foreach (ref var tick in ticks.AsSpan(0, count))
            {
                if (tick != DateColumn.Missing && new DateTime(tick, DateTimeKind.Utc).Day <= 12)
                    tick = CsvDate.Swap(tick);
            }
        }
        return new DateColumn(name, ticks, count);
    }

    private CategoricalColumn BuildText()
    {
        var levels = _levels.Keys.ToArray();
        Array.Sort(levels, StringComparer.Ordinal);
        var rank = new int[levels.Length];
        for (var i = 0; i < levels.Length; i++)
            rank[_levels[levels[i]]] = i;
        _levels = [];
        var (codes, count) = _codes.Take();
        foreach (ref var code in codes.AsSpan(0, count))
            code = code < 0 ? -1 : rank[code];
        return new CategoricalColumn(name, codes, count, levels);
    }

    /// <summary>By byte, whether a token begins with it.</summary>
    private static bool[] First(IReadOnlyList<string> tokens)
    {
        var first = new bool[256];
        foreach (var token in tokens)
        {
            if (token.Length > 0)
                first[Encoding.UTF8.GetBytes(token)[0]] = true;
        }
        return first;
    }

    private bool IsMissing(ReadOnlySpan<byte> cell)
    {
        if (!_beginsMissing[cell[0]])
            return false;
        foreach (var token in _missing)
        {
            if (token[0] == cell[0] && cell.SequenceEqual(token))
                return true;
        }
        return false;
    }

    private void Remember(ReadOnlySpan<byte> cell)
    {
        if (_spelling is null)
            return;
        if (_spelt + (long)cell.Length + 1 > MostRemembered)
        {
            _spelling = null;
            return;
        }
        if (_spelt + cell.Length + 1 > _spelling.Length)
            Array.Resize(ref _spelling, Math.Max(2 * _spelling.Length, _spelt + cell.Length + 1));
        // What parses as a number or a date has no zero byte; it ends a cell.
        cell.CopyTo(_spelling.AsSpan(_spelt));
        _spelt += cell.Length;
        _spelling[_spelt++] = 0;
    }

    private string? TurnText(ReadOnlySpan<byte> cell, bool missing, bool last = false)
    {
        var rows = _kind == ColumnKind.Numeric ? _values.Count : _ticks.Count;
        _kind = ColumnKind.Categorical;
        _values.Take();
        _ticks.Take();
        _codes.Reserve(_room);
        if (_spelling is null)
        {
            if (remember)
                return $"'{Text(cell)}' is text; the {rows} rows before are not, and are too many to remember how they are written.";
            Lost = rows;
            _codes.Add(-1, rows);
            if (!last)
                _codes.Add(missing ? -1 : CodeOf(cell));
            return null;
        }
        var rest = _spelling.AsSpan(0, _spelt);
        while (rest.Length > 0)
        {
            var length = rest.IndexOf((byte)0);
            _codes.Add(length == 0 ? -1 : CodeOf(rest[..length]));
            rest = rest[(length + 1)..];
        }
        _spelling = null;
        if (!last)
            _codes.Add(missing ? -1 : CodeOf(cell));
        return null;
    }

    private int CodeOf(ReadOnlySpan<byte> level)
    {
        Span<char> letters = level.Length <= 256 ? stackalloc char[level.Length] : new char[level.Length];
        letters = letters[..Encoding.UTF8.GetChars(level, letters)];
        var lookup = _levels.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(letters, out var code))
        {
            code = _levels.Count;
            _levels.Add(letters.ToString(), code);
        }
        return code;
    }

    private static string Text(ReadOnlySpan<byte> cell) => Encoding.UTF8.GetString(cell.Length <= 100 ? cell : cell[..100]) + (cell.Length <= 100 ? "" : "…");
}
