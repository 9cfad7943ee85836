namespace Lode.Learning;

/// <summary>Shifts and scales every numeric column to mean 0 and population standard deviation 1 on the training rows, by their weights.</summary>
/// <remarks>As scikit-learn's StandardScaler: missing values are left out of the moments and stay missing; a column that does
/// not vary is only shifted.</remarks>
/// <param name="withMean">Whether the mean is taken away.</param>
/// <param name="withDeviation">Whether the deviation is divided out.</param>
public sealed class StandardScaler(bool withMean = true, bool withDeviation = true) : ITransform
{
    internal static ITransform Create(ParameterReader reader) => new StandardScaler(reader.Boolean("with_mean", true), reader.Boolean("with_std", true));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedScaler(ColumnMap.Numeric(rows.Features, column =>
    {
        var (mean, variance) = Moments.Of(column.Values, rows.Weights);
        return (withMean ? mean : 0, withDeviation && variance > 0 ? Math.Sqrt(variance) : 1);
    }));
}
