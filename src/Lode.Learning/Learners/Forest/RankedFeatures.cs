using System.Numerics;
using System.Runtime.CompilerServices;

namespace Lode.Learning;

/// <summary>
/// Every feature as whole numbers that order as its values do: made once, shared by all trees. Trees sort and compare ranks,
/// and need the values only for thresholds.
/// </summary>
internal sealed class RankedFeatures
{
    private const int GroupNumbers = 16 * 1024;

    private readonly FeatureMatrix _features;

    // Empty: none.
    private readonly bool[] _missing;

    private RankedFeatures(FeatureMatrix features)
    {
        (_features, _missing) = (features, features.HasMissing ? new bool[features.Columns] : []);
        for (var i = 0; i < features.Values.Length && _missing.Length > 0; i++)
            _missing[i % _missing.Length] |= double.IsNaN(features.Values[i]);
    }

    public int Rows => _features.Rows;

    public int Columns => _features.Columns;

    /// <summary>Shape [rows, columns], row-major.</summary>
    public ReadOnlySpan<double> Matrix => _features.Values;

    /// <summary>Whether a value of the feature is missing.</summary>
    public bool HasMissing(int feature) => _missing.Length > 0 && _missing[feature];

    /// <summary>By feature, shape [rows]: the position of the row's value among the feature's different values; a missing one comes after all.</summary>
    public int[][] Ranks { get; private init; } = [];

    /// <summary>By feature: its different values, ascending, the missing one not among them.</summary>
    public double[][] Values { get; private init; } = [];

    /// <summary>By feature, shape [rows]: the row's value. There instead of the ranks where thresholds are drawn and no rows are copied to be near.</summary>
    public double[][] Numbers { get; private init; } = [];

    /// <summary>By feature, shape [rows]: the row's value in single precision. There where thresholds are drawn and the rows of small nodes are copied.</summary>
    public float[][] Singles { get; private init; } = [];

    /// <summary>Without ranks.</summary>
    /// <param name="features">The features.</param>
    /// <param name="parallel">How parallel loops run.</param>
    /// <param name="near">Whether the rows of small nodes will be copied: then large nodes do with single precision, in half the memory.</param>
    public static RankedFeatures OfNumbers(FeatureMatrix features, ParallelOptions parallel, bool near) => near
        ? new RankedFeatures(features) { Singles = ByColumn<float>(features, parallel) }
        : new RankedFeatures(features) { Numbers = ByColumn<double>(features, parallel) };

    private static T[][] ByColumn<T>(FeatureMatrix features, ParallelOptions parallel) where T : unmanaged, INumberBase<T>
    {
        var columns = new T[features.Columns][];
        foreach (ref var column in columns.AsSpan())
            column = GC.AllocateUninitializedArray<T>(features.Rows);
        // By groups of rows that stay in cache while the columns are filled.
        var group = Math.Max(16, GroupNumbers / Math.Max(1, features.Columns));
        Parallel.For(0, (features.Rows + group - 1) / group, parallel, part =>
        {
            var (first, end) = (part * group, Math.Min((part + 1) * group, features.Rows));
            for (var column = 0; column < columns.Length; column++)
                FillColumn(features.Values, column, columns.Length, columns[column].AsSpan(0, end), first);
        });
        return columns;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillColumn<T>(ReadOnlySpan<double> values, int column, int columns, Span<T> to, int first) where T : unmanaged, INumberBase<T>
    {
        for (var row = first; row < to.Length; row++)
            to[row] = T.CreateSaturating(values[(row * columns) + column]);
    }

    public static RankedFeatures Of(FeatureMatrix features, ParallelOptions parallel)
    {
        var ranks = new int[features.Columns][];
        var values = new double[features.Columns][];
        Parallel.For(0, features.Columns, parallel, column => (ranks[column], values[column]) = Rank(features, column));
        return new RankedFeatures(features) { Ranks = ranks, Values = values };
    }

    private static (int[] Ranks, double[] Values) Rank(FeatureMatrix features, int column)
    {
        var sorted = new double[features.Rows];
        var rows = new int[features.Rows];
        for (var row = 0; row < sorted.Length; row++)
        {
            // Adding 0 turns -0 into 0, which is the same value.
            sorted[row] = features.Values[(row * features.Columns) + column] + 0.0;
            rows[row] = row;
        }
        Array.Sort(sorted, rows);
        // Sorting puts missing values first.
        var missing = 0;
        while (missing < sorted.Length && double.IsNaN(sorted[missing]))
            missing++;
        var ranks = new int[sorted.Length];
        var count = 0;
        for (var i = missing; i < sorted.Length; i++)
        {
            if (count == 0 || sorted[i] != sorted[count - 1])
                sorted[count++] = sorted[i];
            ranks[rows[i]] = count - 1;
        }
        for (var i = 0; i < missing; i++)
            ranks[rows[i]] = count;
        return (ranks, sorted[..count]);
    }
}
