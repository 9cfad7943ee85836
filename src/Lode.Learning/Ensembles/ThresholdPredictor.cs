namespace Lode.Learning;

/// <summary>A predictor of two classes that takes a row for the second from a probability on that need not be a half; its probabilities are the inner one's.</summary>
/// <param name="inner">Of two classes.</param>
/// <param name="threshold">In [0, 1].</param>
public sealed class ThresholdPredictor(IPredictor inner, double threshold) : IPredictor
{
    internal const string KindName = "threshold";

    /// <summary>What gives the probabilities.</summary>
    public IPredictor Inner => inner;

    /// <summary>The probability of the second class from which on a row is taken for it.</summary>
    public double Threshold => threshold;

    /// <inheritdoc/>
    public TableSchema Schema => inner.Schema;

    /// <inheritdoc/>
    public string TargetName => inner.TargetName;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => inner.Classes;

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public Predictions Predict(Table table, int threads = 0) => new(inner.Predict(table, threads).Values.ToArray(), Classes, threshold);

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteDouble(threshold);
        writer.WriteThing(inner);
    }

    internal static ThresholdPredictor Read(BundleReader reader)
    {
        var threshold = reader.ReadDouble();
        var inner = reader.ReadThing<IPredictor>();
        return threshold is >= 0 and <= 1 && inner.Classes.Count == 2 ? new ThresholdPredictor(inner, threshold) : throw BundleReader.Broken("a threshold does not fit its classes");
    }
}
