using Lode.Core;

namespace Lode.Learning;

/// <summary>Adds made rows to rare classes, each between a row and one of its nearest neighbours of its class, until each has a share of the rows of the largest.</summary>
/// <remarks>
/// Chawla, Bowyer, Hall, Kegelmeyer, "SMOTE: synthetic minority over-sampling technique" (JAIR 2002): x + u·(neighbour − x), u uniform in [0, 1). With
/// categorical columns its SMOTE-NC: a level that differs counts, in the distance, the median of the numeric columns' deviations within the class, and the made row
/// takes the neighbours' most frequent level (of several, the row's own, else the lowest code). Features must be complete; put scalers before, since distances
/// are taken as they are. A made row weighs what the row that it starts from weighs. A class of one row is repeated. O(rows of the class² · columns).
/// </remarks>
public sealed class Smote : IResampler
{
    private readonly int _neighbors;
    private readonly double _ratio;

    /// <param name="neighbors">At least 1; all where a class has not so many others. Default: 5.</param>
    /// <param name="ratio">The share of the largest class's rows that each gets, in (0, 1]. Default: 1.</param>
    /// <exception cref="LodeException">InvalidArgument: out of range.</exception>
    public Smote(int neighbors = 5, double ratio = 1)
    {
        if (neighbors < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"SMOTE needs at least 1 neighbour; got {neighbors}.");
        (_neighbors, _ratio) = (neighbors, ClassRows.RequireRatio(ratio, "smote"));
    }

    /// <inheritdoc/>
    public string Name => "smote";

    internal static IResampler Create(ParameterReader reader) => new Smote(reader.Int32In("k_neighbors", 5, 1), reader.Double("ratio", 1));

    /// <inheritdoc/>
    public TrainingData Resample(TrainingData data, Rng rng)
    {
        var classes = ClassRows.Of(data, Name);
        data.Features.RequireComplete();
        var wanted = (int)Math.Round(_ratio * classes.Max(rows => rows.Length), MidpointRounding.AwayFromZero);
        var values = new List<double>(data.Features.Values.ToArray());
        var labels = data.Target.Labels.ToArray().ToList();
        var weights = data.Weights.ToArray().ToList();
        for (var label = 0; label < classes.Length; label++)
        {
            var rows = classes[label];
            if (rows.Length == 0 || rows.Length >= wanted)
                continue;
            var maker = new Maker(data.Features, rows, Math.Min(_neighbors, rows.Length - 1), rng.Child((ulong)label));
            for (var i = rows.Length; i < wanted; i++)
            {
                var start = maker.Make(values);
                labels.Add(label);
                if (weights.Count > 0)
                    weights.Add(data.Weights[start]);
            }
        }
        var features = new FeatureMatrix([.. values], labels.Count, data.Features.Names, data.Features.Levels.ToArray());
        return new TrainingData(features, Target.Classification(data.Target.Name, [.. labels], data.Target.Classes), [.. weights]);
    }

    /// <summary>Makes rows of one class.</summary>
    private sealed class Maker(FeatureMatrix features, int[] rows, int neighbors, Rng rng)
    {
        private readonly Dictionary<int, int[]> _nearest = [];
        private readonly double _differs = MedianVariance(features, rows);

        /// <summary>Appends a row; returns the row that it starts from.</summary>
        public int Make(List<double> values)
        {
            var start = rows[rng.NextInt32(rows.Length)];
            var own = features.Row(start);
            if (neighbors == 0)
            {
                values.AddRange(own);
                return start;
            }
            if (!_nearest.TryGetValue(start, out var nearest))
                _nearest.Add(start, nearest = Nearest(start));
            var other = features.Row(nearest[rng.NextInt32(nearest.Length)]);
            var part = rng.NextDouble();
            for (var j = 0; j < own.Length; j++)
                values.Add(features.Levels[j] > 0 ? MostFrequent(nearest, j, own[j]) : own[j] + (part * (other[j] - own[j])));
            return start;
        }

        private int[] Nearest(int start)
        {
            var nearest = new int[neighbors];
            var distances = new double[neighbors];
            var count = 0;
            var own = features.Row(start);
            foreach (var row in rows)
            {
                if (row == start)
                    continue;
                var distance = Distance(own, features.Row(row));
                if (count == neighbors && distance >= distances[count - 1])
                    continue;
                var at = count < neighbors ? count++ : count - 1;
                for (; at > 0 && distances[at - 1] > distance; at--)
                    (nearest[at], distances[at]) = (nearest[at - 1], distances[at - 1]);
                (nearest[at], distances[at]) = (row, distance);
            }
            return nearest;
        }

        private double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
        {
            var sum = 0.0;
            for (var j = 0; j < a.Length; j++)
            {
                if (features.Levels[j] > 0)
                    sum += a[j] == b[j] ? 0 : _differs;
                else
                    sum += (a[j] - b[j]) * (a[j] - b[j]);
            }
            return sum;
        }

        private double MostFrequent(int[] nearest, int column, double own)
        {
            var (best, most) = (own, 0);
            foreach (var row in nearest)
            {
                var level = features.Row(row)[column];
                var count = nearest.Count(other => features.Row(other)[column] == level);
                if (count > most || (count == most && best != own && (level == own || level < best)))
                    (best, most) = (level, count);
            }
            return best;
        }

        private static double MedianVariance(FeatureMatrix features, int[] rows)
        {
            var deviations = new List<double>();
            var column = new double[rows.Length];
            for (var j = 0; j < features.Columns && features.HasCategories; j++)
            {
                if (features.Levels[j] > 0)
                    continue;
                for (var i = 0; i < rows.Length; i++)
                    column[i] = features.Row(rows[i])[j];
                deviations.Add(Math.Sqrt(Moments.Of(column).Variance));
            }
            deviations.Sort();
            // Without numeric columns only the number of differing levels counts.
            return deviations.Count == 0 ? 1 : Math.Pow(Moments.Quantile(deviations.ToArray(), 0.5), 2);
        }
    }
}
