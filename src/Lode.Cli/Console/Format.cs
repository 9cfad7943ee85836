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

    /// <summary>The word nearest to a mistyped one, if any is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> words) => words
        .Select(candidate => (candidate, Distance: Distance(word, candidate)))
        .Where(pair => pair.Distance <= Math.Max(1, Math.Min(3, word.Length / 2)))
        .OrderBy(pair => pair.Distance)
        .Select(pair => pair.candidate)
        .FirstOrDefault();

    // Levenshtein.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
