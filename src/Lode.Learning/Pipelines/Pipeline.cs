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
    /// <param name="cancellation">Looked at between steps and by the learner in each iteration.</param>
    /// <exception cref="LodeException">InvalidArgument: the learner does not do the target's task, or the columns do not suit.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public FittedPipeline Fit(Dataset dataset, ulong seed, CancellationToken cancellation = default)
    {
        var target = dataset.Target;
        if (!learner.Supports(target.Task))
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"Learner '{learner.Name}' does not do {target.Task.ToString().ToLowerInvariant()}, which the target '{target.Name}' asks for.");
        }
        if (dataset.Rows == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "There is no row to fit on.");
        var rng = new Rng(seed);
        var fitted = new IFittedTransform[_transforms.Length];
        var features = dataset.Features;
        for (var i = 0; i < fitted.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            fitted[i] = _transforms[i].Fit(new TrainingRows(features, target, rng.Child((ulong)i + 1)));
            features = fitted[i].Apply(features);
        }
        var model = learner.Fit(new TrainingData(FeatureMatrix.Of(features), target, dataset.Weights.ToArray()), rng.Child(0), cancellation);
        return new FittedPipeline(dataset.Features.Schema, target, fitted, model);
    }
}

/// <summary>What a pipeline learned: predicts from tables like the one it was fitted on. Immutable, thread-safe.</summary>
public sealed class FittedPipeline
{
    private readonly IFittedTransform[] _transforms;

    internal FittedPipeline(TableSchema schema, Target target, IFittedTransform[] transforms, IModel model) =>
        (Schema, TargetName, Classes, _transforms, Model) = (schema, target.Name, target.Classes, transforms, model);

    /// <summary>The columns that a table to predict from must have; it may have more, in any order.</summary>
    public TableSchema Schema { get; }

    /// <summary>The name of the column that is predicted.</summary>
    public string TargetName { get; }

    /// <summary>The classes, in the order of the outputs; empty for regression.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>What the learner made.</summary>
    public IModel Model { get; }

    /// <summary>Predicts every row.</summary>
    /// <exception cref="LodeException">InvalidArgument: a column is missing or of another kind; the message names it.</exception>
    public Predictions Predict(Table table)
    {
        var features = Schema.Conform(table);
        foreach (var transform in _transforms)
            features = transform.Apply(features);
        var matrix = FeatureMatrix.Of(features);
        var output = new double[matrix.Rows * Math.Max(1, Classes.Count)];
        Model.Predict(matrix, output);
        return new Predictions(output, Classes);
    }
}
