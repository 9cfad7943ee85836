using System.Globalization;

namespace Lode.Learning;

/// <summary>Numbers in the invariant culture, correctly rounded.</summary>
internal static class InvariantNumber
{
    private const ulong MostExact = 1UL << 53;
    private const int MostDigits = 19;

    private static readonly double[] s_powers =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    public static bool TryParse(ReadOnlySpan<char> text, out double value)
    {
        Span<byte> bytes = stackalloc byte[64];
        if (text.Length <= bytes.Length && System.Text.Ascii.FromUtf16(text, bytes, out var count) == System.Buffers.OperationStatus.Done)
            return TryParse(bytes[..count], out value);
        value = 0;
        return !text.Contains('\0') && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    /// <param name="text">UTF-8.</param>
    /// <param name="value">The number.</param>
    /// <remarks>Digits that make at most 2^53 with a power of ten of at most 22 take Clinger's exact way ("How to read floating point numbers accurately",
    /// PLDI 1990): both are exact doubles, so one product or quotient rounds once. The rest goes to the runtime.</remarks>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value)
    {
        var i = text.Length > 0 && text[0] == (byte)'-' ? 1 : 0;
        var (digits, mantissa, power) = (0, 0UL, 0);
        for (; i < text.Length; i++)
        {
            var digit = (uint)text[i] - '0';
            if (digit > 9)
                break;
            mantissa = (10 * mantissa) + digit;
            digits++;
        }
        if (i < text.Length && text[i] == (byte)'.')
        {
            var from = ++i;
            for (; i < text.Length; i++)
            {
                var digit = (uint)text[i] - '0';
                if (digit > 9)
                    break;
                mantissa = (10 * mantissa) + digit;
            }
            digits += i - from;
            power = from - i;
        }
        if (i < text.Length && digits > 0 && (text[i] | 0x20) == 'e')
            i = Exponent(text, i + 1, ref power);
        if (i < text.Length || digits is 0 or > MostDigits || mantissa > MostExact || power is < -22 or > 22)
            return ParseRest(text, out value);
        value = power < 0 ? mantissa / s_powers[-power] : mantissa * s_powers[power];
        if (text[0] == (byte)'-')
            value = -value;
        return true;
    }

    /// <summary>Where the exponent ends; 0, which is never an end, where there is none.</summary>
    private static int Exponent(ReadOnlySpan<byte> text, int i, ref int power)
    {
        var negative = i < text.Length && text[i] == (byte)'-';
        if (i < text.Length && text[i] is (byte)'-' or (byte)'+')
            i++;
        var (from, exponent) = (i, 0);
        for (; i < text.Length && i - from < 4 && (uint)text[i] - '0' <= 9; i++)
            exponent = (10 * exponent) + text[i] - '0';
        power += negative ? -exponent : exponent;
        return i == from ? 0 : i;
    }

    // The runtime allows trailing zero bytes; a cell that has one is no number. It does not know how C and Python write infinity.
    private static bool ParseRest(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        if (text.Length is 3 or 4 && System.Text.Ascii.EqualsIgnoreCase(text[^3..], "inf"u8) && (text.Length == 3 || text[0] is (byte)'-' or (byte)'+'))
        {
            value = text[0] == (byte)'-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }
        return !text.Contains((byte)0) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
