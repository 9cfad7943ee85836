using System.Runtime.InteropServices;
using Lode.Core;

namespace Lode.Learning;

/// <summary>What selectors learn: columns that are dropped.</summary>
internal sealed class FittedSelection(string[] dropped) : IFittedTransform
{
    public const string KindName = "drop";

    private readonly HashSet<string> _dropped = new(dropped, StringComparer.Ordinal);

    public string Kind => KindName;

    public void Write(BundleWriter writer) => writer.WriteStrings(dropped);

    public static FittedSelection Read(BundleReader reader) => new(reader.ReadStrings());

    public Table Apply(Table table) => new([.. table.Columns.Where(column => !_dropped.Contains(column.Name))], table.Rows);
}

/// <summary>Drops all columns that it is given; choose them by a <see cref="ColumnTransform"/>.</summary>
public sealed class DropColumns : ITransform
{
    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedSelection([.. rows.Features.Columns.Select(column => column.Name)]);
}

/// <summary>Drops columns that say nothing: all training rows have the same value, or all are missing.</summary>
public sealed class DropConstant : ITransform
{
    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedSelection([.. rows.Features.Columns.Where(IsConstant).Select(column => column.Name)]);

    internal static bool IsConstant(Column column) => column switch
    {
        NumericColumn numeric => numeric.Count < 2 || !numeric.Values[1..].ContainsAnyExcept(numeric.Values[0]),
        CategoricalColumn categorical => categorical.Count < 2 || !categorical.Codes[1..].ContainsAnyExcept(categorical.Codes[0]),
        DateColumn dates => dates.Count < 2 || !dates.Ticks[1..].ContainsAnyExcept(dates.Ticks[0]),
        _ => false,
    };
}

/// <summary>Drops columns that equal an earlier one in every training row.</summary>
public sealed class DropDuplicates : ITransform
{
    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedSelection([.. Find(rows.Features).Select(pair => pair.Later)]);

    /// <summary>Pairs of equal columns, each later one with the first that it equals. O(cells).</summary>
    internal static IEnumerable<(string Later, string First)> Find(Table table)
    {
        var seen = new Dictionary<(ColumnKind, ulong), List<Column>>();
        foreach (var column in table.Columns)
        {
            var key = (column.Kind, Hash(column));
            if (!seen.TryGetValue(key, out var alike))
                seen.Add(key, alike = []);
            if (alike.Find(other => AreEqual(other, column)) is { } first)
                yield return (column.Name, first.Name);
            else
                alike.Add(column);
        }
    }

    private static ulong Hash(Column column)
    {
        var hash = 14695981039346656037UL;
        for (var row = 0; row < column.Count; row++)
        {
            var part = column switch
            {
                NumericColumn numeric => double.IsNaN(numeric.Values[row]) ? 1UL : (ulong)BitConverter.DoubleToInt64Bits(numeric.Values[row] + 0.0),
                DateColumn dates => (ulong)dates.Ticks[row],
                // Codes may differ where texts are equal; which rows are missing does not.
                _ => column.IsMissing(row) ? 1UL : 2UL,
            };
            hash = (hash ^ part) * 1099511628211UL;
            hash ^= hash >> 29;
        }
        return hash;
    }

    private static bool AreEqual(Column one, Column other)
    {
        if (one is NumericColumn a && other is NumericColumn b)
            return SameNumbers(a.Values, b.Values);
        if (one is DateColumn c && other is DateColumn d)
            return c.Ticks.SequenceEqual(d.Ticks);
        return one is CategoricalColumn e && other is CategoricalColumn f && SameTexts(e, f);
    }

    private static bool SameNumbers(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        for (var row = 0; row < a.Length; row++)
        {
            if (a[row] != b[row] && !(double.IsNaN(a[row]) && double.IsNaN(b[row])))
                return false;
        }
        return true;
    }

    private static bool SameTexts(CategoricalColumn a, CategoricalColumn b)
    {
        for (var row = 0; row < a.Count; row++)
        {
            var (x, y) = (a.Codes[row], b.Codes[row]);
            if ((x < 0) != (y < 0) || (x >= 0 && !string.Equals(a.Levels[x], b.Levels[y], StringComparison.Ordinal)))
                return false;
        }
        return true;
    }
}

/// <summary>Drops numeric columns that follow an earlier one: whose correlation with it on the training rows, by their weights, is beyond a bound.</summary>
/// <remarks>Pearson's coefficient over the rows where both are there; its sign does not matter. O(columns² · rows).</remarks>
public sealed class DropCorrelated : ITransform
{
    private readonly double _threshold;

    /// <param name="threshold">In (0, 1]. Default: 0.99.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public DropCorrelated(double threshold = 0.99) => _threshold = threshold is > 0 and <= 1 ? threshold
        : throw new LodeException(ErrorCode.InvalidArgument, $"A correlation bound is in (0, 1]; got {threshold}.");

    internal static ITransform Create(ParameterReader reader) => new DropCorrelated(reader.DoubleIn("threshold", 0.99, double.Epsilon, 1));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var kept = new List<NumericColumn>();
        var dropped = new List<string>();
        foreach (var column in rows.Features.Columns.OfType<NumericColumn>())
        {
            var weights = rows.Weights;
            var follows = false;
            foreach (var other in CollectionsMarshal.AsSpan(kept))
                follows = follows || Math.Abs(Correlation(other.Values, column.Values, weights)) >= _threshold;
            if (follows)
                dropped.Add(column.Name);
            else
                kept.Add(column);
        }
        return new FittedSelection([.. dropped]);
    }

    /// <summary>Pearson's coefficient over rows that both have; NaN where one does not vary.</summary>
    internal static double Correlation(ReadOnlySpan<double> a, ReadOnlySpan<double> b, ReadOnlySpan<double> weights)
    {
        var (sumA, sumB, total) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            if (double.IsNaN(a[i] + b[i]))
                continue;
            var weight = weights.IsEmpty ? 1 : weights[i];
            (sumA, sumB, total) = (sumA + (weight * a[i]), sumB + (weight * b[i]), total + weight);
        }
        var (meanA, meanB) = (sumA / total, sumB / total);
        var (squareA, squareB, product) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            if (double.IsNaN(a[i] + b[i]))
                continue;
            var weight = weights.IsEmpty ? 1 : weights[i];
            var (offA, offB) = (a[i] - meanA, b[i] - meanB);
            squareA += weight * offA * offA;
            squareB += weight * offB * offB;
            product += weight * offA * offB;
        }
        return Math.Clamp(product / Math.Sqrt(squareA * squareB), -1, 1);
    }
}

/// <summary>Drops numeric columns whose population variance on the training rows, by their weights, is not above a bound.</summary>
/// <remarks>As scikit-learn's VarianceThreshold.</remarks>
public sealed class VarianceSelector : ITransform
{
    private readonly double _threshold;

    /// <param name="threshold">At least 0. Default: 0, which drops what does not vary.</param>
    /// <exception cref="LodeException">InvalidArgument: negative.</exception>
    public VarianceSelector(double threshold = 0) => _threshold = threshold >= 0 ? threshold
        : throw new LodeException(ErrorCode.InvalidArgument, $"A variance bound is at least 0; got {threshold}.");

    internal static ITransform Create(ParameterReader reader) => new VarianceSelector(reader.DoubleIn("threshold", 0, 0));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var dropped = new List<string>();
        foreach (var column in rows.Features.Columns)
        {
            if (column is NumericColumn numeric && Moments.Of(numeric.Values, rows.Weights).Variance <= _threshold)
                dropped.Add(column.Name);
        }
        return new FittedSelection([.. dropped]);
    }
}
