using System.Globalization;
using Lode.Core;

namespace Lode.Cli;

/// <summary>Times and sizes as a person types them.</summary>
internal static class Quantities
{
    /// <summary>For example <c>60s</c>, <c>1.5m</c>, <c>2h</c>, <c>500ms</c>; a bare number is seconds.</summary>
    /// <exception cref="LodeException">InvalidArgument: something else.</exception>
    public static TimeSpan Time(string option, string text)
    {
        var (number, unit) = Split(text);
        double? seconds = unit switch { "ms" => 0.001, "s" or "" => 1, "m" or "min" => 60, "h" => 3600, "d" => 86_400, _ => null };
        return seconds is { } scale && number is { } count && count * scale < 1e9
            ? TimeSpan.FromSeconds(count * scale)
            : throw new LodeException(ErrorCode.InvalidArgument, $"{option} takes a time as 60s, 1.5m or 2h; got '{text}'.");
    }

    /// <summary>For example <c>4GB</c>, <c>512MB</c>, <c>2GiB</c>; a bare number is bytes.</summary>
    /// <exception cref="LodeException">InvalidArgument: something else.</exception>
    public static long Bytes(string option, string text)
    {
        var (number, unit) = Split(text);
        double? scale = unit.ToUpperInvariant() switch
        {
            "" or "B" => 1,
            "K" or "KB" => 1e3,
            "M" or "MB" => 1e6,
            "G" or "GB" => 1e9,
            "T" or "TB" => 1e12,
            "KIB" => 1 << 10,
            "MIB" => 1 << 20,
            "GIB" => 1 << 30,
            _ => null,
        };
        return scale is { } bytes && number is { } count && count * bytes is >= 1 and < 1e18
            ? (long)(count * bytes)
            : throw new LodeException(ErrorCode.InvalidArgument, $"{option} takes a size as 4GB or 512MB; got '{text}'.");
    }

    private static (double? Number, string Unit) Split(string text)
    {
        var length = 0;
        while (length < text.Length && (char.IsAsciiDigit(text[length]) || text[length] == '.'))
            length++;
        return double.TryParse(text.AsSpan(0, length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? (number, text[length..].Trim())
            : (null, "");
    }
}
