using System.Globalization;
using Lode.Core;

namespace Lode.Cli;

/// <summary>Numbers and times for people.</summary>
internal static class Format
{
    /// <summary>Five significant digits, without trailing zeros.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
            return value.ToString(CultureInfo.InvariantCulture);
        if (value == Math.Floor(value) && Math.Abs(value) < 1e9)
            return value.ToString("0", CultureInfo.InvariantCulture);
        return value.ToString("G5", CultureInfo.InvariantCulture);
    }

    /// <summary>For example <c>0.4s</c>, <c>12s</c>, <c>3m12s</c>, <c>2h05m</c>.</summary>
    public static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0}s"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0}s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes}m{time.Seconds:00}s"),
        < 86400 => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}h{time.Minutes:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d{time.Hours:00}h"),
    };

    /// <summary>For example <c>512 B</c>, <c>4.1 MB</c>; a thousand bytes are a kilobyte.</summary>
    public static string Bytes(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 999.5 && unit < units.Length - 1; unit++)
            size /= 1000;
        return string.Create(CultureInfo.InvariantCulture, $"{size.ToString(unit == 0 || size >= 99.5 ? "0" : "0.0", CultureInfo.InvariantCulture)} {units[unit]}");
    }

    /// <summary>Seconds of what a person typed: <c>90s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>; a bare number is days.</summary>
    /// <exception cref="LodeException">InvalidArgument: something else.</exception>
    public static long Seconds(string option, string text)
    {
        var unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, >= '0' and <= '9' => -86_400, _ => 0 };
        return unit != 0 && int.TryParse(unit < 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? (long)count * Math.Abs(unit)
            : throw new LodeException(ErrorCode.InvalidArgument, $"{option} takes a time as 90s, 5m, 2h or 7d; got '{text}'.");
    }

    /// <summary>How long ago, in the greatest unit.</summary>
    public static string Age(TimeSpan time) => time.TotalSeconds switch
    {
        < 0 => "0s",
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0}s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes}m"),
        < 86400 => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d"),
    };
}
