using System.Globalization;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Where bins are cut.</summary>
public enum BinStrategy
{
    /// <summary>Of equal width.</summary>
    Uniform = 1,

    /// <summary>Of equal numbers of training rows, by weight.</summary>
    Quantile = 2,

    /// <summary>Half way between the centres of one-dimensional k-means over the rows by weight, started from the centres of equal widths.</summary>
    KMeans = 3,
}

/// <summary>Turns every numeric column into the number of its bin, from 0, or into a level for each bin.</summary>
/// <remarks>As scikit-learn's KBinsDiscretizer: a value on a cut is in the upper bin, bins narrower than 1e-8 are joined, values beyond the training rows' are in the first
/// or last bin. A row of weight 2 counts as the row twice (<see cref="SortedSample"/>). Missing values stay missing.</remarks>
public sealed class Binner : ITransform
{
    private readonly int _bins;
    private readonly BinStrategy _strategy;
    private readonly bool _levels;

    /// <param name="bins">At least 2. Default: 5.</param>
    /// <param name="strategy">Default: by quantiles.</param>
    /// <param name="levels">Whether the column becomes categorical, with levels like <c>&lt; 2</c>, <c>2 … 5</c>, <c>≥ 5</c>. Default: numbers.</param>
    /// <exception cref="LodeException">InvalidArgument: fewer than 2.</exception>
    public Binner(int bins = 5, BinStrategy strategy = BinStrategy.Quantile, bool levels = false)
    {
        if (bins < 2)
            throw new LodeException(ErrorCode.InvalidArgument, $"Binning needs at least 2 bins; got {bins}.");
        (_bins, _strategy, _levels) = (bins, strategy, levels);
    }

    internal static ITransform Create(ParameterReader reader) => new Binner(reader.Int32In("n_bins", 5, 2),
        reader.Choice("strategy", "quantile", "uniform", "quantile", "kmeans") switch { "uniform" => BinStrategy.Uniform, "quantile" => BinStrategy.Quantile, _ => BinStrategy.KMeans },
        reader.Choice("encode", "ordinal", "ordinal", "categorical") == "categorical");

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows) =>
        new FittedBins(_levels, ColumnMap.Numeric(rows.Features, column => Cuts(SortedSample.Of(column.Values, rows.Weights))));

    private double[] Cuts(SortedSample sample)
    {
        var sorted = sample.Values;
        if (sorted.Length == 0 || sorted[0] == sorted[^1])
            return [];
        var edges = _strategy == BinStrategy.KMeans ? Centres(sample) : new double[_bins + 1];
        for (var i = 0; i <= _bins && _strategy != BinStrategy.KMeans; i++)
        {
            edges[i] = _strategy == BinStrategy.Quantile ? sample.Quantile(i / (double)_bins)
                : i == _bins ? sorted[^1] : sorted[0] + (i * ((sorted[^1] - sorted[0]) / _bins));
        }
        var cuts = new List<double>(_bins);
        var last = sorted[0];
        for (var i = 1; i < edges.Length; i++)
        {
            if (edges[i] - last > 1e-8 || (_strategy != BinStrategy.Quantile && edges[i] > last))
                cuts.Add(last = edges[i]);
        }
        if (cuts.Count > 0)
            cuts.RemoveAt(cuts.Count - 1);
        return [.. cuts];
    }

    /// <summary>Edges between the centres, with both ends.</summary>
    private double[] Centres(SortedSample sample)
    {
        var sorted = sample.Values;
        var width = (sorted[^1] - sorted[0]) / _bins;
        var centres = new double[_bins];
        for (var i = 0; i < _bins; i++)
            centres[i] = sorted[0] + ((i + 0.5) * width);
        var edges = new double[_bins + 1];
        for (var round = 0; round < 300; round++)
        {
            (edges[0], edges[^1]) = (sorted[0], sorted[^1]);
            for (var i = 1; i < _bins; i++)
                edges[i] = (centres[i - 1] + centres[i]) / 2;
            var (moved, at) = (false, 0);
            for (var i = 0; i < _bins; i++)
            {
                var (sum, total) = (0.0, 0.0);
                for (; at < sorted.Length && (i == _bins - 1 || sorted[at] < edges[i + 1]); at++)
                    (sum, total) = (sum + (sample.Weight(at) * sorted[at]), total + sample.Weight(at));
                if (total == 0)
                    continue;
                var centre = sum / total;
                moved |= centre != centres[i];
                centres[i] = centre;
            }
            if (!moved)
                break;
        }
        return edges;
    }

    internal sealed class FittedBins(bool levels, Dictionary<string, double[]> cuts) : IFittedTransform
    {
        public const string KindName = "bin";

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteBoolean(levels);
            writer.WriteByName(cuts, column => writer.WriteDoubles(column));
        }

        public static FittedBins Read(BundleReader reader) => new(reader.ReadBoolean(), reader.ReadByName(reader.ReadDoubles));

        public Table Apply(Table table)
        {
            var columns = new Column[table.Columns.Count];
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i] = table.Columns[i];
                if (columns[i] is NumericColumn numeric)
                    columns[i] = levels ? Levels(numeric, ColumnMap.Of(cuts, numeric.Name)) : Numbers(numeric, ColumnMap.Of(cuts, numeric.Name));
            }
            return new Table(columns, table.Rows);
        }

        private static int BinOf(double[] cuts, double value)
        {
            var (low, high) = (0, cuts.Length);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (cuts[middle] <= value)
                    low = middle + 1;
                else
                    high = middle;
            }
            return low;
        }

        private static NumericColumn Numbers(NumericColumn column, double[] cuts)
        {
            var values = column.Values.ToArray();
            foreach (ref var value in values.AsSpan())
                value = double.IsNaN(value) ? value : BinOf(cuts, value);
            return new NumericColumn(column.Name, values);
        }

        private static CategoricalColumn Levels(NumericColumn column, double[] cuts)
        {
            var codes = new int[column.Count];
            for (var row = 0; row < codes.Length; row++)
                codes[row] = double.IsNaN(column.Values[row]) ? -1 : BinOf(cuts, column.Values[row]);
            string Text(int cut) => cuts[cut].ToString(CultureInfo.InvariantCulture);
            var names = new string[cuts.Length + 1];
            for (var bin = 0; bin < names.Length; bin++)
                names[bin] = names.Length == 1 ? "any" : bin == 0 ? $"< {Text(0)}" : bin == cuts.Length ? $"≥ {Text(bin - 1)}" : $"{Text(bin - 1)} … {Text(bin)}";
            return new CategoricalColumn(column.Name, codes, names);
        }
    }
}
