namespace Lode.Learning;

/// <summary>How the values of a column become at most 255 whole numbers, and one more for a missing value.</summary>
internal sealed class ColumnBins
{
    private readonly double[] _search = [];
    private readonly byte[] _levels = [];

    private ColumnBins(int count, bool hasMissing) => (Count, HasMissing) = (count, hasMissing);

    private ColumnBins(double[] cuts, bool hasMissing) : this(cuts.Length + 1, hasMissing)
    {
        Cuts = cuts;
        // Padded to a power of two, so that the search takes the same steps for every value.
        var size = 1;
        while (size <= cuts.Length)
            size *= 2;
        _search = new double[size];
        _search.AsSpan().Fill(double.PositiveInfinity);
        cuts.CopyTo(_search, 0);
    }

    private ColumnBins(byte[] levels, int count, bool hasMissing) : this(count, hasMissing) => _levels = levels;

    /// <summary>Bins of values that are there; a missing one is in the bin of this number.</summary>
    public int Count { get; }

    /// <summary>Whether a training row is in the bin of missing values.</summary>
    public bool HasMissing { get; }

    /// <summary>Bins that rows can be in.</summary>
    public int Slots => Count + (HasMissing ? 1 : 0);

    /// <summary>Ascending; bin b holds values above cut b - 1 and at most cut b. Empty for categories.</summary>
    public double[] Cuts { get; } = [];

    /// <summary>Whether the column is categorical.</summary>
    public bool IsCategorical => _levels.Length > 0;

    /// <summary>By level, its bin; <see cref="Count"/> for those that count as missing.</summary>
    public ReadOnlySpan<byte> Levels => _levels;

    /// <summary>Cuts that part numbers into bins: between all different ones when they are few enough, else into even shares, where a
    /// value that fills a share alone has its own.</summary>
    /// <param name="sorted">Ascending, none missing.</param>
    /// <param name="maxBins">In [2, 255].</param>
    /// <param name="hasMissing">Whether training rows miss the value.</param>
    public static ColumnBins OfNumbers(ReadOnlySpan<double> sorted, int maxBins, bool hasMissing)
    {
        var different = sorted.Length > 0 ? 1 : 0;
        for (var i = 1; i < sorted.Length; i++)
            different += sorted[i] != sorted[i - 1] ? 1 : 0;
        var cuts = new List<double>(Math.Min(different, maxBins));
        var (heavy, light) = different <= maxBins ? (0, 0) : CountHeavy(sorted, maxBins);
        var binsLeft = maxBins - heavy;
        var filled = 0;
        for (var i = 0; i < sorted.Length;)
        {
            var end = i + 1;
            while (end < sorted.Length && sorted[end] == sorted[i])
                end++;
            if (end == sorted.Length)
                break;
            var count = end - i;
            var isHeavy = IsHeavy(count, sorted.Length, maxBins);
            filled += count;
            light -= isHeavy ? 0 : count;
            var close = different <= maxBins || isHeavy || filled * (double)Math.Max(1, binsLeft) >= light + filled || NextIsHeavy(sorted, end, maxBins);
            if (close && cuts.Count < maxBins - 1)
            {
                cuts.Add(Midpoint.Between(sorted[i], sorted[end]));
                binsLeft -= isHeavy ? 0 : 1;
                filled = 0;
            }
            i = end;
        }
        return new ColumnBins([.. cuts], hasMissing);
    }

    /// <summary>A bin for each of the most frequent levels; the others count as missing.</summary>
    /// <param name="counts">By level, its training rows.</param>
    /// <param name="missing">Rows that miss the value.</param>
    /// <param name="maxBins">In [2, 255].</param>
    public static ColumnBins OfLevels(int[] counts, int missing, int maxBins)
    {
        var kept = Enumerable.Range(0, counts.Length).Where(level => counts[level] > 0).OrderByDescending(level => counts[level]).ThenBy(level => level).Take(maxBins).Order().ToArray();
        var levels = new byte[counts.Length];
        levels.AsSpan().Fill((byte)kept.Length);
        for (var bin = 0; bin < kept.Length; bin++)
        {
            levels[kept[bin]] = (byte)bin;
            counts[kept[bin]] = 0;
        }
        return new ColumnBins(levels, kept.Length, missing > 0 || counts.AsSpan().ContainsAnyExcept(0));
    }

    /// <summary>The bin of a value.</summary>
    public int Find(double value)
    {
        if (double.IsNaN(value))
            return Count;
        if (IsCategorical)
            return _levels[(int)value];
        var at = 0;
        for (var half = _search.Length / 2; half > 0; half /= 2)
            at += _search[at + half - 1] < value ? half : 0;
        return at;
    }

    private static (int Heavy, int Light) CountHeavy(ReadOnlySpan<double> sorted, int maxBins)
    {
        var (heavy, light) = (0, 0);
        for (var i = 0; i < sorted.Length;)
        {
            var end = i + 1;
            while (end < sorted.Length && sorted[end] == sorted[i])
                end++;
            if (IsHeavy(end - i, sorted.Length, maxBins))
                heavy++;
            else
                light += end - i;
            i = end;
        }
        return (heavy, light);
    }

    private static bool NextIsHeavy(ReadOnlySpan<double> sorted, int start, int maxBins)
    {
        var share = (int)Math.Min(sorted.Length, Math.Ceiling(sorted.Length / (double)maxBins));
        return start + share <= sorted.Length && sorted[start + share - 1] == sorted[start];
    }

    private static bool IsHeavy(int count, int rows, int maxBins) => count >= Math.Ceiling(rows / (double)maxBins);
}
