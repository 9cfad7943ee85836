using Lode.Core;

namespace Lode.Learning;

/// <summary>Fills a missing number with the mean of its column over the nearest training rows that have it.</summary>
/// <remarks>As scikit-learn's KNNImputer: the squared distance of two rows is that over the columns both have, times all columns divided by
/// these; where no donor has a distance, the column's mean is taken. O(rows with gaps · training rows · columns). Rows count alike
/// whatever their weights.</remarks>
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
        if (table.Rows > _maxRows)
        {
            int[] order = [.. Enumerable.Range(0, table.Rows)];
            rows.Rng.Shuffle<int>(order);
            Array.Resize(ref order, _maxRows);
            Array.Sort(order);
            table = table.Select(order);
        }
        return new FittedKnn(_neighbors, _byDistance, table.Rows, ColumnMap.Numeric(table, column => column.Values.ToArray()));
    }

    internal sealed class FittedKnn(int neighbors, bool byDistance, int rows, Dictionary<string, double[]> donors) : IFittedTransform
    {
        public const string KindName = "knn_impute";

        private readonly Dictionary<string, double> _means = donors.ToDictionary(pair => pair.Key, pair => Moments.Of(pair.Value).Mean, StringComparer.Ordinal);

        public string Kind => KindName;

        public void Write(BundleWriter writer)
        {
            writer.WriteInt32(neighbors);
            writer.WriteBoolean(byDistance);
            writer.WriteInt32(rows);
            writer.WriteByName(donors, values => writer.WriteDoubles(values));
        }

        public static FittedKnn Read(BundleReader reader)
        {
            var (neighbors, byDistance, rows) = (reader.ReadInt32(1, int.MaxValue), reader.ReadBoolean(), reader.ReadInt32(0, int.MaxValue));
            return new(neighbors, byDistance, rows, reader.ReadByName(() => reader.ReadDoubles(rows)));
        }

        public Table Apply(Table table)
        {
            var numeric = table.Columns.OfType<NumericColumn>().ToArray();
            var kept = Array.ConvertAll(numeric, column => ColumnMap.Of(donors, column.Name));
            var filled = new double[]?[numeric.Length];
            var (squares, shared) = (new double[rows], new int[rows]);
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
                    (filled[j] ??= numeric[j].Values.ToArray())[row] = Average(kept[j], squares, _means[numeric[j].Name]);
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

        private double Average(double[] donor, double[] squares, double mean)
        {
            // The k nearest, kept by insertion: k is small. Of equals the earlier row comes first.
            var nearest = new int[Math.Min(neighbors, donor.Length)];
            var count = 0;
            for (var i = 0; i < donor.Length; i++)
            {
                if (double.IsNaN(donor[i]) || double.IsNaN(squares[i]) || (count == nearest.Length && squares[i] >= squares[nearest[count - 1]]))
                    continue;
                var at = count < nearest.Length ? count++ : count - 1;
                for (; at > 0 && squares[nearest[at - 1]] > squares[i]; at--)
                    nearest[at] = nearest[at - 1];
                nearest[at] = i;
            }
            if (count == 0)
                return mean;
            var (sum, total) = (0.0, 0.0);
            var exact = byDistance && squares[nearest[0]] == 0;
            foreach (var i in nearest.AsSpan(0, count))
            {
                var weight = !byDistance ? 1 : exact ? (squares[i] == 0 ? 1 : 0) : 1 / Math.Sqrt(squares[i]);
                (sum, total) = (sum + (weight * donor[i]), total + weight);
            }
            return sum / total;
        }
    }
}
