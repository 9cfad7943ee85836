using Lode.Core;
using Lode.Learning;

namespace Lode.Bench.Learning;

/// <summary>Made data: the same on every machine.</summary>
internal static class Made
{
    /// <summary>Two classes; five standard normal features decide, with an interaction and noise, the others say nothing.</summary>
    public static TrainingData Classification(int rows, int columns, ulong seed)
    {
        var rng = new Rng(seed);
        var values = new double[rows * columns];
        for (var i = 0; i < values.Length; i++)
            values[i] = rng.NextGaussian();
        var labels = new int[rows];
        for (var row = 0; row < rows; row++)
        {
            var x = values.AsSpan(row * columns, columns);
            labels[row] = x[0] + (0.7 * x[1]) - (0.5 * x[2]) + (x[3] * x[4]) + rng.NextGaussian() > 0 ? 1 : 0;
        }
        var features = new FeatureMatrix(values, rows, [.. Enumerable.Range(0, columns).Select(column => $"x{column}")]);
        return new TrainingData(features, Target.Classification("class", labels, ["no", "yes"]));
    }
}
