using System.Runtime.CompilerServices;
using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// The training rows as bins. Eight columns make a group, and a row of a group is one word, so that a histogram reads
/// eight bins at once and its eight tables stay in the first cache.
/// </summary>
internal sealed class BinnedFeatures
{
    /// <summary>Columns of a group.</summary>
    public const int GroupSize = 8;

    // Enough for the cuts to be as good as of all rows.
    private const int SampleRows = 200_000;

    private BinnedFeatures(int rows, ColumnBins[] columns, ulong[][] groups) => (Rows, Columns, Groups) = (rows, columns, groups);

    public int Rows { get; }

    public ColumnBins[] Columns { get; }

    /// <summary>By group, shape [rows]: byte j is the bin of the group's column j.</summary>
    public ulong[][] Groups { get; }

    /// <param name="features">All rows.</param>
    /// <param name="rows">Those to bin, in order.</param>
    /// <param name="maxBins">In [2, 255].</param>
    /// <param name="rng">Draws the sample that cuts are made of.</param>
    /// <param name="parallel">Threads; change nothing.</param>
    public static BinnedFeatures Of(FeatureMatrix features, int[] rows, int maxBins, Rng rng, ParallelOptions parallel)
    {
        var sample = Sample(rows, rng);
        var columns = new ColumnBins[features.Columns];
        var groups = new ulong[(features.Columns + GroupSize - 1) / GroupSize][];
        Parallel.For(0, groups.Length, parallel, () => new DoubleSorter(), (group, _, sorter) =>
        {
            groups[group] = BinGroup(features, rows, sample, group * GroupSize, maxBins, columns, sorter);
            return sorter;
        }, _ => { });
        return new BinnedFeatures(rows.Length, columns, groups);
    }

    /// <summary>The bin of a row.</summary>
    public int Bin(int row, int column) => (int)((Groups[column / GroupSize][row] >> (column % GroupSize * 8)) & 0xFF);

    private static int[] Sample(int[] rows, Rng rng)
    {
        if (rows.Length <= SampleRows)
            return rows;
        var sample = new int[SampleRows];
        for (var i = 0; i < sample.Length; i++)
        {
            var (start, end) = ((long)i * rows.Length / SampleRows, (long)(i + 1) * rows.Length / SampleRows);
            sample[i] = rows[(int)start + rng.NextInt32((int)(end - start))];
        }
        return sample;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong[] BinGroup(FeatureMatrix features, int[] rows, int[] sample, int first, int maxBins, ColumnBins[] columns, DoubleSorter sorter)
    {
        var width = Math.Min(GroupSize, features.Columns - first);
        var values = new double[sample.Length];
        for (var j = 0; j < width; j++)
        {
            var column = first + j;
            for (var i = 0; i < sample.Length; i++)
                values[i] = features.Values[(sample[i] * features.Columns) + column];
            columns[column] = features.Levels[column] > 0
                ? OfLevels(features, rows, column, maxBins)
                : OfNumbers(features, rows, column, values, maxBins, sorter);
        }
        var words = new ulong[rows.Length];
        var bins = columns.AsSpan(first, width);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = features.Row(rows[i]).Slice(first, width);
            var word = 0UL;
            for (var j = 0; j < bins.Length; j++)
                word |= (ulong)(uint)bins[j].Find(row[j]) << (8 * j);
            words[i] = word;
        }
        return words;
    }

    private static ColumnBins OfNumbers(FeatureMatrix features, int[] rows, int column, Span<double> sample, int maxBins, DoubleSorter sorter)
    {
        var present = 0;
        foreach (var value in sample)
        {
            if (!double.IsNaN(value))
                sample[present++] = value;
        }
        sorter.Sort(sample[..present]);
        var missing = present < sample.Length;
        for (var i = 0; i < rows.Length && !missing && features.HasMissing; i++)
            missing = double.IsNaN(features.Row(rows[i])[column]);
        return ColumnBins.OfNumbers(sample[..present], maxBins, missing);
    }

    private static ColumnBins OfLevels(FeatureMatrix features, int[] rows, int column, int maxBins)
    {
        var counts = new int[features.Levels[column]];
        var missing = 0;
        foreach (var row in rows)
        {
            var code = features.Row(row)[column];
            if (double.IsNaN(code))
                missing++;
            else
                counts[(int)code]++;
        }
        return ColumnBins.OfLevels(counts, missing, maxBins);
    }
}
