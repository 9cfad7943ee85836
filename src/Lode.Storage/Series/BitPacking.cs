using System.Buffers.Binary;

namespace Lode.Storage;

/// <summary>Numbers of equally many bits, one behind the other, low bits first.</summary>
internal static class BitPacking
{
    // What fits into eight bytes wherever in a byte it begins.
    private const int MaxPackedWidth = 56;

    /// <summary>Bits that numbers up to <paramref name="greatest"/> are given: 0 to 56, or 64.</summary>
    public static int WidthFor(ulong greatest)
    {
        var width = 64 - System.Numerics.BitOperations.LeadingZeroCount(greatest);
        return width > MaxPackedWidth ? 64 : width;
    }

    /// <summary>Bytes of <paramref name="count"/> numbers.</summary>
    public static int Size(int count, int width) => (int)(((long)count * width + 7) / 8);

    public static void Write(ByteWriter writer, ReadOnlySpan<ulong> numbers, int width)
    {
        if (width == 64)
        {
            foreach (var number in numbers)
                writer.UInt64(number);
            return;
        }
        var room = writer.Reserve(Size(numbers.Length, width));
        long bit = 0;
        foreach (var number in numbers)
        {
            var at = (int)(bit >> 3);
            var bits = number << (int)(bit & 7);
            if (at + 8 <= room.Length)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(room[at..], BinaryPrimitives.ReadUInt64LittleEndian(room[at..]) | bits);
            }
            else
            {
                for (; bits != 0; bits >>= 8)
                    room[at++] |= (byte)bits;
            }
            bit += width;
        }
    }

    public static void Read(ref ByteReader reader, scoped Span<ulong> numbers, int width)
    {
        if (width == 0)
        {
            numbers.Clear();
            return;
        }
        var bytes = reader.Bytes(Size(numbers.Length, width));
        if (width == 64)
        {
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * 8)..]);
            return;
        }
        var mask = (1UL << width) - 1;
        long bit = 0;
        for (var i = 0; i < numbers.Length; i++)
        {
            var at = (int)(bit >> 3);
            var bits = at + 8 <= bytes.Length ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]) : ReadLast(bytes[at..]);
            numbers[i] = (bits >> (int)(bit & 7)) & mask;
            bit += width;
        }
    }

    private static ulong ReadLast(ReadOnlySpan<byte> bytes)
    {
        ulong bits = 0;
        for (var i = bytes.Length - 1; i >= 0; i--)
            bits = (bits << 8) | bytes[i];
        return bits;
    }
}
