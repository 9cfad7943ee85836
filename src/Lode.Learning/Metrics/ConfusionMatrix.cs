namespace Lode.Learning;

/// <summary>How much weight of each class was predicted to be each class.</summary>
public sealed class ConfusionMatrix
{
    private readonly double[] _counts;

    private ConfusionMatrix(double[] counts, IReadOnlyList<string> classes) => (_counts, Classes) = (counts, classes);

    /// <summary>The classes, in the order of rows and columns.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The weight of rows of class <paramref name="actual"/> for which <paramref name="predicted"/> was the most probable.</summary>
    public double this[int actual, int predicted] => _counts[(actual * Classes.Count) + predicted];

    /// <summary>The weight of rows of a class.</summary>
    public double Actual(int label)
    {
        var sum = 0.0;
        for (var other = 0; other < Classes.Count; other++)
            sum += this[label, other];
        return sum;
    }

    /// <summary>The weight of rows for which a class was the most probable.</summary>
    public double Predicted(int label)
    {
        var sum = 0.0;
        for (var other = 0; other < Classes.Count; other++)
            sum += this[other, label];
        return sum;
    }

    /// <summary>Counts rows.</summary>
    /// <param name="truth">A classification.</param>
    /// <param name="predicted">Of the same rows and classes.</param>
    /// <param name="weights">How much each row counts; empty: each 1.</param>
    public static ConfusionMatrix Of(Target truth, Predictions predicted, ReadOnlySpan<double> weights = default)
    {
        var counts = new double[truth.Classes.Count * truth.Classes.Count];
        for (var row = 0; row < truth.Rows; row++)
            counts[(truth.Labels[row] * truth.Classes.Count) + predicted.Label(row)] += weights.IsEmpty ? 1 : weights[row];
        return new ConfusionMatrix(counts, truth.Classes);
    }
}
