using Lode.Core;

namespace Lode.Learning;

/// <summary>Named, typed columns of equal length. Immutable.</summary>
public sealed class Table
{
    private readonly Column[] _columns;
    private readonly Dictionary<string, int> _index;

    /// <param name="columns">At least one, of equal length and different names (case counts).</param>
    /// <exception cref="LodeException">InvalidArgument: no column, two of one name, or of different lengths.</exception>
    public Table(IReadOnlyList<Column> columns)
        : this(columns, columns.Count > 0 ? columns[0].Count : throw new LodeException(ErrorCode.InvalidArgument, "A table needs at least one column; got none."))
    {
    }

    /// <summary>A table that may have no column, as transforms may leave it.</summary>
    internal Table(IReadOnlyList<Column> columns, int rows)
    {
        Rows = rows;
        _columns = [.. columns];
        _index = new Dictionary<string, int>(columns.Count, StringComparer.Ordinal);
        for (var i = 0; i < _columns.Length; i++)
        {
            var column = _columns[i];
            if (!_index.TryAdd(column.Name, i))
                throw new LodeException(ErrorCode.InvalidArgument, $"Two columns are called '{column.Name}'.");
            if (column.Count != rows)
            {
                throw new LodeException(ErrorCode.InvalidArgument,
                    $"Column '{column.Name}' has {column.Count} rows; '{_columns[0].Name}' has {rows}.");
            }
        }
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>The columns, in order.</summary>
    public IReadOnlyList<Column> Columns => _columns;

    /// <summary>Names and kinds of the columns, in order.</summary>
    public TableSchema Schema => new([.. _columns.Select(column => new ColumnSchema(column.Name, column.Kind))]);

    /// <summary>The column of a name.</summary>
    /// <exception cref="LodeException">InvalidArgument: there is none; the hint names the nearest.</exception>
    public Column this[string name] => Find(name) ?? throw new LodeException(ErrorCode.InvalidArgument,
        $"There is no column '{name}' among {_columns.Length}.", DidYouMean.Hint(name, _index.Keys));

    /// <summary>The column of a name, or null.</summary>
    public Column? Find(string name) => _index.TryGetValue(name, out var i) ? _columns[i] : null;

    /// <summary>A copy of the given rows, in the given order; repeats are allowed.</summary>
    /// <param name="rows">Each in [0, <see cref="Rows"/>).</param>
    public Table Select(ReadOnlySpan<int> rows)
    {
        var columns = new Column[_columns.Length];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = _columns[i].Select(rows);
        return new Table(columns, rows.Length);
    }

    /// <summary>The table without one column.</summary>
    /// <exception cref="LodeException">InvalidArgument: there is no such column, or no other.</exception>
    public Table Without(string name)
    {
        var column = this[name];
        return _columns.Length == 1
            ? throw new LodeException(ErrorCode.InvalidArgument, $"The table has no column besides '{name}'.")
            : new Table([.. _columns.Where(other => other != column)]);
    }

    /// <summary>What identifies the content; see <see cref="TableFingerprint"/>.</summary>
    public TableFingerprint Fingerprint() => TableFingerprint.Of(this);
}
