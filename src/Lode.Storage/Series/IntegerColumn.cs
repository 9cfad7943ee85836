namespace Lode.Storage;

/// <summary>
/// Whole numbers in the shortest of three forms: each one's distance from the least; the differences of neighbours, each one's
/// distance from the least difference; or these as varints, for differences that are mostly small but not all.
/// </summary>
internal static class IntegerColumn
{
    private const byte Differences = 0x80;
    private const byte Varints = 0xff;

    /// <param name="writer">Where to.</param>
    /// <param name="numbers">0 to <see cref="ChunkCodec.BlockPoints"/>; any.</param>
    public static void Write(ByteWriter writer, ReadOnlySpan<long> numbers)
    {
        if (numbers.Length == 0)
            return;
        var count = numbers.Length;
        Span<ulong> distances = stackalloc ulong[count];
        var (least, greatest) = (numbers[0], numbers[0]);
        var (leastDifference, greatestDifference) = (long.MaxValue, long.MinValue);
        for (var i = 1; i < count; i++)
        {
            least = Math.Min(least, numbers[i]);
            greatest = Math.Max(greatest, numbers[i]);
            // Differences wrap around, there and back.
            var difference = unchecked(numbers[i] - numbers[i - 1]);
            leastDifference = Math.Min(leastDifference, difference);
            greatestDifference = Math.Max(greatestDifference, difference);
        }
        if (count == 1)
            (leastDifference, greatestDifference) = (0, 0);
        var width = BitPacking.WidthFor(unchecked((ulong)greatest - (ulong)least));
        var differenceWidth = BitPacking.WidthFor(unchecked((ulong)greatestDifference - (ulong)leastDifference));
        long varints = 0;
        for (var i = 1; i < count; i++)
        {
            distances[i] = unchecked((ulong)(numbers[i] - numbers[i - 1]) - (ulong)leastDifference);
            varints += (63 - System.Numerics.BitOperations.LeadingZeroCount(distances[i] | 1)) / 7 + 1;
        }
        if (BitPacking.Size(count, width) < Math.Min(varints, BitPacking.Size(count - 1, differenceWidth)))
        {
            writer.Byte((byte)width);
            writer.Signed(least);
            for (var i = 0; i < count; i++)
                distances[i] = unchecked((ulong)numbers[i] - (ulong)least);
            BitPacking.Write(writer, distances, width);
            return;
        }
        var packed = BitPacking.Size(count - 1, differenceWidth) <= varints;
        writer.Byte(packed ? (byte)(Differences | differenceWidth) : Varints);
        writer.Signed(numbers[0]);
        writer.Signed(leastDifference);
        if (packed)
        {
            BitPacking.Write(writer, distances[1..], differenceWidth);
            return;
        }
        foreach (var distance in distances[1..])
            writer.Varint(distance);
    }

    /// <param name="reader">Where from.</param>
    /// <param name="numbers">Receives as many as were written.</param>
    public static void Read(ref ByteReader reader, scoped Span<long> numbers)
    {
        if (numbers.Length == 0)
            return;
        var form = reader.Byte();
        var first = reader.Signed();
        Span<ulong> distances = stackalloc ulong[numbers.Length];
        if (form < Differences)
        {
            BitPacking.Read(ref reader, distances, form);
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = unchecked((long)((ulong)first + distances[i]));
            return;
        }
        var least = reader.Signed();
        var rest = distances[1..];
        if (form == Varints)
        {
            for (var i = 0; i < rest.Length; i++)
                rest[i] = reader.Varint();
        }
        else
        {
            BitPacking.Read(ref reader, rest, form & ~Differences);
        }
        numbers[0] = first;
        for (var i = 0; i < rest.Length; i++)
            numbers[i + 1] = unchecked(numbers[i] + least + (long)rest[i]);
    }
}
