using Lode.Core;

namespace Lode.Learning;

/// <summary>Keeps the columns that tell most about the target; dates stay.</summary>
/// <remarks>Mutual information in nats over the training rows, by their weights, of the column in levels (numbers: ten bins of equal weight; missing is a
/// level of its own) and the target (classes; numbers: ten such bins), less its bias (levels − 1)(classes − 1)/(2·rows): Miller, "Note on the bias of information
/// estimates" (1955). Of equals the earlier column is kept.</remarks>
public sealed class MutualInformationSelector : ITransform
{
    private const int Bins = 10;

    private readonly int _kept;

    /// <param name="kept">How many columns stay, at least 1; all where there are not more. Default: 10.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 1.</exception>
    public MutualInformationSelector(int kept = 10) => _kept = kept >= 1 ? kept
        : throw new LodeException(ErrorCode.InvalidArgument, $"At least 1 column must stay; got {kept}.");

    internal static ITransform Create(ParameterReader reader) => new MutualInformationSelector(reader.Int32In("k", 10, 1));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var (labels, classes) = LabelsOf(rows.Target, rows.Weights);
        var scored = rows.Features.Columns.Where(column => column is not DateColumn).ToArray();
        var scores = new double[scored.Length];
        for (var i = 0; i < scored.Length; i++)
            scores[i] = Score(scored[i], labels, classes, rows.Weights);
        var order = Enumerable.Range(0, scored.Length).OrderByDescending(i => scores[i]).ThenBy(i => i).Skip(_kept);
        return new FittedSelection([.. order.Order().Select(i => scored[i].Name)]);
    }

    /// <summary>The estimate, in nats; may be slightly below 0 for columns that say nothing.</summary>
    internal static double Score(Column column, int[] labels, int classes, ReadOnlySpan<double> weights)
    {
        var (levels, count) = LevelsOf(column, weights);
        var joint = new Dictionary<long, double>();
        var (rowSums, classSums, total) = (new double[count], new double[classes], 0.0);
        for (var row = 0; row < labels.Length; row++)
        {
            var weight = weights.IsEmpty ? 1 : weights[row];
            var key = ((long)levels[row] * classes) + labels[row];
            joint[key] = joint.GetValueOrDefault(key) + weight;
            rowSums[levels[row]] += weight;
            classSums[labels[row]] += weight;
            total += weight;
        }
        var sum = 0.0;
        foreach (var (key, weight) in joint.OrderBy(pair => pair.Key))
        {
            if (weight > 0)
                sum += weight / total * Math.Log(weight * total / (rowSums[key / classes] * classSums[key % classes]));
        }
        var (usedLevels, usedClasses) = (rowSums.Count(weight => weight > 0), classSums.Count(weight => weight > 0));
        return sum - ((usedLevels - 1.0) * (usedClasses - 1.0) / (2 * total));
    }

    internal static (int[] Labels, int Classes) LabelsOf(Target target, ReadOnlySpan<double> weights) => target.Task == TaskKind.Classification
        ? (target.Labels.ToArray(), target.Classes.Count)
        : BinsOf(target.Values, weights);

    private static (int[] Levels, int Count) LevelsOf(Column column, ReadOnlySpan<double> weights)
    {
        if (column is NumericColumn numeric)
            return BinsOf(numeric.Values, weights);
        // By the text's rank, not by the code: so the sum's order, and with it its last bit, does not hang on how levels are listed.
        var categorical = (CategoricalColumn)column;
        var ranks = new int[categorical.Levels.Count];
        int[] order = [.. Enumerable.Range(0, ranks.Length).OrderBy(level => categorical.Levels[level], StringComparer.Ordinal)];
        for (var rank = 0; rank < order.Length; rank++)
            ranks[order[rank]] = rank + 1;
        return (Array.ConvertAll(categorical.Codes.ToArray(), code => code < 0 ? 0 : ranks[code]), ranks.Length + 1);
    }

    private static (int[] Bins, int Count) BinsOf(ReadOnlySpan<double> values, ReadOnlySpan<double> weights)
    {
        var sample = SortedSample.Of(values, weights);
        var different = sample.Values.ToArray().Distinct().Take(Bins + 1).ToArray();
        var cuts = different.Length <= Bins ? different
            : [.. Enumerable.Range(1, Bins - 1).Select(i => sample.Quantile(i / (double)Bins)).Distinct()];
        var bins = new int[values.Length];
        for (var row = 0; row < bins.Length; row++)
        {
            if (double.IsNaN(values[row]))
                continue;
            var at = Array.BinarySearch(cuts, values[row]);
            bins[row] = 1 + (at >= 0 ? at + 1 : ~at);
        }
        return (bins, cuts.Length + 2);
    }
}
