namespace Lode.Learning;

/// <summary>What a pipeline learned: predicts from tables like the one it was fitted on. Immutable, thread-safe.</summary>
public sealed class FittedPipeline : IPredictor
{
    private readonly IFittedTransform[] _transforms;

    internal FittedPipeline(TableSchema schema, string target, IReadOnlyList<string> classes, IFittedTransform[] transforms, FeatureLayout layout, IModel model) =>
        (Schema, TargetName, Classes, _transforms, Layout, Model) = (schema, target, classes, transforms, layout, model);

    /// <inheritdoc/>
    public TableSchema Schema { get; }

    /// <inheritdoc/>
    public string TargetName { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public IReadOnlyList<double> Quantiles => Model is QuantileModel { Quantiles: var levels } ? levels : [];

    /// <summary>The description of the pipeline; null where it was put together in code.</summary>
    public PipelineSpec? Spec { get; internal init; }

    /// <summary>What the transforms learned, in order.</summary>
    public IReadOnlyList<IFittedTransform> Transforms => _transforms;

    /// <summary>The columns that the learner saw.</summary>
    public FeatureLayout Layout { get; }

    /// <summary>What the learner made.</summary>
    public IModel Model { get; }

    /// <inheritdoc/>
    public Predictions Predict(Table table, int threads = 0)
    {
        var features = Schema.Conform(table);
        ColumnMap.RequireFinite(features);
        foreach (var transform in _transforms)
            features = transform.Apply(features);
        var matrix = Layout.Encode(features);
        var output = new double[matrix.Rows * Math.Max(1, Classes.Count + Quantiles.Count)];
        Model.Predict(matrix, output, threads);
        return Quantiles.Count > 0 ? new Predictions(output, Quantiles) : new Predictions(output, Classes);
    }

    internal const string KindName = "pipeline";

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteSchema(Schema);
        writer.WriteString(TargetName);
        writer.WriteStrings(Classes);
        writer.WriteString(Spec?.ToJson() ?? "");
        writer.WriteInt32(_transforms.Length);
        foreach (var transform in _transforms)
            writer.WriteThing(transform);
        Layout.Write(writer);
        writer.WriteThing(Model);
    }

    internal static FittedPipeline Read(BundleReader reader)
    {
        var (schema, target, classes, spec) = (reader.ReadSchema(), reader.ReadString(), reader.ReadStrings(), reader.ReadString());
        var transforms = new IFittedTransform[reader.ReadInt32(0, reader.Left)];
        for (var i = 0; i < transforms.Length; i++)
            transforms[i] = reader.ReadThing<IFittedTransform>();
        return new FittedPipeline(schema, target, classes, transforms, FeatureLayout.Read(reader), reader.ReadThing<IModel>())
        {
            Spec = spec.Length == 0 ? null : PipelineSpec.FromJson(spec),
        };
    }
}
