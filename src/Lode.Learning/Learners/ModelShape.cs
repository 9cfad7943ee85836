namespace Lode.Learning;

internal static class ModelShape
{
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    /// <exception cref="Lode.Core.LodeException">InvalidArgument: a feature is missing and the model does not take that.</exception>
    public static void Require(FeatureMatrix features, int columns, Span<double> output, int outputs, bool missing = false)
    {
        if (features.Columns != columns)
            throw new ArgumentException($"The model was fitted on {columns} columns; got {features.Columns}.", nameof(features));
        if (output.Length != features.Rows * outputs)
            throw new ArgumentException($"{features.Rows} rows of {outputs} outputs do not fit into {output.Length} numbers.", nameof(output));
        if (!missing)
            features.RequireComplete();
    }
}
