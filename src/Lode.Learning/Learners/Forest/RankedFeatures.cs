namespace Lode.Learning;

/// <summary>
/// Every feature as whole numbers that order as its values do: made once, shared by all trees. Trees sort and compare ranks,
/// and need the values only for thresholds.
/// </summary>
internal sealed class RankedFeatures
{
    private const int GroupNumbers = 16 * 1024;

    private readonly FeatureMatrix _features;

    private RankedFeatures(FeatureMatrix features, int[][] ranks, double[][] values, double[][] numbers) =>
        (_features, Ranks, Values, Numbers) = (features, ranks, values, numbers);

    public int Rows => _features.Rows;

    public int Columns => _features.Columns;

    /// <summary>Shape [rows, columns], row-major.</summary>
    public ReadOnlySpan<double> Matrix => _features.Values;

    /// <summary>By feature, shape [rows]: the position of the row's value among the feature's different values.</summary>
    public int[][] Ranks { get; }

    /// <summary>By feature: its different values, ascending.</summary>
    public double[][] Values { get; }

    /// <summary>By feature, shape [rows]: the row's value. There instead of the ranks where thresholds are drawn.</summary>
    public double[][] Numbers { get; }

    /// <summary>Without ranks.</summary>
    public static RankedFeatures OfNumbers(FeatureMatrix features, ParallelOptions parallel)
    {
        var numbers = new double[features.Columns][];
        foreach (ref var column in numbers.AsSpan())
            column = new double[features.Rows];
        // By groups of rows that stay in cache while the columns are filled.
        var group = Math.Max(16, GroupNumbers / Math.Max(1, features.Columns));
        Parallel.For(0, (features.Rows + group - 1) / group, parallel, part =>
        {
            var (first, end) = (part * group, Math.Min((part + 1) * group, features.Rows));
            var values = features.Values;
            for (var column = 0; column < numbers.Length; column++)
            {
                var to = numbers[column];
                for (var row = first; row < end; row++)
                    to[row] = values[(row * features.Columns) + column];
            }
        });
        return new RankedFeatures(features, [], [], numbers);
    }

    public static RankedFeatures Of(FeatureMatrix features, ParallelOptions parallel)
    {
        var ranks = new int[features.Columns][];
        var values = new double[features.Columns][];
        Parallel.For(0, features.Columns, parallel, column => (ranks[column], values[column]) = Rank(features, column));
        return new RankedFeatures(features, ranks, values, []);
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
        var ranks = new int[sorted.Length];
        var different = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i > 0 && sorted[i] != sorted[different])
                sorted[++different] = sorted[i];
            ranks[rows[i]] = different;
        }
        return (ranks, sorted[..Math.Min(sorted.Length, different + 1)]);
    }
}
