using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lode.Learning;

/// <summary>Rows in the order of the leaves that they are in, ascending within each.</summary>
internal sealed class RowParts(int most)
{
    private readonly int[] _rows = new int[most];
    private readonly int[] _moved = new int[most];

    public void Load(ReadOnlySpan<int> rows) => rows.CopyTo(_rows);

    public ReadOnlySpan<int> Rows(int start, int count) => _rows.AsSpan(start, count);

    /// <summary>Puts the rows that go left first, each side in the order it was; gives their number.</summary>
    /// <param name="start">Where the leaf begins.</param>
    /// <param name="count">Its rows.</param>
    /// <param name="words">By row, bins.</param>
    /// <param name="shift">Where the column's bin is in a word.</param>
    /// <param name="left">By bin, 1 where it goes left, else 0; 256 of them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Divide(int start, int count, ulong[] words, int shift, ReadOnlySpan<byte> left)
    {
        if (count == 0)
            return 0;
        ref var rows = ref _rows[start];
        ref var moved = ref _moved[0];
        ref var word = ref MemoryMarshal.GetArrayDataReference(words);
        ref var goes = ref MemoryMarshal.GetReference(left);
        nint lefts = 0, rights = 0;
        for (nint i = 0; i < count; i++)
        {
            var row = Unsafe.Add(ref rows, i);
            nint isLeft = Unsafe.Add(ref goes, (nint)(byte)(Unsafe.Add(ref word, row) >> shift));
            // Both are written, one of them is kept: no branch that the processor would guess wrong.
            Unsafe.Add(ref rows, lefts) = row;
            Unsafe.Add(ref moved, rights) = row;
            lefts += isLeft;
            rights += 1 - isLeft;
        }
        _moved.AsSpan(0, (int)rights).CopyTo(_rows.AsSpan(start + (int)lefts));
        return (int)lefts;
    }
}
