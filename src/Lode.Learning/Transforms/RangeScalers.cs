using Lode.Core;

namespace Lode.Learning;

/// <summary>Shifts and scales every numeric column so that the training rows reach from one bound to the other.</summary>
/// <remarks>As scikit-learn's MinMaxScaler; a column that does not vary goes to the lower bound. Missing values stay missing.</remarks>
public sealed class MinMaxScaler : ITransform
{
    private readonly double _low;
    private readonly double _high;
    private readonly bool _clip;

    /// <param name="low">What the smallest becomes.</param>
    /// <param name="high">What the largest becomes; more than <paramref name="low"/>.</param>
    /// <param name="clip">Whether later values beyond the training rows' go to the bounds.</param>
    /// <exception cref="LodeException">InvalidArgument: the bounds are not finite and ascending.</exception>
    public MinMaxScaler(double low = 0, double high = 1, bool clip = false)
    {
        if (!(low < high) || !double.IsFinite(high - low))
            throw new LodeException(ErrorCode.InvalidArgument, $"The bounds of min_max must be finite and ascending; got {low} and {high}.");
        (_low, _high, _clip) = (low, high, clip);
    }

    internal static ITransform Create(ParameterReader reader) => new MinMaxScaler(reader.Double("low", 0), reader.Double("high", 1), reader.Boolean("clip", false));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var learned = ColumnMap.Numeric(rows.Features, column =>
        {
            var (least, most) = (double.PositiveInfinity, double.NegativeInfinity);
            foreach (var value in column.Values)
            {
                if (!double.IsNaN(value))
                    (least, most) = (Math.Min(least, value), Math.Max(most, value));
            }
            if (least > most)
                return (-_low, 1.0);
            var scale = most > least ? (most - least) / (_high - _low) : 1;
            return (least - (_low * scale), scale);
        });
        return _clip ? new FittedScaler(learned, _low, _high) : new FittedScaler(learned);
    }
}

/// <summary>Divides every numeric column by the largest absolute value of the training rows; zeros stay zeros.</summary>
/// <remarks>As scikit-learn's MaxAbsScaler. Missing values stay missing.</remarks>
public sealed class MaxAbsScaler : ITransform
{
    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedScaler(ColumnMap.Numeric(rows.Features, column =>
    {
        var most = 0.0;
        foreach (var value in column.Values)
        {
            if (!double.IsNaN(value))
                most = Math.Max(most, Math.Abs(value));
        }
        return (0.0, most > 0 ? most : 1);
    }));
}

/// <summary>Takes the median of the training rows away and divides by the distance of two quantiles, so that outliers do not matter.</summary>
/// <remarks>As scikit-learn's RobustScaler; a row of weight 2 counts as the row twice (<see cref="SortedSample"/>). Missing values stay missing.</remarks>
public sealed class RobustScaler : ITransform
{
    private readonly double _low;
    private readonly double _high;

    /// <param name="low">The lower quantile, in [0, 1). Default: 0.25.</param>
    /// <param name="high">The upper quantile, in (low, 1]. Default: 0.75.</param>
    /// <exception cref="LodeException">InvalidArgument: they are out of range.</exception>
    public RobustScaler(double low = 0.25, double high = 0.75)
    {
        if (!(low >= 0 && low < high && high <= 1))
            throw new LodeException(ErrorCode.InvalidArgument, $"The quantiles of robust need 0 ≤ low < high ≤ 1; got {low} and {high}.");
        (_low, _high) = (low, high);
    }

    internal static ITransform Create(ParameterReader reader) => new RobustScaler(reader.Double("low", 0.25), reader.Double("high", 0.75));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedScaler(ColumnMap.Numeric(rows.Features, column =>
    {
        var sample = SortedSample.Of(column.Values, rows.Weights);
        if (sample.Values.Length == 0)
            return (0.0, 1.0);
        var range = sample.Quantile(_high) - sample.Quantile(_low);
        return (sample.Quantile(0.5), range > 0 ? range : 1);
    }));
}

/// <summary>Divides each row's numbers by their norm.</summary>
/// <remarks>As scikit-learn's Normalizer; it learns nothing. Missing values count as 0 in the norm and stay missing; a row of norm 0 stays.</remarks>
public sealed class Normalizer : ITransform
{
    private readonly int _norm;

    /// <param name="norm">"l1" (sum of absolute values), "l2" (Euclid) or "max".</param>
    /// <exception cref="LodeException">InvalidArgument: another.</exception>
    public Normalizer(string norm = "l2") => _norm = Array.IndexOf(s_norms, norm) is >= 0 and var index ? index
        : throw new LodeException(ErrorCode.InvalidArgument, $"A norm is l1, l2 or max; got '{norm}'.");

    private static readonly string[] s_norms = ["l1", "l2", "max"];

    internal static ITransform Create(ParameterReader reader) => new Normalizer(reader.Choice("norm", "l2", s_norms));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) => new FittedNormalizer(_norm);

    internal sealed class FittedNormalizer(int norm) : IFittedTransform
    {
        public const string KindName = "normalize";

        public string Kind => KindName;

        public void Write(BundleWriter writer) => writer.WriteInt32(norm);

        public static FittedNormalizer Read(BundleReader reader) => new(reader.ReadInt32(0, s_norms.Length - 1));

        public Table Apply(Table table)
        {
            var norms = new double[table.Rows];
            foreach (var column in table.Columns)
            {
                if (column is NumericColumn numeric)
                    Add(numeric.Values, norms);
            }
            for (var row = 0; row < norms.Length; row++)
                norms[row] = norms[row] == 0 ? 1 : norm == 1 ? Math.Sqrt(norms[row]) : norms[row];
            var columns = table.Columns.ToArray();
            for (var i = 0; i < columns.Length; i++)
            {
                if (columns[i] is not NumericColumn numeric)
                    continue;
                var values = numeric.Values.ToArray();
                for (var row = 0; row < values.Length; row++)
                    values[row] /= norms[row];
                columns[i] = new NumericColumn(numeric.Name, values);
            }
            return new Table(columns, table.Rows);
        }

        private void Add(ReadOnlySpan<double> values, double[] norms)
        {
            for (var row = 0; row < norms.Length; row++)
            {
                var size = double.IsNaN(values[row]) ? 0 : Math.Abs(values[row]);
                norms[row] = norm switch { 0 => norms[row] + size, 1 => norms[row] + (size * size), _ => Math.Max(norms[row], size) };
            }
        }
    }
}
