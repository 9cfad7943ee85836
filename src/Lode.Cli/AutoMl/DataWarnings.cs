using System.Globalization;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>What a careful colleague would say about two files and the way rows are split.</summary>
internal static class DataWarnings
{
    private const int MostNamed = 5;

    /// <summary>Rows of the test file that were learned from, and columns that are distributed otherwise there.</summary>
    /// <param name="train">The training rows.</param>
    /// <param name="test">The second file.</param>
    /// <param name="target">The target of the training rows.</param>
    public static IEnumerable<string> OfTest(AutoMlData train, TestData test, Column target)
    {
        var learned = train.Train.Features;
        var both = test.Table.Find(target.Name) is not null && test.Table[target.Name].Kind == target.Kind;
        var whole = both ? new Table([.. learned.Columns, target]) : learned;
        var shared = learned.Columns.Count == 0 ? [] : TableComparison.Shared(whole, test.Table);
        if (shared.Length > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{shared.Length} of {test.Table.Rows} rows of {test.Name} are rows of {train.Name} too, {(both ? "target included" : "by all columns that are learned from")} (row {Named(shared)}): what was learned by heart scores well on them.");
        }
        var drift = TableComparison.Drift(learned, test.Table);
        if (drift.Count > 0)
        {
            var named = drift.Take(MostNamed).Select(column => string.Create(CultureInfo.InvariantCulture, $"'{column.Column}' ({column.What}, distance {column.Distance:0.00})"));
            yield return $"{test.Name} is distributed otherwise than {train.Name} in {(drift.Count == 1 ? "column" : $"{drift.Count} columns:")} {string.Join(", ", named)}{(drift.Count > MostNamed ? ", …" : "")}. Scores by cross-validation do not tell about such rows.";
        }
    }

    /// <summary>Dates that a random split mixes.</summary>
    /// <param name="train">The training rows.</param>
    /// <param name="test">The second file, if any.</param>
    public static IEnumerable<string> OfTime(Dataset train, TestData? test)
    {
        if (!train.Times.IsEmpty)
            yield break;
        foreach (var column in train.Features.Columns.OfType<DateColumn>())
        {
            var (first, last, distinct) = Range(column);
            // A few dates are classes of rows, such as a year of birth, rather than when they happened.
            if (distinct < Math.Max(10, column.Count / 20))
                continue;
            var later = test?.Table.Find(column.Name) is DateColumn other && Range(other).First is var start && start > last;
            yield return later
                ? $"All rows of {test!.Name} come after the training rows by '{column.Name}', and the folds are drawn at random: models are scored on rows between those that they learned from. If time matters, --time {column.Name} scores by later rows."
                : $"Column '{column.Name}' is a date, and the folds are drawn at random: rows are predicted from later ones too{(test?.Table.Find(column.Name) is DateColumn second && Range(second).First < last && first < last ? $", and {test.Name} is mixed with the training rows in time" : "")}. If time matters, use --time {column.Name}.";
        }
    }

    private static (long First, long Last, int Distinct) Range(DateColumn column)
    {
        var (first, last, distinct) = (long.MaxValue, long.MinValue, new HashSet<long>());
        foreach (var ticks in column.Ticks)
        {
            if (ticks == DateColumn.Missing)
                continue;
            (first, last) = (Math.Min(first, ticks), Math.Max(last, ticks));
            distinct.Add(ticks);
        }
        return (first, last, distinct.Count);
    }

    private static string Named(int[] rows) => string.Join(", ", rows.Take(MostNamed).Select(row => row + 1)) + (rows.Length > MostNamed ? ", …" : "");
}
