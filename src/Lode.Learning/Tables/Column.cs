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
    public NumericColumn(string name, double[] values) : this(name, values, values.Length)
    {
    }

    /// <summary>A column of an array's first values.</summary>
    internal NumericColumn(string name, double[] values, int count) : base(name) => (_values, Count) = (values, count);

    /// <inheritdoc/>
    public override ColumnKind Kind => ColumnKind.Numeric;

    /// <inheritdoc/>
    public override int Count { get; }

    /// <summary>The values, shape [rows]; NaN is missing.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <inheritdoc/>
    public override bool IsMissing(int row) => double.IsNaN(Values[row]);

    /// <inheritdoc/>
    public override Column Select(ReadOnlySpan<int> rows)
    {
        var all = Values;
        var values = new double[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            values[i] = all[rows[i]];
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
        (_codes, _levels, Count) = (codes, levels, codes.Length);
    }

    /// <summary>A column of an array's first codes; nothing is checked, and nothing allocated for it.</summary>
    internal CategoricalColumn(string name, int[] codes, int count, string[] levels) : base(name) => (_codes, _levels, Count) = (codes, levels, count);

    /// <inheritdoc/>
    public override ColumnKind Kind => ColumnKind.Categorical;

    /// <inheritdoc/>
    public override int Count { get; }

    /// <summary>The level of each row, shape [rows]; -1 is missing.</summary>
    public ReadOnlySpan<int> Codes => _codes.AsSpan(0, Count);

    /// <summary>The texts that the codes stand for; from a file, in ordinal order.</summary>
    public IReadOnlyList<string> Levels => _levels;

    /// <inheritdoc/>
    public override bool IsMissing(int row) => Codes[row] < 0;

    /// <inheritdoc/>
    public override Column Select(ReadOnlySpan<int> rows)
    {
        var all = Codes;
        var codes = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            codes[i] = all[rows[i]];
        return new CategoricalColumn(Name, codes, codes.Length, _levels);
    }
}
