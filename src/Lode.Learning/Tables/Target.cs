using Lode.Core;

namespace Lode.Learning;

/// <summary>What is predicted. Persisted; append only.</summary>
public enum TaskKind
{
    /// <summary>One of two or more classes, with probabilities.</summary>
    Classification = 1,

    /// <summary>A number.</summary>
    Regression = 2,
}

/// <summary>The column to predict: class labels or numbers, none missing. Immutable.</summary>
public sealed class Target
{
    private const int MaxInferredClasses = 20;

    private readonly int[] _labels;
    private readonly double[] _values;
    private readonly string[] _classes;

    private Target(string name, int[] labels, string[] classes, double[] values)
    {
        (Name, _labels, _classes, _values) = (name, labels, classes, values);
    }

    /// <summary>The column's name.</summary>
    public string Name { get; }

    /// <summary>Classification where there are classes.</summary>
    public TaskKind Task => _classes.Length > 0 ? TaskKind.Classification : TaskKind.Regression;

    /// <summary>Number of rows.</summary>
    public int Rows => _labels.Length + _values.Length;

    /// <summary>The classes, k ≥ 2: texts in ordinal order, numbers in ascending order; empty for regression.</summary>
    public IReadOnlyList<string> Classes => _classes;

    /// <summary>The class of each row, shape [rows], in [0, k); empty for regression.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>The number of each row, shape [rows], finite; empty for classification.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>Classification.</summary>
    /// <param name="name">The column's name.</param>
    /// <param name="labels">One a row, in [0, classes). The target keeps the array.</param>
    /// <param name="classes">At least two.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than two classes.</exception>
    /// <exception cref="ArgumentException">A label is outside the classes.</exception>
    public static Target Classification(string name, int[] labels, IReadOnlyList<string> classes)
    {
        if (classes.Count < 2)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"The target '{name}' has {(classes.Count == 0 ? "no class" : $"the one class '{classes[0]}'")}; two are needed.");
        }
        foreach (var label in labels)
        {
            if (label < 0 || label >= classes.Count)
                throw new ArgumentException($"Label {label} is outside the {classes.Count} classes.", nameof(labels));
        }
        return new Target(name, labels, [.. classes], []);
    }

    /// <summary>Regression.</summary>
    /// <param name="name">The column's name.</param>
    /// <param name="values">One a row. The target keeps the array.</param>
    /// <exception cref="LodeException">InvalidArgument: a number is not finite.</exception>
    public static Target Regression(string name, double[] values)
    {
        for (var row = 0; row < values.Length; row++)
        {
            if (!double.IsFinite(values[row]))
                throw new LodeException(ErrorCode.InvalidArgument, $"The target '{name}' is {values[row]} at row {row + 1}; it must be finite.");
        }
        return new Target(name, [], [], values);
    }

    /// <summary>The target that a column makes.</summary>
    /// <param name="column">No value may be missing.</param>
    /// <param name="task">Null: classification for a categorical column and for a numeric one of at most 20 different
    /// values, all whole; else regression.</param>
    /// <exception cref="LodeException">InvalidArgument: values are missing, there is one class, or regression is asked of texts.</exception>
    public static Target Of(Column column, TaskKind? task = null)
    {
        var missing = column.CountMissing();
        if (missing > 0)
        {
            var first = Enumerable.Range(0, column.Count).First(column.IsMissing);
            throw new LodeException(ErrorCode.InvalidArgument,
                $"The target '{column.Name}' is missing in {missing} of {column.Count} rows, first in row {first + 1}.", "Drop these rows.");
        }
        if (column is CategoricalColumn categorical)
        {
            return task == TaskKind.Regression
                ? throw new LodeException(ErrorCode.InvalidArgument, $"The target '{column.Name}' holds texts; regression needs numbers.")
                : OfLevels(categorical);
        }
        var values = ((NumericColumn)column).Values;
        task ??= LooksLikeClasses(values) ? TaskKind.Classification : TaskKind.Regression;
        return task == TaskKind.Regression ? Regression(column.Name, values.ToArray()) : OfNumbers(column.Name, values);
    }

    /// <summary>The given rows, with all classes kept.</summary>
    /// <param name="rows">Each in [0, <see cref="Rows"/>).</param>
    public Target Select(ReadOnlySpan<int> rows)
    {
        var labels = new int[_labels.Length > 0 ? rows.Length : 0];
        var values = new double[_labels.Length > 0 ? 0 : rows.Length];
        for (var i = 0; i < labels.Length; i++)
            labels[i] = _labels[rows[i]];
        for (var i = 0; i < values.Length; i++)
            values[i] = _values[rows[i]];
        return new Target(Name, labels, _classes, values);
    }

    /// <summary>Rows of each class, shape [k].</summary>
    public int[] CountClasses()
    {
        var counts = new int[_classes.Length];
        foreach (var label in _labels)
            counts[label]++;
        return counts;
    }

    private static Target OfLevels(CategoricalColumn column)
    {
        var present = new bool[column.Levels.Count];
        foreach (var code in column.Codes)
            present[code] = true;
        var classes = column.Levels.Where((_, level) => present[level]).Order(StringComparer.Ordinal).ToArray();
        var labelOf = column.Levels.Select(level => Array.BinarySearch(classes, level, StringComparer.Ordinal)).ToArray();
        var labels = new int[column.Count];
        for (var row = 0; row < labels.Length; row++)
            labels[row] = labelOf[column.Codes[row]];
        return Classification(column.Name, labels, classes);
    }

    private static Target OfNumbers(string name, ReadOnlySpan<double> values)
    {
        var different = new SortedSet<double>(values.ToArray()).ToArray();
        var labels = new int[values.Length];
        for (var row = 0; row < labels.Length; row++)
            labels[row] = Array.BinarySearch(different, values[row]);
        return Classification(name, labels, [.. different.Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
    }

    private static bool LooksLikeClasses(ReadOnlySpan<double> values)
    {
        var different = new HashSet<double>();
        foreach (var value in values)
        {
            if (value != Math.Floor(value) || (different.Add(value) && different.Count > MaxInferredClasses))
                return false;
        }
        return different.Count > 1;
    }
}
