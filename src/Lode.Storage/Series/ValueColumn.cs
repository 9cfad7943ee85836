using System.Numerics;

namespace Lode.Storage;

/// <summary>
/// Doubles as whole numbers, bit for bit: as decimals of one common exponent where they all are such exactly (a log of few
/// digits), else as their own bits without the zeros that all end in (floats of 32 or 16 bits). Values that are neither go aside:
/// NaN, infinities, -0. Where many repeat their predecessor, a bit each says so.
/// </summary>
internal static class ValueColumn
{
    private const int Bits = 31;
    private const int WithRepeats = 0x20;
    private const int WithExceptions = 0x40;
    private const int MaxExponent = 18;
    private const double MaxMantissa = 1L << 53;

    private static readonly double[] s_powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

    /// <param name="writer">Where to.</param>
    /// <param name="values">1 to <see cref="ChunkCodec.BlockPoints"/>; any.</param>
    public static void Write(ByteWriter writer, ReadOnlySpan<double> values)
    {
        Span<double> plain = stackalloc double[values.Length];
        Span<bool> repeats = stackalloc bool[values.Length];
        var (kept, exceptions, repeated) = (0, 0, 0);
        for (var i = 0; i < values.Length; i++)
        {
            var isException = IsException(values[i]);
            exceptions += isException ? 1 : 0;
            var value = !isException ? values[i] : kept > 0 ? plain[i - 1] : 0;
            plain[i] = value;
            repeats[i] = i > 0 && plain[i - 1].Equals(value);
            repeated += repeats[i] ? 1 : 0;
            kept++;
        }
        var withRepeats = repeated * 8 > values.Length;
        if (withRepeats)
        {
            kept = 0;
            for (var i = 0; i < values.Length; i++)
            {
                if (!repeats[i])
                    plain[kept++] = plain[i];
            }
        }
        plain = plain[..kept];
        Span<long> numbers = stackalloc long[kept];
        var exponent = AsDecimals(plain, numbers);
        var shift = exponent == Bits ? AsBits(plain, numbers) : 0;
        writer.Byte((byte)(exponent | (withRepeats ? WithRepeats : 0) | (exceptions > 0 ? WithExceptions : 0)));
        if (exponent == Bits)
            writer.Byte((byte)shift);
        if (exceptions > 0)
            WriteExceptions(writer, values, exceptions);
        if (withRepeats)
            WriteRepeats(writer, repeats);
        writer.Varint((ulong)kept);
        IntegerColumn.Write(writer, numbers);
    }

    /// <param name="reader">Where from.</param>
    /// <param name="values">Receives as many as were written.</param>
    public static void Read(ref ByteReader reader, scoped Span<double> values)
    {
        var head = reader.Byte();
        var exponent = head & Bits;
        var shift = exponent == Bits ? reader.Byte() : 0;
        Span<int> exceptionAt = default;
        Span<double> exceptionValue = default;
        if ((head & WithExceptions) != 0)
        {
            var count = Math.Min(reader.Count(), values.Length);
            exceptionAt = new int[count];
            exceptionValue = new double[count];
            for (var i = 0; i < count; i++)
            {
                exceptionAt[i] = reader.Count();
                exceptionValue[i] = reader.Double();
            }
        }
        var repeats = (head & WithRepeats) != 0 ? reader.Bytes((values.Length + 7) / 8) : default;
        Span<long> numbers = stackalloc long[Math.Min(reader.Count(), values.Length)];
        IntegerColumn.Read(ref reader, numbers);
        if (repeats.IsEmpty)
        {
            for (var i = 0; i < numbers.Length; i++)
                values[i] = exponent == Bits ? FromBits(numbers[i] << shift) : numbers[i] / s_powers[exponent];
        }
        else
        {
            var next = 0;
            for (var i = 0; i < values.Length; i++)
            {
                if ((repeats[i / 8] >> (i % 8) & 1) != 0)
                {
                    values[i] = values[i - 1];
                    continue;
                }
                var number = numbers[next++];
                values[i] = exponent == Bits ? FromBits(number << shift) : number / s_powers[exponent];
            }
        }
        for (var i = 0; i < exceptionAt.Length; i++)
            values[exceptionAt[i]] = exceptionValue[i];
    }

    private static bool IsException(double value) => !double.IsFinite(value) || (value == 0 && double.IsNegative(value));

    /// <summary>Mantissas under the least exponent that serves all; <see cref="Bits"/> where there is none.</summary>
    private static int AsDecimals(ReadOnlySpan<double> values, Span<long> mantissas)
    {
        var exponent = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var mantissa = Math.Round(values[i] * s_powers[exponent]);
            // A whole number below 2^53 divided by a power of ten that is exact is the double nearest to that decimal.
            while (mantissa / s_powers[exponent] != values[i] || Math.Abs(mantissa) > MaxMantissa)
            {
                if (++exponent > MaxExponent || Math.Abs(values[i]) > MaxMantissa)
                    return Bits;
                mantissa = Math.Round(values[i] * s_powers[exponent]);
            }
        }
        for (var i = 0; i < values.Length; i++)
        {
            var mantissa = Math.Round(values[i] * s_powers[exponent]);
            if (mantissa / s_powers[exponent] != values[i] || Math.Abs(mantissa) > MaxMantissa)
                return Bits;
            mantissas[i] = (long)mantissa;
        }
        return exponent;
    }

    private static int AsBits(ReadOnlySpan<double> values, Span<long> numbers)
    {
        long all = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var bits = BitConverter.DoubleToInt64Bits(values[i]);
            // In the order of the values; the negative of a number ends in as many zeros as it.
            numbers[i] = bits >= 0 ? bits : unchecked(long.MinValue - bits);
            all |= numbers[i];
        }
        var shift = all == 0 ? 0 : BitOperations.TrailingZeroCount(all);
        foreach (ref var number in numbers)
            number >>= shift;
        return shift;
    }

    private static double FromBits(long number) => BitConverter.Int64BitsToDouble(number >= 0 ? number : unchecked(long.MinValue - number));

    private static void WriteExceptions(ByteWriter writer, ReadOnlySpan<double> values, int count)
    {
        writer.Varint((ulong)count);
        for (var i = 0; i < values.Length; i++)
        {
            if (!IsException(values[i]))
                continue;
            writer.Varint((ulong)i);
            writer.Double(values[i]);
        }
    }

    private static void WriteRepeats(ByteWriter writer, ReadOnlySpan<bool> repeats)
    {
        var room = writer.Reserve((repeats.Length + 7) / 8);
        for (var i = 0; i < repeats.Length; i++)
        {
            if (repeats[i])
                room[i / 8] |= (byte)(1 << (i % 8));
        }
    }
}
