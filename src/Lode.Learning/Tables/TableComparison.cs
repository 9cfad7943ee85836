using Lode.Core;

namespace Lode.Learning;

/// <summary>How a column of one table differs from that of another.</summary>
/// <param name="Column">Its name.</param>
/// <param name="Distance">How far the distributions are apart, in [0, 1]: the largest difference of the distribution functions of numbers, half the summed differences of shares
/// of levels, or the difference of the missing shares, whichever is the least likely by chance.</param>
/// <param name="Chance">How likely a distance as large or larger is where nothing differs.</param>
/// <param name="What"><c>values</c>, <c>levels</c> or <c>missing</c>.</param>
public sealed record ColumnDrift(string Column, double Distance, double Chance, string What);

/// <summary>Compares the rows to learn from with those to predict.</summary>
/// <remarks>Numbers: two-sample Kolmogorov-Smirnov statistic, asymptotic, with Stephens' correction (J. R. Statist. Soc. B 32, 1970). Levels: χ² of two samples by the cube root
/// transformation of Wilson and Hilferty (PNAS 17, 1931), rare levels together. Missing cells: normal test of two shares.</remarks>
public static class TableComparison
{
    // A distance below says nothing to a model, however sure it is.
    private const double LeastDistance = 0.1;
    private const double LeastExpected = 5;

    /// <summary>Columns that differ more than chance explains: distance at least 0.1, and a chance that stays below the level over all columns together (Holm 1979).</summary>
    /// <param name="learned">One table.</param>
    /// <param name="other">Another, with columns of the same names and kinds; those that it lacks are passed over, and dates too.</param>
    /// <param name="level">How likely any warning may be where nothing differs, in (0, 1). Default: 0.01.</param>
    /// <returns>The farthest first.</returns>
    public static IReadOnlyList<ColumnDrift> Drift(Table learned, Table other, double level = 0.01)
    {
        var all = new List<ColumnDrift>();
        foreach (var column in learned.Columns)
        {
            if (other.Find(column.Name) is not { } second || column.Count == 0 || second.Count == 0)
                continue;
            if (column is NumericColumn numbers && second is NumericColumn numbers2)
                all.Add(Least(Missing(column, second), Numbers(column.Name, numbers.Values, numbers2.Values)));
            else if (column is CategoricalColumn levels && second is CategoricalColumn levels2)
                all.Add(Least(Missing(column, second), Levels(levels, levels2)));
        }
        ColumnDrift[] sorted = [.. all.OrderBy(drift => drift.Chance)];
        var kept = new List<ColumnDrift>();
        for (var i = 0; i < sorted.Length && sorted[i].Chance <= level / (sorted.Length - i); i++)
        {
            if (sorted[i].Distance >= LeastDistance)
                kept.Add(sorted[i]);
        }
        return [.. kept.OrderByDescending(drift => drift.Distance)];
    }

    /// <summary>Rows of the second table that are rows of the first too, in all columns of the first, by number.</summary>
    /// <param name="learned">At least one column.</param>
    /// <param name="other">With these columns.</param>
    public static int[] Shared(Table learned, Table other)
    {
        var seen = new HashSet<string>(Keys(learned, learned), StringComparer.Ordinal);
        return [.. Keys(learned, other).Select((key, row) => (key, row)).Where(pair => seen.Contains(pair.key)).Select(pair => pair.row)];
    }

    private static IEnumerable<string> Keys(Table shape, Table table)
    {
        Column[] columns = [.. shape.Columns.Select(column => table[column.Name])];
        var key = new System.Text.StringBuilder();
        for (var row = 0; row < table.Rows; row++)
        {
            key.Clear();
            foreach (var column in columns)
            {
                if (!column.IsMissing(row))
                {
                    _ = column switch
                    {
                        CategoricalColumn levels => key.Append(levels.Levels[levels.Codes[row]]),
                        NumericColumn numbers => key.Append(System.Globalization.CultureInfo.InvariantCulture, $"{numbers.Values[row]:R}"),
                        DateColumn dates => key.Append(dates.Ticks[row]),
                        _ => key,
                    };
                }
                key.Append('\u001f');
            }
            yield return key.ToString();
        }
    }

    private static ColumnDrift Least(ColumnDrift one, ColumnDrift other)
    {
        var least = other.Chance <= one.Chance ? other : one;
        // Two looks at one column.
        return least with { Chance = Math.Min(1, 2 * least.Chance) };
    }

    private static ColumnDrift Missing(Column one, Column other)
    {
        double n = one.Count, m = other.Count;
        var (first, second) = (one.CountMissing() / n, other.CountMissing() / m);
        var pooled = (one.CountMissing() + other.CountMissing()) / (n + m);
        var error = Math.Sqrt(pooled * (1 - pooled) * ((1 / n) + (1 / m)));
        return new ColumnDrift(one.Name, Math.Abs(first - second), error > 0 ? 2 * SpecialFunctions.NormalCdf(-Math.Abs(first - second) / error) : 1, "missing");
    }

    private static ColumnDrift Numbers(string name, ReadOnlySpan<double> one, ReadOnlySpan<double> other)
    {
        var (first, second) = (Present(one), Present(other));
        if (first.Length == 0 || second.Length == 0)
            return new ColumnDrift(name, 0, 1, "values");
        var (i, j, distance) = (0, 0, 0.0);
        while (i < first.Length && j < second.Length)
        {
            var value = Math.Min(first[i], second[j]);
            while (i < first.Length && first[i] <= value)
                i++;
            while (j < second.Length && second[j] <= value)
                j++;
            distance = Math.Max(distance, Math.Abs(((double)i / first.Length) - ((double)j / second.Length)));
        }
        var root = Math.Sqrt((double)first.Length * second.Length / (first.Length + second.Length));
        return new ColumnDrift(name, distance, Kolmogorov((root + 0.12 + (0.11 / root)) * distance), "values");
    }

    private static double[] Present(ReadOnlySpan<double> values)
    {
        var present = Array.FindAll(values.ToArray(), value => !double.IsNaN(value));
        Array.Sort(present);
        return present;
    }

    private static double Kolmogorov(double lambda)
    {
        if (lambda < 0.3)
            return 1;
        var sum = 0.0;
        for (var k = 1; k <= 50; k++)
            sum += (k % 2 == 1 ? 2 : -2) * Math.Exp(-2.0 * k * k * lambda * lambda);
        return Math.Clamp(sum, 0, 1);
    }

    private static ColumnDrift Levels(CategoricalColumn one, CategoricalColumn other)
    {
        var counts = new Dictionary<string, (double One, double Other)>(StringComparer.Ordinal);
        var (n, m) = (0.0, 0.0);
        foreach (var code in one.Codes)
        {
            if (code < 0)
                continue;
            counts[one.Levels[code]] = counts.GetValueOrDefault(one.Levels[code]) with { One = counts.GetValueOrDefault(one.Levels[code]).One + 1 };
            n++;
        }
        foreach (var code in other.Codes)
        {
            if (code < 0)
                continue;
            counts[other.Levels[code]] = counts.GetValueOrDefault(other.Levels[code]) with { Other = counts.GetValueOrDefault(other.Levels[code]).Other + 1 };
            m++;
        }
        if (n == 0 || m == 0)
            return new ColumnDrift(one.Name, 0, 1, "levels");
        var cells = new List<(double One, double Other)>();
        var rare = (One: 0.0, Other: 0.0);
        foreach (var count in counts.Values)
        {
            if ((count.One + count.Other) * Math.Min(n, m) / (n + m) < LeastExpected)
                rare = (rare.One + count.One, rare.Other + count.Other);
            else
                cells.Add(count);
        }
        if (rare.One + rare.Other > 0)
            cells.Add(rare);
        var (square, distance) = (0.0, 0.0);
        foreach (var (first, second) in cells)
        {
            var share = (first + second) / (n + m);
            square += (Math.Pow(first - (n * share), 2) / (n * share)) + (Math.Pow(second - (m * share), 2) / (m * share));
            distance += Math.Abs((first / n) - (second / m)) / 2;
        }
        return new ColumnDrift(one.Name, distance, ChiSquareTail(square, cells.Count - 1), "levels");
    }

    private static double ChiSquareTail(double square, int freedom)
    {
        if (freedom < 1)
            return 1;
        var part = 2.0 / (9 * freedom);
        return SpecialFunctions.NormalCdf(-(Math.Cbrt(square / freedom) - (1 - part)) / Math.Sqrt(part));
    }
}
