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
    private static readonly double[] s_mixtures = [0, 0.001, 0.003, 0.01, 0.02, 0.04, 0.08, 0.15];

    /// <summary>Finds both numbers by the log loss of out-of-fold predictions.</summary>
    /// <param name="truth">A classification.</param>
    /// <param name="predicted">Predictions of rows that the predictor has not seen; rows with NaN are left out.</param>
    /// <param name="weights">How much each row counts; empty: each 1.</param>
    /// <param name="threads">At most so many threads, ≥ 1. Changes no result.</param>
    public static ProbabilityCalibration Fit(Target truth, Predictions predicted, ReadOnlySpan<double> weights = default, int threads = 1)
    {
        var k = truth.Classes.Count;
        var shares = new double[k];
        for (var row = 0; row < truth.Rows; row++)
            shares[truth.Labels[row]] += weights.IsEmpty ? 1 : weights[row];
        var total = shares.Sum();
        for (var label = 0; label < k; label++)
            shares[label] = (shares[label] + 1) / (total + k);
        double[] w = [.. weights];
        var best = new ProbabilityCalibration(1, 0, shares);
        var least = best.Loss(truth, predicted, w);
        var found = new (ProbabilityCalibration Calibration, double Loss)[s_mixtures.Length];
        // Each mixture is a search of its own, so the number of threads changes nothing.
        Parallel.For(0, found.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => found[i] = Sharpen(s_mixtures[i], shares, truth, predicted, w));
        foreach (var (candidate, loss) in found)
        {
            if (loss < least)
                (best, least) = (candidate, loss);
        }
        return best;
    }

    /// <summary>The temperature that suits a mixture, by golden section over log T in [-1.1, 1.4]; the loss is convex in 1/T.</summary>
    private static (ProbabilityCalibration Calibration, double Loss) Sharpen(double mixture, double[] shares, Target truth, Predictions predicted, double[] weights)
    {
        const double Golden = 0.618034;
        double At(double log) => new ProbabilityCalibration(Math.Exp(log), mixture, shares).Loss(truth, predicted, weights);
        var (low, high) = (-1.1, 1.4);
        var (a, b) = (high - (Golden * (high - low)), low + (Golden * (high - low)));
        var (lossA, lossB) = (At(a), At(b));
        // One of the two inner points is an inner point of the next step too.
        for (var step = 0; step < 18; step++)
        {
            if (lossA < lossB)
            {
                (high, b, lossB) = (b, a, lossA);
                a = high - (Golden * (high - low));
                lossA = At(a);
            }
            else
            {
                (low, a, lossA) = (a, b, lossB);
                b = low + (Golden * (high - low));
                lossB = At(b);
            }
        }
        var candidate = new ProbabilityCalibration(Math.Exp((low + high) / 2), mixture, shares);
        return (candidate, candidate.Loss(truth, predicted, weights));
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

    private double Loss(Target truth, Predictions predicted, double[] weights)
    {
        var k = Shares.Count;
        Span<double> row = k <= 128 ? stackalloc double[k] : new double[k];
        var (sum, total) = (0.0, 0.0);
        // A few thousand rows settle two numbers.
        var stride = Math.Max(1, truth.Rows * k / 40_000);
        for (var i = 0; i < truth.Rows; i += stride)
        {
            if (double.IsNaN(predicted.Row(i)[0]))
                continue;
            predicted.Row(i).CopyTo(row);
            Apply(row);
            var weight = weights.Length == 0 ? 1 : weights[i];
            sum -= weight * Math.Log(Math.Max(1e-15, row[truth.Labels[i]]));
            total += weight;
        }
        return sum / total;
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
