using Lode.Core;

namespace Lode.Learning;

/// <summary>What resamplers share.</summary>
internal static class ClassRows
{
    /// <summary>The rows of each class, ascending.</summary>
    /// <exception cref="LodeException">InvalidArgument: there are no classes.</exception>
    public static int[][] Of(TrainingData data, string resampler)
    {
        if (data.Target.Task != TaskKind.Classification)
            throw new LodeException(ErrorCode.InvalidArgument, $"Resampler '{resampler}' is for classes; the target '{data.Target.Name}' has none.");
        var rows = data.Target.CountClasses().Select(count => new int[count]).ToArray();
        var used = new int[rows.Length];
        for (var row = 0; row < data.Target.Rows; row++)
            rows[data.Target.Labels[row]][used[data.Target.Labels[row]]++] = row;
        return rows;
    }

    /// <summary>The given rows, repeats allowed.</summary>
    public static TrainingData Select(TrainingData data, int[] rows)
    {
        var (features, width) = (data.Features, data.Features.Columns);
        var values = new double[rows.Length * width];
        var weights = new double[data.Weights.IsEmpty ? 0 : rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            features.Row(rows[i]).CopyTo(values.AsSpan(i * width));
            if (weights.Length > 0)
                weights[i] = data.Weights[rows[i]];
        }
        return new TrainingData(new FeatureMatrix(values, rows.Length, features.Names, features.Levels.ToArray()), data.Target.Select(rows), weights);
    }

    public static double RequireRatio(double ratio, string resampler) => ratio is > 0 and <= 1 ? ratio
        : throw new LodeException(ErrorCode.InvalidArgument, $"The ratio of '{resampler}' is in (0, 1]; got {ratio}.");
}

/// <summary>Lets every class count alike: a row's weight is multiplied by n/(k·rows of its class), rows by their weights, classes without rows left out.</summary>
/// <remarks>scikit-learn's class_weight="balanced".</remarks>
public sealed class ClassWeights : IResampler
{
    /// <inheritdoc/>
    public string Name => "class_weight";

    /// <inheritdoc/>
    public TrainingData Resample(TrainingData data, Rng rng)
    {
        var factors = Array.ConvertAll(ClassRows.Of(data, Name), rows => rows.Sum(data.Weight));
        var (total, classes) = (factors.Sum(), factors.Count(weight => weight > 0));
        for (var label = 0; label < factors.Length; label++)
            factors[label] = factors[label] > 0 ? total / (classes * factors[label]) : 0;
        var weights = new double[data.Target.Rows];
        for (var row = 0; row < weights.Length; row++)
            weights[row] = data.Weight(row) * factors[data.Target.Labels[row]];
        return new TrainingData(data.Features, data.Target, weights);
    }
}

/// <summary>Repeats rows of rare classes, drawn at random, until each has a share of the rows of the largest class.</summary>
/// <param name="ratio">That share, in (0, 1]. Default: 1.</param>
public sealed class RandomOverSampler(double ratio = 1) : IResampler
{
    private readonly double _ratio = ClassRows.RequireRatio(ratio, "over_sample");

    /// <inheritdoc/>
    public string Name => "over_sample";

    internal static IResampler Create(ParameterReader reader) => new RandomOverSampler(reader.Double("ratio", 1));

    /// <inheritdoc/>
    public TrainingData Resample(TrainingData data, Rng rng)
    {
        var classes = ClassRows.Of(data, Name);
        var wanted = (int)Math.Round(_ratio * classes.Max(rows => rows.Length), MidpointRounding.AwayFromZero);
        var taken = Enumerable.Range(0, data.Target.Rows).ToList();
        for (var label = 0; label < classes.Length; label++)
        {
            var (rows, draws) = (classes[label], rng.Child((ulong)label));
            for (var i = rows.Length; rows.Length > 0 && i < wanted; i++)
                taken.Add(rows[draws.NextInt32(rows.Length)]);
        }
        return ClassRows.Select(data, [.. taken]);
    }
}

/// <summary>Leaves out rows of frequent classes, drawn at random, until the smallest class that has rows has a share of the rows of each.</summary>
/// <param name="ratio">That share, in (0, 1]. Default: 1.</param>
public sealed class RandomUnderSampler(double ratio = 1) : IResampler
{
    private readonly double _ratio = ClassRows.RequireRatio(ratio, "under_sample");

    /// <inheritdoc/>
    public string Name => "under_sample";

    internal static IResampler Create(ParameterReader reader) => new RandomUnderSampler(reader.Double("ratio", 1));

    /// <inheritdoc/>
    public TrainingData Resample(TrainingData data, Rng rng)
    {
        var classes = ClassRows.Of(data, Name);
        var most = (int)Math.Round(classes.Where(rows => rows.Length > 0).Min(rows => rows.Length) / _ratio, MidpointRounding.AwayFromZero);
        var taken = new List<int>();
        for (var label = 0; label < classes.Length; label++)
        {
            var rows = classes[label];
            if (rows.Length > most)
            {
                rng.Child((ulong)label).Shuffle<int>(rows);
                Array.Resize(ref rows, most);
            }
            taken.AddRange(rows);
        }
        taken.Sort();
        return ClassRows.Select(data, [.. taken]);
    }
}
