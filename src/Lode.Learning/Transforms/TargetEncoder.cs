using Lode.Core;

namespace Lode.Learning;

/// <summary>Turns every categorical column into what the target is where its level is: the mean, or the share of the second class, or of each of three
/// or more classes (columns <c>name~class</c>), drawn towards that of all rows.</summary>
/// <remarks>m-estimate: (Σ y of the level + m · mean of all) / (rows of the level + m), rows by their weights (Micci-Barreca, "A preprocessing scheme for
/// high-cardinality categorical attributes", 2001). Training rows are cross-fitted: each sees only the rows of other folds, so that no row sees
/// its own target. A level unknown from training and a missing value are the mean of all. O(rows + folds² · levels).</remarks>
public sealed class TargetEncoder : ITransform
{
    private readonly double _smoothing;
    private readonly int _folds;
    private readonly bool _shuffle;

    /// <param name="smoothing">m: so many rows does the mean of all count, at least 0. Default: 10.</param>
    /// <param name="folds">Folds for the training rows, at least 2. Default: 5.</param>
    /// <param name="shuffle">Whether rows are dealt to folds at random; else folds are consecutive rows. Default: yes.</param>
    /// <exception cref="LodeException">InvalidArgument: a number is out of range.</exception>
    public TargetEncoder(double smoothing = 10, int folds = 5, bool shuffle = true)
    {
        if (!(smoothing >= 0 && double.IsFinite(smoothing)) || folds < 2)
            throw new LodeException(ErrorCode.InvalidArgument, $"Target encoding needs smoothing of at least 0 and 2 folds; got {smoothing} and {folds}.");
        (_smoothing, _folds, _shuffle) = (smoothing, folds, shuffle);
    }

    internal static ITransform Create(ParameterReader reader) =>
        new TargetEncoder(reader.DoubleIn("smoothing", 10, 0), reader.Int32In("cv", 5, 2), reader.Boolean("shuffle", true));

    /// <inheritdoc/>
    public IFittedTransform Fit(TrainingRows rows)
    {
        var weights = rows.Weights.ToArray();
        return new FittedLevels(ColumnMap.Categorical(rows.Features, column =>
        {
            var sums = new LevelSums(column, rows.Target, weights, new int[column.Count], 1);
            return Numbers(column, sums);
        }), OutputsOf(rows.Target));
    }

    /// <inheritdoc/>
    public (IFittedTransform Fitted, Table Rows) FitApply(TrainingRows rows)
    {
        var fitted = (FittedLevels)Fit(rows);
        var folds = Math.Min(_folds, rows.Target.Rows);
        if (folds < 2)
            return (fitted, fitted.Apply(rows.Features));
        var weights = rows.Weights.ToArray();
        var foldOf = FoldOf(rows, folds);
        var columns = new List<Column>();
        foreach (var column in rows.Features.Columns)
        {
            if (column is CategoricalColumn categorical)
                CrossFit(categorical, new LevelSums(categorical, rows.Target, weights, foldOf, folds), foldOf, fitted, columns);
            else
                columns.Add(column);
        }
        return (fitted, new Table(columns, rows.Features.Rows));
    }

    private int[] FoldOf(TrainingRows rows, int folds)
    {
        var foldOf = new int[rows.Target.Rows];
        var (size, larger) = Math.DivRem(foldOf.Length, folds);
        var row = 0;
        for (var fold = 0; fold < folds; fold++)
            for (var end = row + size + (fold < larger ? 1 : 0); row < end; row++)
                foldOf[row] = fold;
        if (_shuffle)
            rows.Rng.Shuffle<int>(foldOf);
        return foldOf;
    }

    private LevelNumbers Numbers(CategoricalColumn column, LevelSums sums)
    {
        int[] seen = [.. Enumerable.Range(0, column.Levels.Count).Where(level => sums.Rows(0, level) > 0).OrderBy(level => column.Levels[level], StringComparer.Ordinal)];
        var outputs = sums.Outputs;
        var numbers = new double[(seen.Length + (outputs > 1 ? 1 : 0)) * outputs];
        for (var output = 0; output < outputs; output++)
        {
            for (var i = 0; i < seen.Length; i++)
                numbers[(i * outputs) + output] = sums.Mean(output, seen[i], -1, _smoothing);
            if (outputs > 1)
                numbers[(seen.Length * outputs) + output] = sums.Mean(output, -1, -1, 0);
        }
        var prior = outputs > 1 ? double.NaN : sums.Mean(0, -1, -1, 0);
        return new LevelNumbers([.. seen.Select(level => column.Levels[level])], numbers, prior, prior);
    }

    private void CrossFit(CategoricalColumn column, LevelSums sums, int[] foldOf, FittedLevels fitted, List<Column> columns)
    {
        for (var output = 0; output < sums.Outputs; output++)
        {
            var values = new double[column.Count];
            var means = new double[sums.Folds * (column.Levels.Count + 1)];
            for (var fold = 0; fold < sums.Folds; fold++)
                for (var level = -1; level < column.Levels.Count; level++)
                    means[(fold * (column.Levels.Count + 1)) + level + 1] = sums.Mean(output, level, fold, _smoothing);
            for (var row = 0; row < values.Length; row++)
                values[row] = means[(foldOf[row] * (column.Levels.Count + 1)) + column.Codes[row] + 1];
            columns.Add(new NumericColumn(fitted.NameOf(column.Name, output), values));
        }
    }

    private static string[] OutputsOf(Target target) => target.Classes.Count > 2 ? [.. target.Classes] : [];

    /// <summary>Weights and sums of the target by fold and level; sums over other folds are added up, never taken away, so nothing of the own fold is left.</summary>
    private sealed class LevelSums
    {
        private readonly int _width;
        private readonly double[] _rows; // shape [folds, levels + 1]; the first is of all rows, missing ones too
        private readonly double[] _sums; // shape [outputs, folds, levels + 1]
        private readonly double[] _prior; // shape [outputs, folds]: the mean of all rows of other folds

        public LevelSums(CategoricalColumn column, Target target, double[] weights, int[] foldOf, int folds)
        {
            (Folds, _width) = (folds, column.Levels.Count + 1);
            Outputs = target.Classes.Count > 2 ? target.Classes.Count : 1;
            _rows = new double[folds * _width];
            _sums = new double[Outputs * folds * _width];
            var codes = column.Codes;
            for (var row = 0; row < codes.Length; row++)
            {
                var weight = weights.Length == 0 ? 1 : weights[row];
                var all = foldOf[row] * _width;
                var at = all + codes[row] + 1;
                _rows[all] += weight;
                if (at != all)
                    _rows[at] += weight;
                var (output, value) = target.Classes.Count switch
                {
                    0 => (0, target.Values[row]),
                    2 => (0, (double)target.Labels[row]),
                    _ => (target.Labels[row], 1.0),
                };
                var offset = output * folds * _width;
                _sums[offset + all] += weight * value;
                if (at != all)
                    _sums[offset + at] += weight * value;
            }
            _prior = new double[Outputs * folds];
            for (var output = 0; output < Outputs; output++)
                for (var fold = 0; fold < folds; fold++)
                    _prior[(output * folds) + fold] = Add(output, 0, folds == 1 ? -1 : fold) is var (sum, count) && count > 0 ? sum / count : 0;
        }

        public int Folds { get; }

        public int Outputs { get; }

        public double Rows(int fold, int level) => _rows[(fold * _width) + level + 1];

        /// <summary>The smoothed mean of a level (-1: of all rows) over all folds but one (-1: over all).</summary>
        public double Mean(int output, int level, int without, double smoothing)
        {
            var prior = _prior[(output * Folds) + Math.Max(0, without)];
            if (level < 0)
                return prior;
            var (sum, count) = Add(output, level + 1, without);
            return count == 0 ? prior : (sum + (smoothing * prior)) / (count + smoothing);
        }

        private (double Sum, double Count) Add(int output, int at, int without)
        {
            var (sum, count) = (0.0, 0.0);
            for (var fold = 0; fold < Folds; fold++)
            {
                if (fold != without)
                    (sum, count) = (sum + _sums[(((output * Folds) + fold) * _width) + at], count + _rows[(fold * _width) + at]);
            }
            return (sum, count);
        }
    }
}
