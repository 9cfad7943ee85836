using Lode.Core;

namespace Lode.Learning;

/// <summary>Fills a missing number with the mean of its column over the nearest training rows that have it.</summary>
/// <remarks>As scikit-learn's KNNImputer: the squared distance of two rows is that over the columns both have, times all columns divided by
/// these; where no donor has a distance, the column's mean is taken. O(rows with gaps · training rows · columns). Weights: the nearest rows that
/// together weigh as much as the neighbours asked for are averaged by their weights, the last for what is left, so that a row of weight 2 is the row twice; where
/// rows weigh less than 1 on average, that average stands for the 1. Rows that are drawn (see <c>maxRows</c>) are drawn alike and keep their weights.</remarks>
public sealed class KnnImputer : ITransform
{
    private readonly int _neighbors;
    private readonly bool _byDistance;
    private readonly int _maxRows;

    /// <param name="neighbors">How many rows are averaged, at least 1. Default: 5.</param>
    /// <param name="byDistance">Whether nearer rows count more, by 1/distance. Default: no.</param>
    /// <param name="maxRows">So many training rows are kept, drawn at random where there are more. Default: 10000.</param>
    /// <exception cref="LodeException">InvalidArgument: a number is less than 1.</exception>
    public KnnImputer(int neighbors = 5, bool byDistance = false, int maxRows = 10_000)
    {
        if (neighbors < 1 || maxRows < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"knn_impute needs at least 1 neighbour and 1 row; got {neighbors} and {maxRows}.");
        (_neighbors, _byDistance, _maxRows) = (neighbors, byDistance, maxRows);
    }

    internal static ITransform Create(ParameterReader reader) => new KnnImputer(
        reader.Int32In("n_neighbors", 5, 1), reader.Choice("weights", "uniform", "uniform", "distance") == "distance", reader.Int32In("max_rows", 10_000, 1));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var table = rows.Features;
        double[]? weights = rows.Weights.IsEmpty ? null : rows.Weights.ToArray();
        if (table.Rows > _maxRows)
        {
            int[] order = [.. Enumerable.Range(0, table.Rows)];
            rows.Rng.Shuffle<int>(order);
            Array.Resize(ref order, _maxRows);
            Array.Sort(order);
            table = table.Select(order);
            weights = weights is null ? null : Array.ConvertAll(order, row => weights[row]);
        }
        // Weights that all are 1 say nothing.
        weights = weights is not null && weights.AsSpan().ContainsAnyExcept(1.0) ? weights : null;
        return new FittedKnn(_neighbors, _byDistance, table.Rows, ColumnMap.Numeric(table, column => column.Values.ToArray()), weights);
    }

    internal sealed class FittedKnn(int neighbors, bool byDistance, int rows, Dictionary<string, double[]> donors, double[]? weights) : IFittedTransform
    {
        public const string KindName = "knn_impute";
        public const string WeightedKindName = "knn_weighted";

        private readonly Dictionary<string, double> _means = donors.ToDictionary(pair => pair.Key, pair => Moments.Of(pair.Value, weights).Mean, StringComparer.Ordinal);
        private readonly double _wanted = neighbors * Math.Min(1, weights is null ? 1 : weights.Where(weight => weight > 0).DefaultIfEmpty(1).Average());

        public string Kind => weights is null ? KindName : WeightedKindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteInt32(neighbors);
            writer.WriteBoolean(byDistance);
            writer.WriteInt32(rows);
            writer.WriteByName(donors, values => writer.WriteDoubles(values));
            if (weights is not null)
                writer.WriteDoubles(weights);
        }

        public static FittedKnn Read(BundleReader reader) => Read(reader, weighted: false);

        public static FittedKnn ReadWeighted(BundleReader reader) => Read(reader, weighted: true);

        private static FittedKnn Read(BundleReader reader, bool weighted)
        {
            var (neighbors, byDistance, rows) = (reader.ReadInt32(1, int.MaxValue), reader.ReadBoolean(), reader.ReadInt32(0, int.MaxValue));
            var donors = reader.ReadByName(() => reader.ReadDoubles(rows));
            double[]? weights = weighted ? reader.ReadDoubles(rows) : null;
            return weights is not null && weights.Any(weight => !(weight >= 0) || double.IsInfinity(weight)) ? throw BundleReader.Broken("a row's weight is no weight") : new(neighbors, byDistance, rows, donors, weights);
        }

        public Table Apply(Table table)
        {
            var numeric = table.Columns.OfType<NumericColumn>().ToArray();
            var kept = Array.ConvertAll(numeric, column => ColumnMap.Of(donors, column.Name));
            var filled = new double[]?[numeric.Length];
            var (squares, shared, nearest) = (new double[rows], new int[rows], new List<int>());
            for (var row = 0; row < table.Rows; row++)
            {
                var known = false;
                for (var j = 0; j < numeric.Length; j++)
                {
                    if (!double.IsNaN(numeric[j].Values[row]))
                        continue;
                    if (!known)
                        Measure(numeric, kept, row, squares, shared);
                    known = true;
                    (filled[j] ??= numeric[j].Values.ToArray())[row] = Average(kept[j], squares, _means[numeric[j].Name], nearest);
                }
            }
            var at = 0;
            return new Table([.. table.Columns.Select(column =>
                column is NumericColumn && filled[at++] is { } values ? new NumericColumn(column.Name, values) : column)], table.Rows);
        }

        /// <summary>Squared distances from a row to every donor, up to the factor that all share; NaN where no column is shared.</summary>
        private static void Measure(NumericColumn[] numeric, double[][] kept, int row, double[] squares, int[] shared)
        {
            Array.Clear(squares);
            Array.Clear(shared);
            for (var j = 0; j < kept.Length; j++)
            {
                var value = numeric[j].Values[row];
                if (double.IsNaN(value))
                    continue;
                var donor = kept[j];
                for (var i = 0; i < donor.Length; i++)
                {
                    var off = donor[i] - value;
                    if (!double.IsNaN(off))
                        (squares[i], shared[i]) = (squares[i] + (off * off), shared[i] + 1);
                }
            }
            for (var i = 0; i < squares.Length; i++)
                squares[i] = shared[i] == 0 ? double.NaN : squares[i] / shared[i];
        }

        private double Average(double[] donor, double[] squares, double mean, List<int> nearest)
        {
            // The nearest that weigh what is wanted, kept by insertion: they are few. Of equals the earlier row comes first.
            nearest.Clear();
            var held = 0.0;
            for (var i = 0; i < donor.Length; i++)
            {
                if (double.IsNaN(donor[i]) || double.IsNaN(squares[i]) || WeightOf(i) == 0 || (held >= _wanted && squares[i] >= squares[nearest[^1]]))
                    continue;
                var at = nearest.Count;
                while (at > 0 && squares[nearest[at - 1]] > squares[i])
                    at--;
                nearest.Insert(at, i);
                held += WeightOf(i);
                while (held - WeightOf(nearest[^1]) >= _wanted)
                {
                    held -= WeightOf(nearest[^1]);
                    nearest.RemoveAt(nearest.Count - 1);
                }
            }
            if (nearest.Count == 0)
                return mean;
            var (sum, total, left) = (0.0, 0.0, _wanted);
            var exact = byDistance && squares[nearest[0]] == 0;
            foreach (var i in nearest)
            {
                var part = Math.Min(left, WeightOf(i));
                left -= part;
                var weight = part * (!byDistance ? 1 : exact ? (squares[i] == 0 ? 1 : 0) : 1 / Math.Sqrt(squares[i]));
                (sum, total) = (sum + (weight * donor[i]), total + weight);
            }
            return sum / total;
        }

        private double WeightOf(int row) => weights is null ? 1 : weights[row];
    }
}
