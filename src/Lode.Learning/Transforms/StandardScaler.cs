namespace Lode.Learning;

/// <summary>Shifts and scales every numeric column to mean 0 and population standard deviation 1 on the training rows.</summary>
/// <remarks>As scikit-learn's StandardScaler: missing values are left out of the moments and stay missing; a column that does
/// not vary is only shifted.</remarks>
public sealed class StandardScaler : ITransform
{
    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var moments = new Dictionary<string, (double Mean, double Scale)>(StringComparer.Ordinal);
        foreach (var column in rows.Features.Columns)
        {
            if (column is NumericColumn numeric)
                moments.Add(column.Name, Moments(numeric.Values));
        }
        return new FittedScaler(moments);
    }

    private static (double Mean, double Scale) Moments(ReadOnlySpan<double> values)
    {
        var (sum, count) = (0.0, 0);
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
                (sum, count) = (sum + value, count + 1);
        }
        if (count == 0)
            return (0, 1);
        var mean = sum / count;
        var (squares, rest) = (0.0, 0.0);
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
                (squares, rest) = (squares + ((value - mean) * (value - mean)), rest + (value - mean));
        }
        // The second term takes back what rounding of the mean added (Chan, Golub, LeVeque, 1983, eq. 1.7).
        var variance = (squares - (rest * rest / count)) / count;
        // A constant column leaves rounding noise, which must not be scaled up; the bound is scikit-learn's.
        var epsilon = Math.BitIncrement(1.0) - 1;
        var noise = (count * epsilon * variance) + Math.Pow(count * mean * epsilon, 2);
        return (mean, variance > noise ? Math.Sqrt(variance) : 1);
    }

    internal sealed class FittedScaler(Dictionary<string, (double Mean, double Scale)> moments) : IFittedTransform
    {
        public const string KindName = "standard";

        public string Kind => KindName;

        public void Write(BundleWriter writer) => writer.WriteByName(moments, moment =>
        {
            writer.WriteDouble(moment.Mean);
            writer.WriteDouble(moment.Scale);
        });

        public static FittedScaler Read(BundleReader reader) => new(reader.ReadByName(() => (reader.ReadDouble(), reader.ReadDouble())));

        public Table Apply(Table table)
        {
            var columns = new Column[table.Columns.Count];
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i] = table.Columns[i];
                if (columns[i] is not NumericColumn numeric)
                    continue;
                var (mean, scale) = moments[numeric.Name];
                var values = numeric.Values.ToArray();
                foreach (ref var value in values.AsSpan())
                    value = (value - mean) / scale;
                columns[i] = new NumericColumn(numeric.Name, values);
            }
            return new Table(columns);
        }
    }
}
