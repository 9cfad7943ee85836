using System.Globalization;

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
