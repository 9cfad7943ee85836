namespace Lode.Learning;

/// <summary>
/// Class probabilities made honest by two numbers: each is mixed with the classes' shares (which takes away exact zeros), then sharpened
/// or softened by a temperature. Neither changes the order of rows by much, and never the set of classes.
/// </summary>
/// <remarks>p' ∝ ((1 - m)·p + m·share)^(1/T). Temperature: Guo et al., "On calibration of modern neural networks" (ICML 2017), section 4.2,
/// written for probabilities instead of logits. The mixture is Laplace's smoothing of shares.</remarks>
/// <param name="Temperature">T, greater than 0; 1: none.</param>
/// <param name="Mixture">m, in [0, 1).</param>
/// <param name="Shares">The classes' shares in training, shape [k], summing to 1.</param>
public sealed record ProbabilityCalibration(double Temperature, double Mixture, IReadOnlyList<double> Shares)
{
    private const int FewRows = 1_500;
    private const int FewValues = 8_000;
    private const int ManyValues = 40_000;

    private static readonly double s_worst = -Math.Log(1e-15);
    private static readonly double[] s_mixtures = [0, 0.001, 0.003, 0.01, 0.02, 0.04, 0.08, 0.15];

    /// <summary>Finds both numbers by the log loss of out-of-fold predictions.</summary>
    /// <param name="truth">A classification.</param>
    /// <param name="predicted">Predictions of rows that the predictor has not seen; rows with NaN are left out.</param>
    /// <param name="weights">How much each row counts; empty: each 1.</param>
    /// <param name="threads">At most so many threads, ≥ 1. Changes no result.</param>
    public static ProbabilityCalibration Fit(Target truth, Predictions predicted, double[]? weights = null, int threads = 1)
    {
        weights ??= [];
        var k = truth.Classes.Count;
        var shares = new double[k];
        for (var row = 0; row < truth.Rows; row++)
            shares[truth.Labels[row]] += weights.Length == 0 ? 1 : weights[row];
        var total = shares.Sum();
        for (var label = 0; label < k; label++)
            shares[label] = (shares[label] + 1) / (total + k);
        // A few thousand rows settle which mixture, some more the temperature that goes with it.
        var (few, many) = (Rows(predicted, Math.Max(FewRows, FewValues / k)), Rows(predicted, Math.Max(2 * FewRows, ManyValues / k)));
        var found = new (double Temperature, double Loss)[s_mixtures.Length];
        // Each mixture is a search of its own, so the number of threads changes nothing.
        Parallel.For(0, found.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => found[i] = new MixedRows(truth, predicted, weights, few, s_mixtures[i], shares).Sharpen());
        var mixture = 0;
        for (var i = 1; i < found.Length; i++)
            mixture = found[i].Loss < found[mixture].Loss ? i : mixture;
        var (temperature, loss) = new MixedRows(truth, predicted, weights, many, s_mixtures[mixture], shares).Sharpen();
        return loss < new MixedRows(truth, predicted, weights, many, 0, shares).Loss(1) ? new ProbabilityCalibration(temperature, s_mixtures[mixture], shares) : new ProbabilityCalibration(1, 0, shares);
    }

    /// <summary>Calibrates rows in place.</summary>
    /// <param name="probabilities">Shape [rows, k].</param>
    public void Apply(Span<double> probabilities)
    {
        var k = Shares.Count;
        for (var at = 0; at < probabilities.Length; at += k)
        {
            var row = probabilities.Slice(at, k);
            var sum = 0.0;
            for (var label = 0; label < k; label++)
            {
                row[label] = Math.Pow(Math.Max(0, ((1 - Mixture) * row[label]) + (Mixture * Shares[label])), 1 / Temperature);
                sum += row[label];
            }
            for (var label = 0; label < k; label++)
                row[label] = sum > 0 ? row[label] / sum : Shares[label];
        }
    }

    /// <summary>Rows that have predictions, spread evenly over all, about so many.</summary>
    private static int[] Rows(Predictions predicted, int count)
    {
        var stride = Math.Max(1, predicted.Rows / count);
        var rows = new List<int>();
        for (var row = 0; row < predicted.Rows; row += stride)
        {
            if (!double.IsNaN(predicted.Row(row)[0]))
                rows.Add(row);
        }
        return [.. rows];
    }

    /// <summary>The logarithms of some rows' probabilities after mixing: a temperature only divides them.</summary>
    private sealed class MixedRows
    {
        private readonly int _classes;
        private readonly double[] _logs;
        private readonly int[] _labels;
        private readonly double[] _weights;

        public MixedRows(Target truth, Predictions predicted, double[] weights, int[] rows, double mixture, double[] shares)
        {
            (_classes, _logs, _labels, _weights) = (shares.Length, new double[rows.Length * shares.Length], new int[rows.Length], new double[rows.Length]);
            for (var i = 0; i < rows.Length; i++)
            {
                var said = predicted.Row(rows[i]);
                for (var label = 0; label < said.Length; label++)
                    _logs[(i * _classes) + label] = Math.Log(Math.Max(0, ((1 - mixture) * said[label]) + (mixture * shares[label])));
                (_labels[i], _weights[i]) = (truth.Labels[rows[i]], weights.Length == 0 ? 1 : weights[rows[i]]);
            }
        }

        /// <summary>The mean log loss at a temperature.</summary>
        public double Loss(double temperature)
        {
            var (sum, total, sharpness) = (0.0, 0.0, 1 / temperature);
            for (var i = 0; i < _labels.Length; i++)
            {
                var row = _logs.AsSpan(i * _classes, _classes);
                var (most, own) = (double.NegativeInfinity, row[_labels[i]]);
                foreach (var log in row)
                    most = Math.Max(most, log);
                var all = 0.0;
                foreach (var log in row)
                    all += Math.Exp(sharpness * (log - most));
                // Never worse than a probability of 1e-15.
                sum += _weights[i] * Math.Min(s_worst, Math.Log(all) - (sharpness * (own - most)));
                total += _weights[i];
            }
            return sum / total;
        }

        /// <summary>The best temperature, by golden section over log T in [-1.1, 1.4]; the loss is convex in 1/T.</summary>
        public (double Temperature, double Loss) Sharpen()
        {
            const double Golden = 0.618034;
            var (low, high) = (-1.1, 1.4);
            var (a, b) = (high - (Golden * (high - low)), low + (Golden * (high - low)));
            var (lossA, lossB) = (Loss(Math.Exp(a)), Loss(Math.Exp(b)));
            // One of the two inner points is an inner point of the next step too.
            for (var step = 0; step < 18; step++)
            {
                if (lossA < lossB)
                {
                    (high, b, lossB) = (b, a, lossA);
                    a = high - (Golden * (high - low));
                    lossA = Loss(Math.Exp(a));
                }
                else
                {
                    (low, a, lossA) = (a, b, lossB);
                    b = low + (Golden * (high - low));
                    lossB = Loss(Math.Exp(b));
                }
            }
            var temperature = Math.Exp((low + high) / 2);
            return (temperature, Loss(temperature));
        }
    }
}

/// <summary>A predictor of classes with calibrated probabilities.</summary>
/// <param name="inner">A classifier.</param>
/// <param name="calibration">For as many classes.</param>
public sealed class CalibratedPredictor(IPredictor inner, ProbabilityCalibration calibration) : IPredictor
{
    internal const string KindName = "calibrated";

    /// <summary>What is calibrated.</summary>
    public IPredictor Inner => inner;

    /// <summary>How.</summary>
    public ProbabilityCalibration Calibration => calibration;

    /// <inheritdoc/>
    public TableSchema Schema => inner.Schema;

    /// <inheritdoc/>
    public string TargetName => inner.TargetName;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => inner.Classes;

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public Predictions Predict(Table table, int threads = 0)
    {
        var values = inner.Predict(table, threads).Values.ToArray();
        calibration.Apply(values);
        return new Predictions(values, Classes);
    }

    /// <inheritdoc/>
    public void Write(BundleWriter writer)
    {
        writer.WriteDouble(calibration.Temperature);
        writer.WriteDouble(calibration.Mixture);
        writer.WriteDoubles([.. calibration.Shares]);
        writer.WriteThing(inner);
    }

    internal static CalibratedPredictor Read(BundleReader reader)
    {
        var (temperature, mixture, shares) = (reader.ReadDouble(), reader.ReadDouble(), reader.ReadDoubles());
        var inner = reader.ReadThing<IPredictor>();
        if (!(temperature > 0 && mixture is >= 0 and < 1) || shares.Length != inner.Classes.Count)
            throw BundleReader.Broken("a calibration does not fit its classes");
        return new CalibratedPredictor(inner, new ProbabilityCalibration(temperature, mixture, shares));
    }
}
