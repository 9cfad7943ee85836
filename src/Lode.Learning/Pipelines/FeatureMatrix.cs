using Lode.Core;

namespace Lode.Learning;

/// <summary>Numbers that a learner sees: dense, row-major; NaN is a missing value, a categorical feature is its level's code. Immutable.</summary>
public sealed class FeatureMatrix
{
    private readonly double[] _values;
    private readonly int[] _levels;
    private readonly int _start;
    private readonly int _length;

    /// <param name="values">Shape [rows, columns], row-major, finite or NaN. The matrix keeps the array.</param>
    /// <param name="rows">At least 0.</param>
    /// <param name="names">The columns' names.</param>
    /// <param name="levels">By column: 0 for numbers, else the number of levels, of which the values are codes, in [0, levels) or NaN.
    /// Null: all are numbers.</param>
    /// <exception cref="ArgumentException">The shapes disagree, or a code is outside its levels.</exception>
    /// <exception cref="LodeException">InvalidArgument: a number is infinite; the message names row and column.</exception>
    public FeatureMatrix(double[] values, int rows, IReadOnlyList<string> names, IReadOnlyList<int>? levels = null)
    {
        if (values.Length != (long)rows * names.Count || (levels is not null && levels.Count != names.Count))
            throw new ArgumentException($"{values.Length} numbers do not make {rows} rows of {names.Count} columns.", nameof(values));
        (_values, _length, Rows, Names) = (values, values.Length, rows, names);
        _levels = levels is null ? new int[names.Count] : [.. levels];
        HasCategories = _levels.AsSpan().ContainsAnyExcept(0);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsFinite(values[i]))
                continue;
            if (double.IsInfinity(values[i]))
                throw Bad(i, "infinite", "Mend the table.");
            HasMissing = true;
        }
        for (var column = 0; column < _levels.Length && HasCategories; column++)
            RequireCodes(column);
    }

    private FeatureMatrix(double[] values, int start, int rows, IReadOnlyList<string> names, int[] levels, bool missing)
    {
        (_values, _start, _length, Rows, Names, _levels) = (values, start, rows * names.Count, rows, names, levels);
        (HasMissing, HasCategories) = (missing, levels.AsSpan().ContainsAnyExcept(0));
    }

    /// <summary>A matrix of values that were looked at already, in an array that may be longer and must stay as it is while the matrix is used.</summary>
    internal static FeatureMatrix OfRented(double[] values, int rows, string[] names, int[] levels, bool missing) => new(values, 0, rows, names, levels, missing);

    /// <summary>Some of the rows, without a copy. What it refuses, it names by its row in the matrix that all is part of.</summary>
    internal FeatureMatrix Slice(int first, int rows) => new(_values, _start + (first * Columns), rows, Names, _levels, HasMissing);

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns => Names.Count;

    /// <summary>The columns' names, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>By column: 0 for numbers, else the number of levels.</summary>
    public ReadOnlySpan<int> Levels => _levels;

    /// <summary>Whether a value is missing.</summary>
    public bool HasMissing { get; }

    /// <summary>Whether a column is categorical.</summary>
    public bool HasCategories { get; }

    /// <summary>Shape [rows, columns], row-major.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(_start, _length);

    /// <summary>The same as memory, for work on several threads.</summary>
    internal ReadOnlyMemory<double> Memory => _values.AsMemory(_start, _length);

    /// <summary>One row, shape [columns].</summary>
    public ReadOnlySpan<double> Row(int row) => _values.AsSpan(_start + (row * Columns), Columns);

    /// <summary>The matrix of a table: its numbers, and the codes of its levels.</summary>
    /// <exception cref="LodeException">InvalidArgument: a value is infinite.</exception>
    public static FeatureMatrix Of(Table table) => FeatureLayout.Of(table).Encode(table);

    /// <summary>Refuses what a learner cannot take.</summary>
    /// <exception cref="LodeException">InvalidArgument: a column is categorical, or a value missing; the message names it.</exception>
    internal void RequireFor(string learner, LearnerTags tags)
    {
        if (HasCategories && !tags.Categories)
        {
            var name = Names[_levels.AsSpan().IndexOfAnyExcept(0)];
            throw new LodeException(ErrorCode.InvalidArgument, $"Column '{name}' is still categorical after all transforms; learner '{learner}' takes numbers.",
                "Put a one-hot encoder into the pipeline.");
        }
        if (!tags.Missing)
            RequireComplete();
    }

    /// <exception cref="LodeException">InvalidArgument: a value is missing; the message names row and column.</exception>
    internal void RequireComplete()
    {
        for (var i = _start; i < _start + _length && HasMissing; i++)
        {
            if (double.IsNaN(_values[i]))
                throw Bad(i, "missing", "Put an imputer into the pipeline.");
        }
    }

    private void RequireCodes(int column)
    {
        for (var i = column; i < _values.Length && _levels[column] > 0; i += Columns)
        {
            var code = _values[i];
            if (code < 0 || code >= _levels[column] || (code != Math.Floor(code) && !double.IsNaN(code)))
                throw new ArgumentException($"Code {code} of '{Names[column]}' in row {(i / Columns) + 1} is not one of its {_levels[column]} levels.");
        }
    }

    private LodeException Bad(int index, string what, string hint) => new(ErrorCode.InvalidArgument,
        $"Feature '{Names[index % Columns]}' is {what} in row {(index / Columns) + 1}.", hint);
}
