using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// Collects the cells of one column as numbers, dates or levels, whichever all of them are. What the cells looked like is remembered only where the source cannot be
/// read again, and only up to a bound; elsewhere a column that turns out to be text says so, and the source is read again.
/// </summary>
internal sealed class CsvColumnBuilder(string name, ColumnKind? kind, CsvOptions options, bool remember)
{
    /// <summary>Bytes of spelling that a column may remember.</summary>
    internal const int MostRemembered = 1 << 27;

    private readonly byte[][] _missing = [.. options.MissingTokens.Where(token => token.Length > 0).Select(Encoding.UTF8.GetBytes)];
    private readonly ChunkedList<double> _values = new();
    private readonly ChunkedList<long> _ticks = new();
    private readonly ChunkedList<int> _codes = new();
    private readonly Dictionary<string, int> _levels = new(StringComparer.Ordinal);
    private readonly bool _inferred = kind is null;
    private ColumnKind? _kind = kind;
    private int _leading; // Missing cells before the first that is there.
    private byte[]? _spelling = remember && kind is null ? new byte[1024] : null;
    private int _spelt;
    private DateForm _form;
    private bool _dayFirst = options.DateOrder == DateOrder.DayFirst;
    private bool _monthFirst = options.DateOrder == DateOrder.MonthFirst;
    private bool _numbered;
    private bool _dated;

    public string Name => name;

    /// <summary>Whether its cells are text after all, and their spelling is lost.</summary>
    public bool NeedsText { get; private set; }

    /// <summary>Null, or what is wrong with the cell.</summary>
    public string? Add(ReadOnlySpan<byte> cell)
    {
        if (NeedsText)
            return null;
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

    /// <exception cref="LodeException">InvalidArgument: the column is to be of dates, of which it is not clear where the day stands.</exception>
    public Column? Build()
    {
        if (_kind is null)
        {
            _values.Add(double.NaN, _leading);
            return new NumericColumn(name, _values.Take());
        }
        if (_kind == ColumnKind.Numeric)
            return new NumericColumn(name, _values.Take());
        if (_kind == ColumnKind.Date && !NeedsText && BuildDates() is { } dates)
            return dates;
        return NeedsText ? null : BuildText();
    }

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
            _kind = InvariantNumber.TryParse(cell, out _) ? ColumnKind.Numeric : CsvDate.TryParse(cell, out _) ? ColumnKind.Date : ColumnKind.Categorical;
            if (_kind == ColumnKind.Categorical)
            {
                _spelling = null;
                _codes.Add(-1, _leading);
            }
            _values.Add(double.NaN, _kind == ColumnKind.Numeric ? _leading : 0);
            _ticks.Add(DateColumn.Missing, _kind == ColumnKind.Date ? _leading : 0);
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

    private DateColumn? BuildDates()
    {
        if (_numbered && !_dayFirst && !_monthFirst)
        {
            if (!_inferred)
                throw new LodeException(ErrorCode.InvalidArgument, $"Column '{name}': its dates do not tell whether the day or the month stands first.", "Say it with DateOrder.");
            TurnText(default, missing: true, last: true);
            return null;
        }
        var ticks = _ticks.Take();
        if (_numbered && _monthFirst)
        {
            // Cells that could be either way were taken for day first.
            foreach (ref var tick in ticks.AsSpan())
            {
                if (tick != DateColumn.Missing && new DateTime(tick, DateTimeKind.Utc).Day <= 12)
                    tick = CsvDate.Swap(tick);
            }
        }
        return new DateColumn(name, ticks);
    }

    private CategoricalColumn BuildText()
    {
        var levels = _levels.Keys.ToArray();
        Array.Sort(levels, StringComparer.Ordinal);
        var rank = new int[levels.Length];
        for (var i = 0; i < levels.Length; i++)
            rank[_levels[levels[i]]] = i;
        var codes = _codes.Take();
        foreach (ref var code in codes.AsSpan())
            code = code < 0 ? -1 : rank[code];
        return new CategoricalColumn(name, codes, levels);
    }

    private bool IsMissing(ReadOnlySpan<byte> cell)
    {
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
        if (_spelling is null)
        {
            NeedsText = true;
            return remember ? $"'{Text(cell)}' is text; the {rows} rows before are not, and are too many to remember how they are written." : null;
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
