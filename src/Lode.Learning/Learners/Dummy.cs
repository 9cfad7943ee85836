using Lode.Core;

namespace Lode.Learning;

/// <summary>Looks at no feature: predicts the classes' shares, or the mean or a quantile. What every other learner must beat.</summary>
/// <remarks>scikit-learn's DummyClassifier(strategy="prior") and DummyRegressor(strategy="mean" or "quantile").</remarks>
public sealed class Dummy : ILearner
{
    private readonly double? _quantile;

    /// <param name="quantile">Of numbers: the quantile to predict, between 0 and 1. Null: the mean.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public Dummy(double? quantile = null)
    {
        if (quantile is not (null or (> 0 and < 1)))
            throw new LodeException(ErrorCode.InvalidArgument, $"dummy needs a quantile between 0 and 1; got {quantile}.");
        _quantile = quantile;
    }

    internal static Dummy Create(ParameterReader read) => new(read.Find("quantile") is null ? null : read.Double("quantile", 0.5));

    /// <inheritdoc/>
    public string Name => "dummy";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => true;

    /// <inheritdoc/>
    public LearnerTags Tags { get; } = new() { Missing = true, Categories = true, MonotoneInvariant = true, Deterministic = true };

    /// <inheritdoc/>
    public IModel Fit(TrainingData data, FitContext context)
    {
        data.RequireFor(this);
        var target = data.Target;
        if (_quantile is { } quantile && target.Task == TaskKind.Regression)
            return new DummyModel(data.Features.Columns, [QuantileRegression.Marginal(data, quantile)]);
        var classification = target.Task == TaskKind.Classification;
        var row = new double[classification ? target.Classes.Count : 1];
        var total = 0.0;
        for (var i = 0; i < target.Rows; i++)
        {
            total += data.Weight(i);
            if (classification)
                row[target.Labels[i]] += data.Weight(i);
            else
                row[0] += data.Weight(i) * target.Values[i];
        }
        for (var output = 0; output < row.Length; output++)
            row[output] /= total;
        return new DummyModel(data.Features.Columns, row);
    }

    internal sealed class DummyModel(int columns, double[] row) : IModel
    {
        public const string KindName = "dummy";

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteInt32(columns);
            writer.WriteDoubles(row);
        }

        public static DummyModel Read(BundleReader reader) => new(reader.ReadInt32(0, int.MaxValue), reader.ReadDoubles());

        public void Predict(FeatureMatrix features, Span<double> output, int threads)
        {
            ModelShape.Require(features, columns, output, row.Length, missing: true);
            for (var i = 0; i < features.Rows; i++)
                row.CopyTo(output[(i * row.Length)..]);
        }
    }
}
