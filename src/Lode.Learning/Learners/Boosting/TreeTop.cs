using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// The first four levels of a tree as if it were full: all fifteen comparisons are made for a group of rows at once, by vectors, and the
/// four that count for a row are picked by bits. That takes less time than the four dependent loads that a walk makes.
/// </summary>
internal sealed class TreeTop
{
    /// <summary>Levels that <see cref="Descend"/> goes down.</summary>
    public const int Levels = 4;

    private const int Slots = (1 << Levels) - 1;

    /// <summary>Rows that go down at once.</summary>
    public const int Side = 16;

    // Children of slot i are 2i + 1 and 2i + 2.
    private readonly int[] _columns = new int[Slots];
    private readonly double[] _thresholds = new double[Slots];
    private readonly int[] _ends = new int[1 << Levels];

    public TreeTop(ReadOnlySpan<BoostNode> nodes) => Lay(nodes, 0, 0);

    /// <summary>Whether this machine has what makes it worth while.</summary>
    public static bool IsFast => Vector256.IsHardwareAccelerated && Bmi2.X64.IsSupported;

    /// <summary>Where the rows of a tile are after four levels, or before where they have arrived at a leaf.</summary>
    /// <param name="tile">Complete numbers as <see cref="RowTiles"/> has them, from the first of <see cref="Side"/> rows on.</param>
    /// <param name="at">Shape [<see cref="Side"/>]: indices of nodes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Descend(ReadOnlySpan<double> tile, Span<int> at)
    {
        ref var values = ref MemoryMarshal.GetReference(tile);
        ref var column = ref MemoryMarshal.GetArrayDataReference(_columns);
        ref var threshold = ref MemoryMarshal.GetArrayDataReference(_thresholds);
        var first = Right(ref values, ref column, ref threshold, 0);
        var second = Pick(first, Right(ref values, ref column, ref threshold, 1), Right(ref values, ref column, ref threshold, 2));
        var third = Pick(first,
            Pick(second, Right(ref values, ref column, ref threshold, 3), Right(ref values, ref column, ref threshold, 4)),
            Pick(second, Right(ref values, ref column, ref threshold, 5), Right(ref values, ref column, ref threshold, 6)));
        var fourth = Pick(first,
            Pick(second,
                Pick(third, Right(ref values, ref column, ref threshold, 7), Right(ref values, ref column, ref threshold, 8)),
                Pick(third, Right(ref values, ref column, ref threshold, 9), Right(ref values, ref column, ref threshold, 10))),
            Pick(second,
                Pick(third, Right(ref values, ref column, ref threshold, 11), Right(ref values, ref column, ref threshold, 12)),
                Pick(third, Right(ref values, ref column, ref threshold, 13), Right(ref values, ref column, ref threshold, 14))));
        ref var end = ref MemoryMarshal.GetArrayDataReference(_ends);
        ref var place = ref MemoryMarshal.GetReference(at);
        for (var half = 0; half < Side; half += 8)
        {
            // A byte a row, which holds its four bits.
            var paths = Bmi2.X64.ParallelBitDeposit(first >> half, 0x0808_0808_0808_0808) | Bmi2.X64.ParallelBitDeposit(second >> half, 0x0404_0404_0404_0404)
                | Bmi2.X64.ParallelBitDeposit(third >> half, 0x0202_0202_0202_0202) | Bmi2.X64.ParallelBitDeposit(fourth >> half, 0x0101_0101_0101_0101);
            for (var lane = 0; lane < 8; lane++)
                Unsafe.Add(ref place, half + lane) = Unsafe.Add(ref end, (int)(byte)(paths >> (8 * lane)));
        }
    }

    /// <summary>A bit a row: whether it would go right at a slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Right(ref double values, ref int column, ref double threshold, int slot)
    {
        ref var first = ref Unsafe.Add(ref values, Unsafe.Add(ref column, slot) * RowTiles.Width);
        var limit = Vector512.Create(Unsafe.Add(ref threshold, slot));
        return Vector512.GreaterThan(Vector512.LoadUnsafe(ref first), limit).ExtractMostSignificantBits()
            | (Vector512.GreaterThan(Vector512.LoadUnsafe(ref first, 8), limit).ExtractMostSignificantBits() << 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Pick(ulong right, ulong ifLeft, ulong ifRight) => ifLeft ^ ((ifLeft ^ ifRight) & right);

    private void Lay(ReadOnlySpan<BoostNode> nodes, int node, int slot)
    {
        if (slot >= Slots)
        {
            _ends[slot - Slots] = node;
            return;
        }
        var next = nodes[node].Next;
        var leaf = next == node;
        // Below a leaf every path leads to it.
        (_columns[slot], _thresholds[slot]) = leaf ? (0, double.PositiveInfinity) : (nodes[node].Column, nodes[node].Threshold);
        Lay(nodes, leaf ? node : next, (2 * slot) + 1);
        Lay(nodes, leaf ? node : next + 1, (2 * slot) + 2);
    }
}
