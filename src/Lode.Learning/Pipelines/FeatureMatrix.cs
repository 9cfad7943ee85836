using Lode.Core;

namespace Lode.Learning;

/// <summary>Numbers that a learner sees: dense, row-major; NaN is a missing value, a categorical feature is its level's code. Immutable.</summary>
public sealed class FeatureMatrix
{
    private readonly double[] _values;
    private readonly int[] _levels;

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
        (_values, Rows, Names) = (values, rows, names);
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
    public ReadOnlySpan<double> Values => _values;

    /// <summary>The same as memory, for work on several threads.</summary>
    internal ReadOnlyMemory<double> Memory => _values;

    /// <summary>One row, shape [columns].</summary>
    public ReadOnlySpan<double> Row(int row) => _values.AsSpan(row * Columns, Columns);

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
        for (var i = 0; i < _values.Length && HasMissing; i++)
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
