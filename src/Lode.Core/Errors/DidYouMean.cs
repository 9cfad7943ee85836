namespace Lode.Core;

/// <summary>Helps with a name that does not exist.</summary>
public static class DidYouMean
{
    /// <summary>The name nearest to a mistyped one, case ignored; null where none is near.</summary>
    public static string? Nearest(string got, IEnumerable<string> names)
    {
        var (best, distance) = names
            .Select(name => (name, distance: Distance(got, name)))
            .DefaultIfEmpty((name: "", distance: int.MaxValue))
            .MinBy(pair => pair.distance);
        return distance <= Math.Max(1, got.Length / 3) && distance < got.Length ? best : null;
    }

    /// <summary>"Did you mean 'x'?" where a name is near, else the names there are (at most ten).</summary>
    public static string Hint(string got, IEnumerable<string> names)
    {
        var known = names.ToArray();
        if (Nearest(got, known) is { } near)
            return $"Did you mean '{near}'?";
        var shown = string.Join(", ", known.Take(10));
        return known.Length > 10 ? $"There are: {shown} and {known.Length - 10} more." : $"There are: {shown}.";
    }

    /// <summary>Levenshtein's distance, case ignored, in which two letters that changed places count as one mistake.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 2]) && char.ToLowerInvariant(a[i - 2]) == char.ToLowerInvariant(b[j - 1]))
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }
        return rows[a.Length, b.Length];
    }
}
