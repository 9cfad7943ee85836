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
        var model = learner.Fit(training, new FitContext(rng.Child(0), threads, cancellation));
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

/// <summary>What a pipeline learned: predicts from tables like the one it was fitted on. Immutable, thread-safe.</summary>
public sealed class FittedPipeline
{
    private readonly IFittedTransform[] _transforms;

    internal FittedPipeline(TableSchema schema, string target, IReadOnlyList<string> classes, IFittedTransform[] transforms, FeatureLayout layout, IModel model) =>
        (Schema, TargetName, Classes, _transforms, Layout, Model) = (schema, target, classes, transforms, layout, model);

    /// <summary>The description of the pipeline; null where it was put together in code.</summary>
    public PipelineSpec? Spec { get; internal init; }

    /// <summary>The columns that a table to predict from must have; it may have more, in any order.</summary>
    public TableSchema Schema { get; }

    /// <summary>The name of the column that is predicted.</summary>
    public string TargetName { get; }

    /// <summary>The classes, in the order of the outputs; empty for regression.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>What the transforms learned, in order.</summary>
    public IReadOnlyList<IFittedTransform> Transforms => _transforms;

    /// <summary>The columns that the learner saw.</summary>
    public FeatureLayout Layout { get; }

    /// <summary>What the learner made.</summary>
    public IModel Model { get; }

    /// <summary>Predicts every row.</summary>
    /// <param name="table">The columns of the schema, in any order; it may have more.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <exception cref="LodeException">InvalidArgument: a column is missing or of another kind, or a number is infinite; the message names it.</exception>
    public Predictions Predict(Table table, int threads = 0)
    {
        var features = Schema.Conform(table);
        ColumnMap.RequireFinite(features);
        foreach (var transform in _transforms)
            features = transform.Apply(features);
        var matrix = Layout.Encode(features);
        var output = new double[matrix.Rows * Math.Max(1, Classes.Count)];
        Model.Predict(matrix, output, threads);
        return new Predictions(output, Classes);
    }

    internal void Write(BundleWriter writer)
    {
        writer.WriteInt32(_transforms.Length);
        foreach (var transform in _transforms)
            writer.WriteThing(transform);
        writer.WriteInt32(Layout.Columns.Count);
        foreach (var column in Layout.Columns)
        {
            writer.WriteString(column.Name);
            writer.WriteBoolean(column.Levels is not null);
            writer.WriteStrings(column.Levels ?? []);
        }
        writer.WriteThing(Model);
    }

    internal static FittedPipeline Read(BundleReader reader, BundleHeader header)
    {
        var transforms = new IFittedTransform[reader.ReadInt32(0, reader.Left)];
        for (var i = 0; i < transforms.Length; i++)
            transforms[i] = reader.ReadThing<IFittedTransform>();
        var columns = new FeatureColumn[reader.ReadInt32(0, reader.Left)];
        for (var i = 0; i < columns.Length; i++)
        {
            var (name, categorical, levels) = (reader.ReadString(), reader.ReadBoolean(), reader.ReadStrings());
            columns[i] = new FeatureColumn(name, categorical ? levels : null);
        }
        return new FittedPipeline(new TableSchema(header.Columns), header.Target, header.Classes, transforms, new FeatureLayout(columns), reader.ReadThing<IModel>()) { Spec = header.Pipeline };
    }
}
