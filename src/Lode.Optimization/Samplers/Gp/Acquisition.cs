using Lode.Core;

namespace Lode.Optimization;

/// <summary>What a Gaussian process is asked for. The numbers are persisted; append only.</summary>
public enum GpAcquisition
{
    /// <summary>Expected improvement, as its logarithm, which keeps a slope where the improvement itself is 0 to machine precision.</summary>
    LogEi = 1,

    /// <summary>The probability of an improvement, as its logarithm.</summary>
    Pi = 2,

    /// <summary>The optimistic bound: the mean less <see cref="GpOptions.Beta"/> deviations.</summary>
    Ucb = 3,

    /// <summary>The best point of one function drawn from the posterior.</summary>
    Thompson = 4,

    /// <summary>Active learning: where the model is least certain.</summary>
    MaxVariance = 5,

    /// <summary>Active learning: what makes the model most certain on average over the whole space.</summary>
    IntegratedVariance = 6,
}

/// <summary>Scores of a normal prediction of a loss; larger is better. No allocation.</summary>
/// <remarks>
/// Expected improvement: Ament, Daulton, Eriksson, Balandat, Bakshy, "Unexpected improvements to expected improvement for Bayesian optimization"
/// (NeurIPS 2023), the section on analytic LogEI. Checked against values from another program (tests: AcquisitionTests).
/// </remarks>
internal static class Acquisition
{
    private const double LogSqrt2Pi = 0.91893853320467274178;
    private const double SqrtHalfPi = 1.2533141373155002512;

    /// <summary>log(φ(z) + z·Φ(z)), for any z.</summary>
    public static double LogH(double z)
    {
        if (z > -1)
            return Math.Log(SpecialFunctions.NormalPdf(z) + (z * SpecialFunctions.NormalCdf(z)));
        var t = -z;
        var inner = t < 50
            ? Math.Log(1 - (t * SqrtHalfPi * SpecialFunctions.Erfcx(t / Math.Sqrt(2))))
            // The series of what is left when two nearly equal numbers are subtracted.
            : Math.Log(1 - (3 / (t * t)) + (15 / (t * t * t * t)) - (105 / (t * t * t * t * t * t))) - (2 * Math.Log(t));
        return (-0.5 * z * z) - LogSqrt2Pi + inner;
    }

    /// <summary>The logarithm of the expected improvement on <paramref name="best"/>, and its slopes by mean and deviation.</summary>
    /// <param name="mean">Of the loss.</param>
    /// <param name="deviation">Of the loss, &gt; 0.</param>
    /// <param name="best">The loss to improve on.</param>
    public static (double Value, double ByMean, double ByDeviation) LogEi(double mean, double deviation, double best)
    {
        var z = (best - mean) / deviation;
        var h = LogH(z);
        return (Math.Log(deviation) + h,
            -Math.Exp(SpecialFunctions.NormalLogCdf(z) - h) / deviation,
            Math.Exp((-0.5 * z * z) - LogSqrt2Pi - h) / deviation);
    }

    /// <summary>The logarithm of the probability to be below <paramref name="best"/>, and its slopes by mean and deviation.</summary>
    public static (double Value, double ByMean, double ByDeviation) LogPi(double mean, double deviation, double best)
    {
        var z = (best - mean) / deviation;
        var log = SpecialFunctions.NormalLogCdf(z);
        var slope = Math.Exp((-0.5 * z * z) - LogSqrt2Pi - log);
        return (log, -slope / deviation, -slope * z / deviation);
    }

    /// <summary>The score of a prediction, and its slopes by mean and deviation.</summary>
    public static (double Value, double ByMean, double ByDeviation) Score(GpAcquisition kind, double mean, double deviation, double best, double beta) => kind switch
    {
        GpAcquisition.Pi => LogPi(mean, deviation, best - 0.01),
        GpAcquisition.Ucb => ((beta * deviation) - mean, -1, beta),
        GpAcquisition.MaxVariance => (Math.Log(deviation), 0, 1 / deviation),
        _ => LogEi(mean, deviation, best),
    };
}
