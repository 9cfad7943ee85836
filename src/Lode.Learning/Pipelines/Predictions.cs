namespace Lode.Learning;

/// <summary>What a model says about rows: class probabilities, or numbers. Immutable.</summary>
public sealed class Predictions
{
    private readonly double[] _values;

    /// <param name="values">Shape [rows, outputs], row-major. The object keeps the array.</param>
    /// <param name="classes">The classes, k ≥ 2, one output each; empty for regression, which has one output.</param>
    /// <param name="threshold">Of two classes: the probability, in [0, 1], from which on a row is taken for the second. Null: the more probable class.</param>
    /// <exception cref="ArgumentException">The shapes disagree, or a threshold is given without two classes.</exception>
    public Predictions(double[] values, IReadOnlyList<string> classes, double? threshold = null)
    {
        if (threshold is not null && (classes.Count != 2 || !(threshold is >= 0 and <= 1)))
            throw new ArgumentException($"A threshold is a probability, of two classes; got {threshold} of {classes.Count}.", nameof(threshold));
        Threshold = threshold;
        Outputs = Math.Max(1, classes.Count);
        if (values.Length % Outputs != 0)
            throw new ArgumentException($"{values.Length} numbers do not make rows of {Outputs}.", nameof(values));
        (_values, Classes) = (values, classes);
    }

    /// <summary>Quantiles of numbers.</summary>
    /// <param name="values">Shape [rows, quantiles], row-major, ascending in each row. The object keeps the array.</param>
    /// <param name="quantiles">The levels, ascending, each between 0 and 1; empty: one prediction a row.</param>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public Predictions(double[] values, IReadOnlyList<double> quantiles)
    {
        Outputs = Math.Max(1, quantiles.Count);
        if (values.Length % Outputs != 0)
            throw new ArgumentException($"{values.Length} numbers do not make rows of {Outputs}.", nameof(values));
        (_values, Classes, Quantiles) = (values, [], quantiles);
    }

    /// <summary>The classes, in the order of the outputs; empty for regression.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The levels of quantiles, in the order of the outputs; empty for classes and for single numbers.</summary>
    public IReadOnlyList<double> Quantiles { get; } = [];

    /// <summary>Of two classes: the probability from which on a row is taken for the second; null: the more probable one.</summary>
    public double? Threshold { get; }

    /// <summary>Numbers a row: k probabilities that sum to 1, one prediction, or one a quantile.</summary>
    public int Outputs { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => _values.Length / Outputs;

    /// <summary>Shape [rows, outputs], row-major.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>One row, shape [outputs].</summary>
    public ReadOnlySpan<double> Row(int row) => _values.AsSpan(row * Outputs, Outputs);

    /// <summary>The given rows, in the given order.</summary>
    /// <param name="rows">Each in [0, <see cref="Rows"/>).</param>
    public Predictions Select(ReadOnlySpan<int> rows)
    {
        var values = new double[rows.Length * Outputs];
        for (var i = 0; i < rows.Length; i++)
            Row(rows[i]).CopyTo(values.AsSpan(i * Outputs));
        return With(values);
    }

    /// <summary>The same outputs with other numbers.</summary>
    /// <param name="values">Shape [rows, outputs], row-major; the number of rows may be another. The object keeps the array.</param>
    public Predictions With(double[] values) => Quantiles.Count > 0 ? new Predictions(values, Quantiles) : new Predictions(values, Classes, Threshold);

    /// <summary>What a quantile's column is called: <c>q0.1</c>.</summary>
    public static string NameOf(double quantile) => $"q{quantile.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}";

    /// <summary>The class that a row is taken for: the most probable, the first of equals; or as <see cref="Threshold"/> says.</summary>
    public int Label(int row)
    {
        var probabilities = Row(row);
        if (Threshold is { } least)
            return probabilities[1] >= least ? 1 : 0;
        var best = 0;
        for (var label = 1; label < probabilities.Length; label++)
        {
            if (probabilities[label] > probabilities[best])
                best = label;
        }
        return best;
    }

    /// <summary>A table of the predictions: of classes the most probable, <c>prediction</c>, and the probability of each, <c>p(class)</c>; of numbers <c>prediction</c>, or a column
    /// for each quantile, such as <c>q0.1</c>.</summary>
    public Table ToTable()
    {
        if (Quantiles.Count > 0)
            return new Table([.. Quantiles.Select(Column (level, i) => new NumericColumn(NameOf(level), [.. Enumerable.Range(0, Rows).Select(row => Row(row)[i])]))]);
        if (Classes.Count == 0)
            return new Table([new NumericColumn("prediction", [.. _values])]);
        var labels = new int[Rows];
        for (var row = 0; row < labels.Length; row++)
            labels[row] = Label(row);
        var columns = new List<Column> { new CategoricalColumn("prediction", labels, [.. Classes]) };
        for (var label = 0; label < Outputs; label++)
        {
            var probabilities = new double[Rows];
            for (var row = 0; row < probabilities.Length; row++)
                probabilities[row] = _values[(row * Outputs) + label];
            columns.Add(new NumericColumn($"p({Classes[label]})", probabilities));
        }
        return new Table(columns);
    }
}
