using Lode.Core;
using Lode.Learning;

namespace Lode.TestKit.Learning;

/// <summary>Small made learning problems: the first feature decides, with noise; others say little.</summary>
public static class Problems
{
    /// <summary>Two classes, four classes, a regression.</summary>
    public static IReadOnlyList<TrainingData> All { get; } = [Classes(200, 5, 2, 11), Classes(240, 4, 4, 12), Regression(200, 4, 13)];

    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of features, at least 1.</param>
    /// <param name="classes">Number of classes, at least 2; each has rows.</param>
    /// <param name="seed">Decides everything.</param>
    public static TrainingData Classes(int rows, int columns, int classes, ulong seed)
    {
        var rng = new Rng(seed);
        var values = new double[rows * columns];
        var labels = new int[rows];
        for (var row = 0; row < rows; row++)
        {
            labels[row] = row % classes;
            for (var column = 0; column < columns; column++)
            {
                var centre = column == 0 ? 3.0 * labels[row] : column == 1 ? labels[row] * labels[row] : 0;
                values[(row * columns) + column] = centre + rng.NextGaussian();
            }
        }
        return new TrainingData(Matrix(values, rows, columns), Target.Classification("class", labels, [.. Enumerable.Range(0, classes).Select(label => $"c{label}")]));
    }

    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of features, at least 1.</param>
    /// <param name="seed">Decides everything.</param>
    public static TrainingData Regression(int rows, int columns, ulong seed)
    {
        var rng = new Rng(seed);
        var values = new double[rows * columns];
        for (var i = 0; i < values.Length; i++)
            values[i] = rng.NextGaussian();
        var target = new double[rows];
        for (var row = 0; row < rows; row++)
            target[row] = 10 + (3 * values[row * columns]) + (0.2 * rng.NextGaussian());
        return new TrainingData(Matrix(values, rows, columns), Target.Regression("y", target));
    }

    /// <summary>The same rows with a share of the values missing, at random, in every column but the first.</summary>
    public static TrainingData WithMissing(TrainingData data, double share, ulong seed)
    {
        var rng = new Rng(seed);
        var values = data.Features.Values.ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            if (i % data.Features.Columns > 0 && rng.NextDouble() < share)
                values[i] = double.NaN;
        }
        return new TrainingData(new FeatureMatrix(values, data.Features.Rows, data.Features.Names, data.Features.Levels.ToArray()), data.Target);
    }

    /// <summary>The same rows with the first column cut into levels of equal shares, whose codes are shuffled: their order says nothing.</summary>
    public static TrainingData WithCategories(TrainingData data, int levels, ulong seed)
    {
        var codes = Enumerable.Range(0, levels).ToArray();
        new Rng(seed).Shuffle<int>(codes);
        var (columns, rows) = (data.Features.Columns, data.Features.Rows);
        var values = data.Features.Values.ToArray();
        var order = Enumerable.Range(0, rows).OrderBy(row => data.Features.Row(row)[0]).ToArray();
        for (var i = 0; i < rows; i++)
            values[order[i] * columns] = codes[i * levels / rows];
        int[] counts = [levels, .. Enumerable.Repeat(0, columns - 1)];
        return new TrainingData(new FeatureMatrix(values, rows, data.Features.Names, counts), data.Target);
    }

    private static FeatureMatrix Matrix(double[] values, int rows, int columns) =>
        new(values, rows, [.. Enumerable.Range(0, columns).Select(column => $"x{column}")]);
}
