using Lode.Core;

namespace Lode.Learning;

/// <summary>Looks at no feature: predicts the classes' shares, or the mean. What every other learner must beat.</summary>
/// <remarks>scikit-learn's DummyClassifier(strategy="prior") and DummyRegressor(strategy="mean").</remarks>
public sealed class Dummy : ILearner
{
    /// <inheritdoc/>
    public string Name => "dummy";

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => true;

    /// <inheritdoc/>
    public IModel Fit(TrainingData data, Rng rng, CancellationToken cancellation)
    {
        var target = data.Target;
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
        return new Model(data.Features.Columns, row);
    }

    private sealed class Model(int columns, double[] row) : IModel
    {
        public void Predict(FeatureMatrix features, Span<double> output)
        {
            ModelShape.Require(features, columns, output, row.Length);
            for (var i = 0; i < features.Rows; i++)
                row.CopyTo(output[(i * row.Length)..]);
        }
    }
}
