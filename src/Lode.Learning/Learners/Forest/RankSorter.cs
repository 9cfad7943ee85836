using System.Runtime.CompilerServices;

namespace Lode.Learning;

/// <summary>Sorts the rows of a node by a feature's ranks: by insertion when they are few, by radix when they are many.</summary>
internal sealed class RankSorter(int maxRows)
{
    private const int FewRows = 24;
    private const int ManyRows = 96;

    private readonly int[] _counts = new int[256];
    private ulong[] _keys = new ulong[maxRows];
    private ulong[] _spare = new ulong[maxRows];

    /// <summary>The rows in order of rank.</summary>
    /// <param name="ranks">By row.</param>
    /// <param name="rows">The node's rows.</param>
    /// <param name="lowest">The lowest rank in the node.</param>
    /// <returns>A key a row: the rank above <paramref name="lowest"/> in the upper 32 bits, the position in
    /// <paramref name="rows"/> in the lower. Equal ranks come by position. Empty when all ranks are equal. Valid until the next call.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<ulong> Sort(int[] ranks, ReadOnlySpan<int> rows, out int lowest)
    {
        var keys = _keys.AsSpan(0, rows.Length);
        var (low, high) = (int.MaxValue, int.MinValue);
        for (var i = 0; i < rows.Length; i++)
        {
            var rank = ranks[rows[i]];
            low = Math.Min(low, rank);
            high = Math.Max(high, rank);
            keys[i] = ((ulong)(uint)rank << 32) | (uint)i;
        }
        lowest = low;
        if (low == high)
            return [];
        foreach (ref var key in keys)
            key -= (ulong)(uint)low << 32;
        if (rows.Length <= FewRows)
            SortByInsertion(keys);
        else if (rows.Length < ManyRows)
            keys.Sort();
        else
            SortByRadix(rows.Length, high - low);
        return _keys.AsSpan(0, rows.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SortByInsertion(Span<ulong> keys)
    {
        for (var i = 1; i < keys.Length; i++)
        {
            var key = keys[i];
            var j = i - 1;
            for (; j >= 0 && keys[j] > key; j--)
                keys[j + 1] = keys[j];
            keys[j + 1] = key;
        }
    }

    /// <summary>Least significant byte first; as many passes as the range of ranks has bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SortByRadix(int count, int range)
    {
        for (var shift = 32; range > 0; shift += 8, range >>= 8)
        {
            var from = _keys.AsSpan(0, count);
            var to = _spare.AsSpan(0, count);
            var counts = _counts.AsSpan();
            counts.Clear();
            foreach (var key in from)
                counts[(byte)(key >> shift)]++;
            var position = 0;
            foreach (ref var slot in counts)
                (slot, position) = (position, position + slot);
            foreach (var key in from)
                to[counts[(byte)(key >> shift)]++] = key;
            (_keys, _spare) = (_spare, _keys);
        }
    }
}
