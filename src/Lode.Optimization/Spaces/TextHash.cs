using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Lode.Optimization;

/// <summary>A hash of names and choices that costs next to nothing, since every trial has many; the same in every process.</summary>
internal static class TextHash
{
    public static ulong Of(string text)
    {
        var bytes = MemoryMarshal.AsBytes(text.AsSpan());
        var hash = 0x9E3779B97F4A7C15UL ^ (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        for (; bytes.Length >= 2; bytes = bytes[2..])
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt16LittleEndian(bytes));
        return hash;
    }

    private static ulong Mix(ulong hash)
    {
        hash *= 0xBF58476D1CE4E5B9UL;
        return hash ^ (hash >> 29);
    }
}
