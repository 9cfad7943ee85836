using Lode.Core;

namespace Lode.Learning;

/// <summary>Transforms in order, then a resampler of the training rows, then a learner. It is fitted as a whole, so nothing is learned from rows that are scored.</summary>
/// <remarks>Immutable; one instance serves many fits at once.</remarks>
/// <param name="transforms">Applied in order; may be empty.</param>
/// <param name="learner">Sees the columns that they leave.</param>
/// <param name="resampler">Changes the training rows before the learner sees them, and no others. Null: they are taken as they are.</param>
public sealed class Pipeline(IReadOnlyList<ITransform> transforms, ILearner learner, IResampler? resampler = null)
{
    private readonly ITransform[] _transforms = [.. transforms];

    /// <summary>The transforms, in order.</summary>
    public IReadOnlyList<ITransform> Transforms => _transforms;

    /// <summary>What changes the training rows before the learner sees them; null: nothing.</summary>
    public IResampler? Resampler => resampler;

    /// <summary>The learner.</summary>
    public ILearner Learner => learner;

    /// <summary>Of a regression, the levels of the quantiles that it is to say, with a learner for each; empty: one number a row, by <see cref="Learner"/>.</summary>
    public IReadOnlyList<(double Level, ILearner Learner)> Quantiles { get; init; } = [];

    /// <summary>What it was made from; null where it was put together in code.</summary>
    public PipelineSpec? Spec { get; init; }

    /// <summary>The usual way: dates become numbers, numbers are imputed by the median and scaled, levels imputed by the most frequent and one-hot encoded.</summary>
    public static Pipeline Default(ILearner learner) => new([new DateParts(), new Imputer(), new StandardScaler(), new OneHotEncoder()], learner);

    /// <summary>Fits transforms and learner on all rows given.</summary>
    /// <param name="dataset">The training rows, at least one that counts; rows of weight 0 are left out.</param>
    /// <param name="seed">Any value; decides all random choices.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <param name="cancellation">Looked at between steps and by the learner in each iteration.</param>
    /// <exception cref="LodeException">InvalidArgument: the learner does not do the target's task, or the columns do not suit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public FittedPipeline Fit(Dataset dataset, ulong seed, int threads = 0, CancellationToken cancellation = default)
    {
        if (dataset.Rows == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "There is no row to fit on.");
        ColumnMap.RequireFinite(dataset.Features);
        if (dataset.Weights.Contains(0))
            dataset = dataset.Select(RowsThatCount(dataset.Weights));
        var target = dataset.Target;
        double[] weights = [.. dataset.Weights];
        var rng = new Rng(seed);
        var fitted = new IFittedTransform[_transforms.Length];
        var features = dataset.Features;
        for (var i = 0; i < fitted.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            (fitted[i], features) = _transforms[i].FitApply(new TrainingRows(features, target, rng.Child((ulong)i + 1), weights));
        }
        var layout = FeatureLayout.Of(features);
        var training = new TrainingData(layout.Encode(features), target, weights);
        if (resampler is not null)
            training = resampler.Resample(training, rng.Child(ulong.MaxValue));
        var context = new FitContext(rng.Child(0), threads, cancellation);
        if (Quantiles.Count > 0 && target.Task != TaskKind.Regression)
            throw new LodeException(ErrorCode.InvalidArgument, $"Quantiles are of numbers; the target '{target.Name}' has classes.");
        var model = Quantiles.Count == 0 ? learner.Fit(training, context) : QuantileModel.Fit([.. Quantiles.Select(quantile => quantile.Level)], [.. Quantiles.Select(quantile => quantile.Learner)], training, context);
        return new FittedPipeline(dataset.Features.Schema, target.Name, target.Classes, fitted, layout, model) { Spec = Spec };
    }

    private static int[] RowsThatCount(ReadOnlySpan<double> weights)
    {
        var rows = new int[weights.Length - weights.Count(0)];
        var count = 0;
        for (var row = 0; row < weights.Length; row++)
        {
            if (weights[row] != 0)
                rows[count++] = row;
        }
        return rows;
    }
}
