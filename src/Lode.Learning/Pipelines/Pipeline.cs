using Lode.Core;

namespace Lode.Learning;

/// <summary>Transforms in order, then a learner. It is fitted as a whole, so nothing is learned from rows that are scored.</summary>
/// <remarks>Immutable; one instance serves many fits at once.</remarks>
/// <param name="transforms">Applied in order; may be empty.</param>
/// <param name="learner">Sees the numeric columns that they leave.</param>
public sealed class Pipeline(IReadOnlyList<ITransform> transforms, ILearner learner)
{
    private readonly ITransform[] _transforms = [.. transforms];

    /// <summary>The learner.</summary>
    public ILearner Learner => learner;

    /// <summary>The usual way: numbers are imputed by the median and scaled, levels imputed by the most frequent and one-hot encoded.</summary>
    public static Pipeline Default(ILearner learner) => new([new Imputer(), new StandardScaler(), new OneHotEncoder()], learner);

    /// <summary>Fits transforms and learner on all rows given.</summary>
    /// <param name="dataset">The training rows, at least one.</param>
    /// <param name="seed">Any value; decides all random choices.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <param name="cancellation">Looked at between steps and by the learner in each iteration.</param>
    /// <exception cref="LodeException">InvalidArgument: the learner does not do the target's task, or the columns do not suit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public FittedPipeline Fit(Dataset dataset, ulong seed, int threads = 0, CancellationToken cancellation = default)
    {
        var target = dataset.Target;
        double[] weights = [.. dataset.Weights];
        if (dataset.Rows == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "There is no row to fit on.");
        var rng = new Rng(seed);
        var fitted = new IFittedTransform[_transforms.Length];
        var features = dataset.Features;
        for (var i = 0; i < fitted.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            (fitted[i], features) = _transforms[i].FitApply(new TrainingRows(features, target, rng.Child((ulong)i + 1), weights));
        }
        var layout = FeatureLayout.Of(features);
        var model = learner.Fit(new TrainingData(layout.Encode(features), target, weights), new FitContext(rng.Child(0), threads, cancellation));
        return new FittedPipeline(dataset.Features.Schema, target.Name, target.Classes, fitted, layout, model);
    }
}
