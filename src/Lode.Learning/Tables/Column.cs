namespace Lode.Learning;

/// <summary>What a column holds. Persisted in schemas; append only.</summary>
public enum ColumnKind
{
    /// <summary>Doubles; NaN is a missing value.</summary>
    Numeric = 1,

    /// <summary>One of a list of levels; code -1 is a missing value.</summary>
    Categorical = 2,

    /// <summary>Points in time; <see cref="DateColumn.Missing"/> is a missing value.</summary>
    Date = 3,
}

/// <summary>A named column of a table. Immutable: nobody may write to the arrays after handing them over.</summary>
public abstract class Column
{
    private protected Column(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>The column's name, unique in its table, not empty.</summary>
    public string Name { get; }

    /// <summary>What the column holds.</summary>
    public abstract ColumnKind Kind { get; }

    /// <summary>Number of rows.</summary>
    public abstract int Count { get; }

    /// <summary>Whether the value of a row is missing.</summary>
    /// <param name="row">In [0, <see cref="Count"/>).</param>
    public abstract bool IsMissing(int row);

    /// <summary>A copy of the given rows, in the given order; repeats are allowed.</summary>
    /// <param name="rows">Each in [0, <see cref="Count"/>).</param>
    public abstract Column Select(ReadOnlySpan<int> rows);

    /// <summary>How many rows are missing.</summary>
    public int CountMissing()
    {
        var missing = 0;
        for (var row = 0; row < Count; row++)
            missing += IsMissing(row) ? 1 : 0;
        return missing;
    }
}

/// <summary>A column of doubles.</summary>
public sealed class NumericColumn : Column
{
    private readonly double[] _values;

    /// <param name="name">Not empty.</param>
    /// <param name="values">One a row; NaN is missing. The column keeps the array.</param>
    public NumericColumn(string name, double[] values) : base(name) => _values = values;

    /// <inheritdoc/>
    public override ColumnKind Kind => ColumnKind.Numeric;

    /// <inheritdoc/>
    public override int Count => _values.Length;

    /// <summary>The values, shape [rows]; NaN is missing.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <inheritdoc/>
    public override bool IsMissing(int row) => double.IsNaN(_values[row]);

    /// <inheritdoc/>
    public override Column Select(ReadOnlySpan<int> rows)
    {
        var values = new double[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            values[i] = _values[rows[i]];
        return new NumericColumn(Name, values);
    }
}

/// <summary>A column of codes into a list of levels.</summary>
public sealed class CategoricalColumn : Column
{
    private readonly int[] _codes;
    private readonly string[] _levels;

    /// <param name="name">Not empty.</param>
    /// <param name="codes">One a row, in [-1, levels); -1 is missing. The column keeps the array.</param>
    /// <param name="levels">Different texts; levels that no row has are allowed. The column keeps the array.</param>
    /// <exception cref="ArgumentException">A level comes twice, or a code is outside the levels.</exception>
    public CategoricalColumn(string name, int[] codes, string[] levels) : base(name)
    {
        if (levels.Distinct(StringComparer.Ordinal).Count() != levels.Length)
            throw new ArgumentException($"Column '{name}': a level comes twice.", nameof(levels));
        foreach (var code in codes)
        {
            if (code < -1 || code >= levels.Length)
                throw new ArgumentException($"Column '{name}': code {code} is outside its {levels.Length} levels.", nameof(codes));
        }
        _codes = codes;
        _levels = levels;
    }

    private CategoricalColumn(CategoricalColumn other, int[] codes) : base(other.Name)
    {
        _codes = codes;
        _levels = other._levels;
    }

    /// <inheritdoc/>
    public override ColumnKind Kind => ColumnKind.Categorical;

    /// <inheritdoc/>
    public override int Count => _codes.Length;

    /// <summary>The level of each row, shape [rows]; -1 is missing.</summary>
    public ReadOnlySpan<int> Codes => _codes;

    /// <summary>The texts that the codes stand for; from a file, in ordinal order.</summary>
    public IReadOnlyList<string> Levels => _levels;

    /// <inheritdoc/>
    public override bool IsMissing(int row) => _codes[row] < 0;

    /// <inheritdoc/>
    public override Column Select(ReadOnlySpan<int> rows)
    {
        var codes = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            codes[i] = _codes[rows[i]];
        return new CategoricalColumn(this, codes);
    }
}
