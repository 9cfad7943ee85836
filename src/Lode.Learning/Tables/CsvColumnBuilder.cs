using System.Text;

namespace Lode.Learning;

/// <summary>
/// Collects the cells of one column. While all are numbers their text is kept as bytes beside them, so that the
/// first cell that is none can turn them all into levels spelt as in the file.
/// </summary>
internal sealed class CsvColumnBuilder(string name, ColumnKind? kind, IReadOnlyList<string> missingTokens)
{
    private readonly string[] _missing = [.. missingTokens];
    private readonly int _longestMissing = missingTokens.Count == 0 ? 0 : missingTokens.Max(token => token.Length);
    private double[] _values = kind == ColumnKind.Categorical ? [] : new double[256];
    private int _count;
    private byte[] _spelling = kind is null ? new byte[2048] : [];
    private int _spelt;
    private int[] _codes = kind == ColumnKind.Categorical ? new int[256] : [];
    private Dictionary<string, int>? _levels = kind == ColumnKind.Categorical ? new(StringComparer.Ordinal) : null;

    public string Name => name;

    /// <summary>False when the cell is not a number and the column must be numeric.</summary>
    public bool Add(ReadOnlySpan<char> cell)
    {
        var missing = IsMissing(cell);
        if (_levels is null)
        {
            var value = double.NaN;
            if (missing || InvariantNumber.TryParse(cell, out value))
            {
                AddNumber(value, missing ? "" : cell);
                return true;
            }
            if (kind == ColumnKind.Numeric)
                return false;
            TurnCategorical();
        }
        AddCode(missing ? -1 : CodeOf(cell));
        return true;
    }

    public Column Build()
    {
        if (_levels is null)
            return new NumericColumn(name, _values[.._count]);
        var levels = _levels.Keys.ToArray();
        Array.Sort(levels, StringComparer.Ordinal);
        var rank = new int[levels.Length];
        for (var i = 0; i < levels.Length; i++)
            rank[_levels[levels[i]]] = i;
        var codes = _codes[.._count];
        foreach (ref var code in codes.AsSpan())
            code = code < 0 ? -1 : rank[code];
        return new CategoricalColumn(name, codes, levels);
    }

    private bool IsMissing(ReadOnlySpan<char> cell)
    {
        if (cell.Length == 0)
            return true;
        if (cell.Length > _longestMissing)
            return false;
        foreach (var token in _missing)
        {
            if (cell.SequenceEqual(token))
                return true;
        }
        return false;
    }

    private void AddNumber(double value, ReadOnlySpan<char> cell)
    {
        if (_count == _values.Length)
            Array.Resize(ref _values, 2 * _count);
        _values[_count++] = value;
        if (kind is not null)
            return;
        if (_spelt + cell.Length + 1 > _spelling.Length)
            Array.Resize(ref _spelling, Math.Max(2 * _spelling.Length, _spelt + cell.Length + 1));
        // What parses as a number is ASCII and has no line end inside; the byte 0 ends a cell.
        _spelt += Encoding.ASCII.GetBytes(cell, _spelling.AsSpan(_spelt));
        _spelling[_spelt++] = 0;
    }

    private void TurnCategorical()
    {
        _levels = new(StringComparer.Ordinal);
        _codes = new int[Math.Max(256, 2 * _count)];
        var rest = _spelling.AsSpan(0, _spelt);
        var row = 0;
        while (rest.Length > 0)
        {
            var length = rest.IndexOf((byte)0);
            _codes[row++] = length == 0 ? -1 : CodeOf(Encoding.ASCII.GetString(rest[..length]));
            rest = rest[(length + 1)..];
        }
        (_values, _spelling) = ([], []);
    }

    private int CodeOf(ReadOnlySpan<char> level)
    {
        var lookup = _levels!.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(level, out var code))
        {
            code = _levels.Count;
            _levels.Add(level.ToString(), code);
        }
        return code;
    }

    private void AddCode(int code)
    {
        if (_count == _codes.Length)
            Array.Resize(ref _codes, 2 * _count);
        _codes[_count++] = code;
    }
}
