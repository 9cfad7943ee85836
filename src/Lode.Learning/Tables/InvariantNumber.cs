using System.Globalization;

namespace Lode.Learning;

/// <summary>Numbers in the invariant culture, correctly rounded.</summary>
internal static class InvariantNumber
{
    private static readonly double[] s_powers =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <remarks>Plain decimals of up to 15 digits take Clinger's exact way ("How to read floating point numbers accurately",
    /// PLDI 1990): digits and power of ten are both exact doubles, so one division rounds once. The rest goes to the runtime.</remarks>
    public static bool TryParse(ReadOnlySpan<char> text, out double value)
    {
        var i = text.Length > 0 && text[0] == '-' ? 1 : 0;
        var digits = 0;
        var decimals = -1;
        var mantissa = 0L;
        for (; i < text.Length; i++)
        {
            var digit = text[i] - '0';
            if ((uint)digit <= 9)
            {
                mantissa = (10 * mantissa) + digit;
                decimals += decimals >= 0 ? 1 : 0;
                if (++digits > 15)
                    break;
            }
            else if (text[i] == '.' && decimals < 0)
            {
                decimals = 0;
            }
            else
            {
                break;
            }
        }
        if (i < text.Length || digits == 0)
            return ParseRest(text, out value);
        value = mantissa / s_powers[Math.Max(decimals, 0)];
        if (text[0] == '-')
            value = -value;
        return true;
    }

    // The runtime allows trailing zero bytes; a cell that has one is no number.
    private static bool ParseRest(ReadOnlySpan<char> text, out double value)
    {
        value = 0;
        return !text.Contains('\0') && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
