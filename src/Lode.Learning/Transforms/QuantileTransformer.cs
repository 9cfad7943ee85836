using Lode.Core;

namespace Lode.Learning;

/// <summary>Maps every numeric column by its own distribution on the training rows: to uniform in [0, 1], or to standard normal.</summary>
/// <remarks>As scikit-learn's QuantileTransformer (of ties, the mean of both sides of the step), without subsampling; beyond the training rows' range it gives the
/// ends, ±5.1993 for normal. A row of weight 2 counts as the row twice (<see cref="SortedSample"/>). Missing values stay missing.</remarks>
public sealed class QuantileTransformer : ITransform
{
    private readonly int _quantiles;
    private readonly bool _normal;

    /// <param name="quantiles">Points of the distribution that are kept, at least 2; not more than there are rows. Default: 1000.</param>
    /// <param name="normal">Whether to normal. Default: to uniform.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2.</exception>
    public QuantileTransformer(int quantiles = 1000, bool normal = false)
    {
        if (quantiles < 2)
            throw new LodeException(ErrorCode.InvalidArgument, $"The quantile transform needs at least 2 quantiles; got {quantiles}.");
        (_quantiles, _normal) = (quantiles, normal);
    }

    internal static ITransform Create(ParameterReader reader) =>
        new QuantileTransformer(reader.Int32In("n_quantiles", 1000, 2), reader.Choice("output_distribution", "uniform", "uniform", "normal") == "normal");

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedQuantiles(_normal, ColumnMap.Numeric(rows.Features, column =>
    {
        var sample = SortedSample.Of(column.Values, rows.Weights);
        if (sample.Values.Length == 0)
            return [];
        var quantiles = new double[(int)Math.Clamp(SortedSample.RowsOf(rows.Weights, rows.Features.Rows), 2, _quantiles)];
        for (var i = 0; i < quantiles.Length; i++)
            quantiles[i] = Math.Max(i > 0 ? quantiles[i - 1] : double.MinValue, sample.Quantile(i / (quantiles.Length - 1.0)));
        return quantiles;
    }));

    internal sealed class FittedQuantiles(bool normal, Dictionary<string, double[]> learned) : IFittedTransform
    {
        public const string KindName = "quantile";
        private const double Edge = 1e-7;

        private static readonly double s_most = SpecialFunctions.NormalQuantile(1 - (Edge - (Math.BitIncrement(1.0) - 1)));

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteBoolean(normal);
            writer.WriteByName(learned, quantiles => writer.WriteDoubles(quantiles));
        }

        public static FittedQuantiles Read(BundleReader reader) => new(reader.ReadBoolean(), reader.ReadByName(reader.ReadDoubles));

        public Table Apply(Table table) => ColumnMap.ApplyNumeric(table, learned, (quantiles, values) =>
        {
            foreach (ref var value in values.AsSpan())
            {
                if (!double.IsNaN(value))
                    value = Map(quantiles, value);
            }
        });

        private double Map(double[] quantiles, double value)
        {
            var share = quantiles.Length < 2 ? 0.5 : Share(quantiles, value);
            if (!normal)
                return share;
            return share < Edge ? -s_most : share > 1 - Edge ? s_most : Math.Clamp(SpecialFunctions.NormalQuantile(share), -s_most, s_most);
        }

        private static double Share(double[] quantiles, double value)
        {
            if (value <= quantiles[0])
                return value < quantiles[0] || quantiles[0] < quantiles[^1] ? 0 : Ties(quantiles, value);
            return value >= quantiles[^1] ? 1 : Ties(quantiles, value);
        }

        // Between equal quantiles the share jumps; half way is as near to both sides.
        private static double Ties(double[] quantiles, double value)
        {
            var (first, last) = (FirstAtLeast(quantiles, value), FirstAbove(quantiles, value) - 1);
            var steps = quantiles.Length - 1.0;
            if (first <= last)
                return (first + last) / 2.0 / steps;
            var (a, b) = (quantiles[first - 1], quantiles[first]);
            return (first - 1 + ((value - a) / (b - a))) / steps;
        }

        private static int FirstAtLeast(double[] sorted, double value)
        {
            var (low, high) = (0, sorted.Length);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (sorted[middle] < value)
                    low = middle + 1;
                else
                    high = middle;
            }
            return low;
        }

        private static int FirstAbove(double[] sorted, double value)
        {
            var (low, high) = (0, sorted.Length);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (sorted[middle] <= value)
                    low = middle + 1;
                else
                    high = middle;
            }
            return low;
        }
    }
}
