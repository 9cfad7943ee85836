namespace Lode.Learning;

/// <summary>What a warning is about. Persisted; append only.</summary>
public enum DataWarningKind
{
    /// <summary>All rows have the same value.</summary>
    Constant = 1,

    /// <summary>No row has a value.</summary>
    AllMissing = 2,

    /// <summary>It equals another column in every row.</summary>
    Duplicate = 3,

    /// <summary>Its values tell the target in every row.</summary>
    TellsTarget = 4,

    /// <summary>Nearly every row has a value of its own, so that it names the row.</summary>
    IdLike = 5,

    /// <summary>A row has an infinite number.</summary>
    Infinite = 6,

    /// <summary>The target does not vary.</summary>
    ConstantTarget = 7,

    /// <summary>A class has fewer rows than the usual five folds.</summary>
    RareClass = 8,

    /// <summary>A column has more than a thousand levels.</summary>
    ManyLevels = 9,
}

/// <summary>Something about the data that is allowed and seldom meant.</summary>
/// <param name="Kind">What.</param>
/// <param name="Column">The column.</param>
/// <param name="Message">One line for the user.</param>
public sealed record DataWarning(DataWarningKind Kind, string Column, string Message);

/// <summary>Looks for mistakes in training data before anything is fitted.</summary>
public static class TableChecks
{
    private const int FewestRows = 10;
    private const int ManyLevels = 1000;
    private const int UsualFolds = 5;

    /// <summary>All warnings: the target's first, then in the order of the columns. Rows count, whatever their weights. O(cells · log rows).</summary>
    public static IReadOnlyList<DataWarning> Of(Dataset dataset)
    {
        var warnings = new List<DataWarning>();
        OfTarget(dataset.Target, warnings);
        var labels = Labels(dataset.Target);
        var duplicates = DropDuplicates.Find(dataset.Features).ToDictionary(pair => pair.Later, pair => pair.First, StringComparer.Ordinal);
        foreach (var column in dataset.Features.Columns)
        {
            void Warn(DataWarningKind kind, string what) => warnings.Add(new DataWarning(kind, column.Name, $"Column '{column.Name}' {what}"));
            if (column is NumericColumn numeric && numeric.Values.IndexOfAny(double.PositiveInfinity, double.NegativeInfinity) is >= 0 and var row)
                Warn(DataWarningKind.Infinite, $"is infinite in row {row + 1}; a fit refuses that.");
            if (column.CountMissing() == column.Count)
                Warn(DataWarningKind.AllMissing, "has no value in any row.");
            else if (DropConstant.IsConstant(column))
                Warn(DataWarningKind.Constant, "has the same value in every row.");
            else if (duplicates.TryGetValue(column.Name, out var first))
                Warn(DataWarningKind.Duplicate, $"equals column '{first}' in every row.");
            else
                OfContent(column, dataset.Target, labels, Warn);
        }
        return warnings;
    }

    private static void OfTarget(Target target, List<DataWarning> warnings)
    {
        void Warn(DataWarningKind kind, string what) => warnings.Add(new DataWarning(kind, target.Name, $"The target '{target.Name}' {what}"));
        if (target.Task == TaskKind.Regression)
        {
            if (target.Rows > 1 && !target.Values[1..].ContainsAnyExcept(target.Values[0]))
                Warn(DataWarningKind.ConstantTarget, FormattableString.Invariant($"is {target.Values[0]} in every row; nothing can be learned."));
            return;
        }
        var counts = target.CountClasses();
        if (counts.Count(count => count > 0) < 2)
            Warn(DataWarningKind.ConstantTarget, "has rows of one class only; nothing can be learned.");
        for (var label = 0; label < counts.Length; label++)
        {
            if (counts[label] < UsualFolds)
                Warn(DataWarningKind.RareClass, $"has {counts[label]} {(counts[label] == 1 ? "row" : "rows")} of class '{target.Classes[label]}'; with {UsualFolds} folds some test none.");
        }
    }

    private static void OfContent(Column column, Target target, int[] labels, Action<DataWarningKind, string> warn)
    {
        var (values, distinct) = Values(column);
        var present = column.Count - column.CountMissing();
        if (column.Count >= FewestRows && Tells(column, values, distinct, target, labels))
        {
            warn(DataWarningKind.TellsTarget, $"tells the target '{target.Name}' in every row; it may be known only afterwards.");
            return;
        }
        if (column is CategoricalColumn && present >= FewestRows && distinct >= 0.95 * present)
            warn(DataWarningKind.IdLike, $"has {distinct} different values in {present} rows; it names the row rather than tells about it.");
        else if (column is CategoricalColumn && distinct > ManyLevels)
            warn(DataWarningKind.ManyLevels, $"has {distinct} levels; encode them by target_encode, frequency or hash.");
        if (column is NumericColumn numeric && present == column.Count && present >= FewestRows && IsRunningNumber(numeric.Values))
            warn(DataWarningKind.IdLike, "numbers the rows one by one; it names the row rather than tells about it.");
    }

    /// <summary>A code for each row, 0 for missing, and the number of others.</summary>
    private static (int[] Codes, int Distinct) Values(Column column)
    {
        if (column is CategoricalColumn categorical)
            return (Array.ConvertAll(categorical.Codes.ToArray(), code => code + 1), ColumnMap.Present(categorical).Length);
        var numbers = column is NumericColumn numeric ? numeric.Values.ToArray() : Array.ConvertAll(((DateColumn)column).Ticks.ToArray(), ticks => ticks == DateColumn.Missing ? double.NaN : ticks);
        return Ranks(numbers);
    }

    private static (int[] Codes, int Distinct) Ranks(double[] numbers)
    {
        var sorted = Moments.Sorted(numbers);
        var distinct = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i == 0 || sorted[i] != sorted[i - 1])
                sorted[distinct++] = sorted[i];
        }
        var different = sorted.AsSpan(0, distinct);
        var codes = new int[numbers.Length];
        for (var row = 0; row < codes.Length; row++)
            codes[row] = double.IsNaN(numbers[row]) ? 0 : different.BinarySearch(numbers[row]) + 1;
        return (codes, distinct);
    }

    private static int[] Labels(Target target) => target.Task == TaskKind.Classification ? target.Labels.ToArray() : Ranks(target.Values.ToArray()).Codes;

    /// <summary>Whether each value goes with one target: over values that come more than once where it is classes; as an order-keeping or -turning map where numbers
    /// stand against numbers or classes that few cuts of the column part.</summary>
    private static bool Tells(Column column, int[] values, int distinct, Target target, int[] labels)
    {
        var classes = labels.Distinct().Count();
        if (classes < 2 || distinct < 2)
            return false;
        if (target.Task == TaskKind.Regression)
            return column is NumericColumn numeric && distinct > 2 && Math.Abs(DropCorrelated.Correlation(numeric.Values, target.Values, [])) > 1 - 1e-9;
        // As many values as classes, each of one class; more values would fit by chance, unless the column is ordered and each class is one stretch of it.
        return distinct <= 2 * classes ? EachHasOne(values, labels) : column is not CategoricalColumn && IsParted(values, labels, classes);
    }

    private static bool EachHasOne(int[] values, int[] labels)
    {
        var label = new Dictionary<int, int>();
        for (var row = 0; row < values.Length; row++)
        {
            if (!label.TryAdd(values[row], labels[row]) && label[values[row]] != labels[row])
                return false;
        }
        return true;
    }

    private static bool IsParted(int[] values, int[] labels, int classes)
    {
        int[] order = [.. Enumerable.Range(0, values.Length)];
        Array.Sort(values.ToArray(), order);
        var changes = 0;
        for (var i = 1; i < order.Length; i++)
        {
            if (values[order[i]] == values[order[i - 1]] && labels[order[i]] != labels[order[i - 1]])
                return false;
            changes += labels[order[i]] != labels[order[i - 1]] ? 1 : 0;
        }
        // A cleanly parted column of few rows is luck; of many it is the target in other words.
        return changes == classes - 1 && values.Length >= FewestRows * classes * 2;
    }

    private static bool IsRunningNumber(ReadOnlySpan<double> values)
    {
        for (var row = 1; row < values.Length; row++)
        {
            if (values[row] != values[row - 1] + 1)
                return false;
        }
        return true;
    }
}
