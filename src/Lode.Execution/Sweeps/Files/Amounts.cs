using System.Globalization;
using System.Text.RegularExpressions;

namespace Lode.Execution;

/// <summary>Durations and sizes as people write them.</summary>
internal static partial class Amounts
{
    /// <summary>Seconds of <c>90</c>, <c>90s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>, <c>1h30m</c>; null for something else.</summary>
    public static double? Seconds(string text)
    {
        var match = Duration().Match(text);
        if (!match.Success || text.Length == 0)
            return null;
        var sum = 0.0;
        for (var i = 0; i < match.Groups[1].Captures.Count; i++)
        {
            var unit = match.Groups[2].Captures[i].Value;
            if (unit.Length == 0 && match.Groups[1].Captures.Count > 1)
                return null;
            sum += double.Parse(match.Groups[1].Captures[i].Value, CultureInfo.InvariantCulture) * unit switch { "m" => 60, "h" => 3600, "d" => 86_400, "ms" => 0.001, _ => 1 };
        }
        return sum;
    }

    /// <summary>Bytes of <c>512</c>, <c>512MB</c>, <c>8GiB</c>: thousands, with an i 1,024s; null for something else.</summary>
    public static long? Bytes(string text)
    {
        var match = Size().Match(text);
        if (!match.Success)
            return null;
        var unit = match.Groups[3].Length > 0 ? 1024.0 : 1000.0;
        var bytes = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * Math.Pow(unit, "KMGT".IndexOf(match.Groups[2].Value.ToUpperInvariant(), StringComparison.Ordinal) + (match.Groups[2].Length > 0 ? 1 : 0));
        return bytes < 1L << 60 ? (long)bytes : null;
    }

    [GeneratedRegex(@"^(?:(\d+(?:\.\d+)?)(ms|s|m|h|d|))+$")]
    private static partial Regex Duration();

    [GeneratedRegex("^(\\d+(?:\\.\\d+)?) ?([kKmMgGtT]?)(i?)[bB]?$")]
    private static partial Regex Size();
}
