using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lode.Learning;

/// <summary>Sorts finite doubles by radix: least significant digit first, 11 bits each, digits that are all equal left out.</summary>
/// <remarks>Not for several threads at once: it keeps its buffers.</remarks>
internal sealed class DoubleSorter
{
    private const int FewValues = 1024;
    private const int Digits = 6;
    private const int DigitBits = 11;
    private const int DigitSize = 1 << DigitBits;

    private readonly int[] _counts = new int[Digits * DigitSize];
    private ulong[] _keys = [];
    private ulong[] _spare = [];

    /// <summary>Sorts in place, ascending. -0 comes as 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Sort(Span<double> values)
    {
        if (values.Length < FewValues)
        {
            foreach (ref var value in values)
                value += 0.0;
            values.Sort();
            return;
        }
        if (_keys.Length < values.Length)
            (_keys, _spare) = (new ulong[values.Length], new ulong[values.Length]);
        var bits = MemoryMarshal.Cast<double, ulong>(values);
        Array.Clear(_counts);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] += 0.0;
            var key = Flip(bits[i]);
            _keys[i] = key;
            for (var digit = 0; digit < Digits; digit++)
                _counts[(digit * DigitSize) + (int)((key >> (digit * DigitBits)) & (DigitSize - 1))]++;
        }
        for (var digit = 0; digit < Digits; digit++)
            Pass(digit, values.Length);
        for (var i = 0; i < values.Length; i++)
            bits[i] = Unflip(_keys[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pass(int digit, int count)
    {
        var counts = _counts.AsSpan(digit * DigitSize, DigitSize);
        var shift = digit * DigitBits;
        if (counts[(int)((_keys[0] >> shift) & (DigitSize - 1))] == count)
            return;
        var position = 0;
        foreach (ref var slot in counts)
            (slot, position) = (position, position + slot);
        var to = _spare;
        foreach (var key in _keys.AsSpan(0, count))
            to[counts[(int)((key >> shift) & (DigitSize - 1))]++] = key;
        (_keys, _spare) = (_spare, _keys);
    }

    /// <summary>Bits that order as unsigned numbers as the doubles do.</summary>
    private static ulong Flip(ulong bits) => bits ^ ((ulong)((long)bits >> 63) | (1UL << 63));

    private static ulong Unflip(ulong key) => key ^ (((key >> 63) - 1) | (1UL << 63));
}
