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

    /// <summary>Levenshtein's distance, case ignored.</summary>
    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        var current = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + cost);
            }
            (previous, current) = (current, previous);
        }
        return previous[b.Length];
    }
}
