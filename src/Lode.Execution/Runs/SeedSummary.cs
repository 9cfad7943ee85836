using Lode.Core;

namespace Lode.Execution;

/// <summary>What several runs of one program with different seeds say together of a metric.</summary>
/// <param name="Metric">Its name.</param>
/// <param name="Count">Runs that have a number of it.</param>
/// <param name="Mean">Mean of the runs' last values.</param>
/// <param name="Deviation">Their standard deviation (n - 1); NaN for one run.</param>
/// <param name="Low">Lower end of the 95 % interval of the mean, by Student's t; NaN for one run.</param>
/// <param name="High">Its upper end.</param>
public sealed record SeedSummary(string Metric, int Count, double Mean, double Deviation, double Low, double High)
{
    /// <summary>Sums up each metric that at least one run has, by name. Values that are no numbers are left out.</summary>
    /// <param name="runs">Each run's last values.</param>
    public static IReadOnlyList<SeedSummary> Of(IEnumerable<IReadOnlyDictionary<string, double>> runs) =>
        [.. runs.SelectMany(run => run).Where(pair => double.IsFinite(pair.Value)).GroupBy(pair => pair.Key, pair => pair.Value).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => Of(group.Key, [.. group]))];

    /// <summary>Reads a list of seeds: <c>1..5</c>, <c>1,2,7</c>, or both.</summary>
    /// <exception cref="LodeException">InvalidArgument: something else, or more than 1,000.</exception>
    public static IReadOnlyList<long> ParseSeeds(string text)
    {
        var seeds = new List<long>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split("..");
            if (!long.TryParse(ends[0], System.Globalization.CultureInfo.InvariantCulture, out var first) || ends.Length > 2)
                throw Invalid(text);
            var last = first;
            if (ends.Length == 2 && !long.TryParse(ends[1], System.Globalization.CultureInfo.InvariantCulture, out last))
                throw Invalid(text);
            if (last < first || last - first >= 1000 || seeds.Count > 1000)
                throw Invalid(text);
            for (var seed = first; seed <= last; seed++)
                seeds.Add(seed);
        }
        return seeds.Count <= 1000 && seeds.Distinct().Count() == seeds.Count ? seeds : throw Invalid(text);
    }

    private static LodeException Invalid(string text) => new(ErrorCode.InvalidArgument, $"--seed-list takes seeds as 1..5 or 1,2,7, at most 1000 and each once; got '{text}'.");

    private static SeedSummary Of(string metric, double[] values)
    {
        var mean = values.Average();
        if (values.Length == 1)
            return new SeedSummary(metric, 1, mean, double.NaN, double.NaN, double.NaN);
        var deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1));
        var half = Distributions.StudentTwoSidedQuantile(0.05, values.Length - 1) * deviation / Math.Sqrt(values.Length);
        return new SeedSummary(metric, values.Length, mean, deviation, mean - half, mean + half);
    }
}
