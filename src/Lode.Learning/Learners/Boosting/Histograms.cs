using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lode.Learning;

/// <summary>Places between the beginnings of two columns' tables. Not powers of two, which would fall on the same cache lines.</summary>
internal interface ITableStride
{
    static abstract int Slots { get; }
}

internal readonly struct SmallTables : ITableStride
{
    public static int Slots => 20;
}

internal readonly struct MiddleTables : ITableStride
{
    public static int Slots => 68;
}

internal readonly struct LargeTables : ITableStride
{
    public static int Slots => 260;
}

/// <summary>16-byte slots on a 16-byte border, so that none lies across two cache lines.</summary>
internal sealed class SlotBlock
{
    private readonly byte[] _bytes;
    private readonly int _offset;

    public SlotBlock(int slots)
    {
        _bytes = GC.AllocateArray<byte>(checked((slots * 16) + 64), pinned: true);
        _offset = (int)(-(long)Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0) & 63);
        Count = slots;
    }

    public int Count { get; }

    public ref Vector128<long> First => ref Unsafe.As<byte, Vector128<long>>(ref _bytes[_offset]);

    public Span<Vector128<long>> Slice(int start, int count) =>
        MemoryMarshal.CreateSpan(ref First, Count).Slice(start, count);
}

/// <summary>
/// Sums by bin. A slot is two whole numbers: the gradients in fixed point; the second derivatives in fixed point with the
/// number of rows in the low bits. Whole numbers add up to the same in any order, so neither threads nor subtraction change a bit.
/// </summary>
internal static class Histograms
{
    /// <summary>Adds rows to the tables of a group.</summary>
    /// <param name="first">The group's first table.</param>
    /// <param name="words">By row, the bins.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="sums">What each of <paramref name="rows"/> adds.</param>
    /// <param name="width">Columns of the group, in [1, 8].</param>
    public static void Accumulate<TStride>(ref Vector128<long> first, ulong[] words, ReadOnlySpan<int> rows, ref Vector128<long> sums, int width)
        where TStride : struct, ITableStride
    {
        ref var table = ref Unsafe.As<Vector128<long>, byte>(ref first);
        ref var word = ref MemoryMarshal.GetArrayDataReference(words);
        ref var row = ref MemoryMarshal.GetReference(rows);
        if (width > 4)
            AccumulateEight<TStride>(ref table, ref word, ref row, rows.Length, ref sums);
        else if (width > 2)
            AccumulateFour<TStride>(ref table, ref word, ref row, rows.Length, ref sums);
        else
            AccumulateTwo<TStride>(ref table, ref word, ref row, rows.Length, ref sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AccumulateEight<TStride>(ref byte table, ref ulong words, ref int rows, int count, ref Vector128<long> sums)
        where TStride : struct, ITableStride
    {
        for (nint i = 0; i < count; i++)
        {
            var word = Unsafe.Add(ref words, (nint)Unsafe.Add(ref rows, i));
            var sum = Unsafe.Add(ref sums, i);
            Add(ref table, (nint)((word << 4) & 0xFF0), sum);
            Add(ref table, (nint)((word >> 4) & 0xFF0) + (TStride.Slots * 16), sum);
            Add(ref table, (nint)((word >> 12) & 0xFF0) + (TStride.Slots * 32), sum);
            Add(ref table, (nint)((word >> 20) & 0xFF0) + (TStride.Slots * 48), sum);
            Add(ref table, (nint)((word >> 28) & 0xFF0) + (TStride.Slots * 64), sum);
            Add(ref table, (nint)((word >> 36) & 0xFF0) + (TStride.Slots * 80), sum);
            Add(ref table, (nint)((word >> 44) & 0xFF0) + (TStride.Slots * 96), sum);
            Add(ref table, (nint)((word >> 52) & 0xFF0) + (TStride.Slots * 112), sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AccumulateFour<TStride>(ref byte table, ref ulong words, ref int rows, int count, ref Vector128<long> sums)
        where TStride : struct, ITableStride
    {
        for (nint i = 0; i < count; i++)
        {
            var word = Unsafe.Add(ref words, (nint)Unsafe.Add(ref rows, i));
            var sum = Unsafe.Add(ref sums, i);
            Add(ref table, (nint)((word << 4) & 0xFF0), sum);
            Add(ref table, (nint)((word >> 4) & 0xFF0) + (TStride.Slots * 16), sum);
            Add(ref table, (nint)((word >> 12) & 0xFF0) + (TStride.Slots * 32), sum);
            Add(ref table, (nint)((word >> 20) & 0xFF0) + (TStride.Slots * 48), sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AccumulateTwo<TStride>(ref byte table, ref ulong words, ref int rows, int count, ref Vector128<long> sums)
        where TStride : struct, ITableStride
    {
        for (nint i = 0; i < count; i++)
        {
            var word = Unsafe.Add(ref words, (nint)Unsafe.Add(ref rows, i));
            var sum = Unsafe.Add(ref sums, i);
            Add(ref table, (nint)((word << 4) & 0xFF0), sum);
            Add(ref table, (nint)((word >> 4) & 0xFF0) + (TStride.Slots * 16), sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref byte table, nint offset, Vector128<long> sum)
    {
        ref var slot = ref Unsafe.As<byte, Vector128<long>>(ref Unsafe.AddByteOffset(ref table, offset));
        slot += sum;
    }

    /// <summary>Takes the slots of one child from those of its parent: what is left is the other child's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(Span<Vector128<long>> parent, ReadOnlySpan<Vector128<long>> child)
    {
        for (var i = 0; i < parent.Length; i++)
            parent[i] -= child[i];
    }
}
