namespace Lode.Core;

/// <summary>The error function's family and the normal distribution, whole and truncated.</summary>
/// <remarks>Relative error below 1e-12 over the ranges stated, against SciPy (tests: SpecialFunctionsTests). No allocation.</remarks>
public static class SpecialFunctions
{
    private const double Sqrt2 = 1.4142135623730950488;
    private const double LogSqrt2Pi = 0.91893853320467274178;

    /// <summary>The scaled complementary error function exp(x²)·erfc(x), for x ≥ 0; 1 at 0, about 1/(x√π) far out.</summary>
    /// <param name="x">Range: x ≥ 0.</param>
    /// <remarks>
    /// A Chebyshev series in t = (x - 3)/(x + 3) of (1 + 2x)·erfcx(x), the form of Shepherd and Laframboise,
    /// "Chebyshev approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x &lt; ∞" (Math. Comp. 1981);
    /// coefficients fitted in 40-digit arithmetic, summed by Clenshaw's rule.
    /// </remarks>
    public static double Erfcx(double x)
    {
        if (double.IsPositiveInfinity(x))
            return 0;
        var t = (x - 3) / (x + 3);
        var (b0, b1, b2) = (0.0, 0.0, 0.0);
        for (var k = s_erfcx.Length - 1; k >= 0; k--)
        {
            b2 = b1;
            b1 = b0;
            b0 = (2 * t * b1) - b2 + s_erfcx[k];
        }
        return (b0 - (t * b1)) / (1 + (2 * x));
    }

    /// <summary>The complementary error function 1 - erf(x), in [0, 2], with full relative accuracy in the right tail.</summary>
    public static double Erfc(double x) => x < 0 ? 2 - Erfc(-x) : Math.Exp(-x * x) * Erfcx(x);

    /// <summary>The density of the standard normal distribution.</summary>
    public static double NormalPdf(double x) => Math.Exp((-0.5 * x * x) - LogSqrt2Pi);

    /// <summary>The chance that a standard normal deviate is at most x, in [0, 1].</summary>
    public static double NormalCdf(double x) => 0.5 * Erfc(-x / Sqrt2);

    /// <summary>The logarithm of <see cref="NormalCdf"/>, accurate where that underflows or is nearly 1.</summary>
    public static double NormalLogCdf(double x) =>
        x < 0 ? Math.Log(0.5 * Erfcx(-x / Sqrt2)) - (0.5 * x * x) : LogOnePlus(-0.5 * Erfc(x / Sqrt2));

    /// <summary>The x at which <see cref="NormalCdf"/> is p.</summary>
    /// <param name="p">Range: 0 ≤ p ≤ 1; the ends give the infinities.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="p"/> is outside [0, 1] or not a number.</exception>
    /// <remarks>Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (Applied Statistics 1988), PPND16.</remarks>
    public static double NormalQuantile(double p)
    {
        if (!(p is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "A probability is in [0, 1].");
        if (p is 0 or 1)
            return p == 0 ? double.NegativeInfinity : double.PositiveInfinity;
        var q = p - 0.5;
        if (Math.Abs(q) <= 0.425)
        {
            var center = 0.180625 - (q * q);
            return q * Polynomial(s_centerOver, center) / Polynomial(s_centerUnder, center);
        }
        var tail = Math.Sqrt(-Math.Log(q < 0 ? p : 1 - p));
        var x = tail <= 5
            ? Polynomial(s_middleOver, tail - 1.6) / Polynomial(s_middleUnder, tail - 1.6)
            : Polynomial(s_tailOver, tail - 5) / Polynomial(s_tailUnder, tail - 5);
        return q < 0 ? -x : x;
    }

    /// <summary>The chance that a standard normal deviate is between a and b, accurate in both tails.</summary>
    /// <param name="a">Lower end; may be -∞.</param>
    /// <param name="b">Upper end, at least <paramref name="a"/>; may be +∞.</param>
    public static double NormalMass(double a, double b) =>
        // Differences of small numbers, never of two that are nearly 1.
        a > 0 ? NormalCdf(-a) - NormalCdf(-b) : NormalCdf(b) - NormalCdf(a);

    /// <summary>The log density at x of a normal distribution truncated to [low, high]; -∞ outside.</summary>
    /// <param name="x">Where.</param>
    /// <param name="mean">The mean before truncation.</param>
    /// <param name="deviation">The standard deviation before truncation, &gt; 0.</param>
    /// <param name="low">Lower end.</param>
    /// <param name="high">Upper end, &gt; <paramref name="low"/>.</param>
    public static double TruncatedNormalLogPdf(double x, double mean, double deviation, double low, double high)
    {
        if (x < low || x > high)
            return double.NegativeInfinity;
        var z = (x - mean) / deviation;
        return (-0.5 * z * z) - LogSqrt2Pi - Math.Log(deviation) - Math.Log(NormalMass((low - mean) / deviation, (high - mean) / deviation));
    }

    /// <summary>The x below which a share p of a truncated normal distribution lies; with p uniform in [0, 1], a sample of it.</summary>
    /// <param name="p">Range: 0 ≤ p ≤ 1.</param>
    /// <param name="mean">The mean before truncation.</param>
    /// <param name="deviation">The standard deviation before truncation, &gt; 0.</param>
    /// <param name="low">Lower end.</param>
    /// <param name="high">Upper end, &gt; <paramref name="low"/>.</param>
    /// <returns>A number in [low, high].</returns>
    public static double TruncatedNormalQuantile(double p, double mean, double deviation, double low, double high)
    {
        var (a, b) = ((low - mean) / deviation, (high - mean) / deviation);
        // Right of the mean the mirror image is taken, where small chances keep their digits.
        var mirrored = a > 0;
        if (mirrored)
            (a, b, p) = (-b, -a, 1 - p);
        var below = NormalCdf(a);
        var z = NormalQuantile(Math.Clamp(below + (p * (NormalCdf(b) - below)), 0, 1));
        return Math.Clamp(mean + (deviation * (mirrored ? -z : z)), low, high);
    }

    // Kahan's log(1 + x) without the loss of x's digits.
    private static double LogOnePlus(double x)
    {
        var sum = 1 + x;
        return sum == 1 ? x : Math.Log(sum) * x / (sum - 1);
    }

    private static double Polynomial(ReadOnlySpan<double> ascending, double x)
    {
        var sum = 0.0;
        for (var i = ascending.Length - 1; i >= 0; i--)
            sum = (sum * x) + ascending[i];
        return sum;
    }

    private static readonly double[] s_erfcx =
    [
        1.17756257419656, 0.0053539045396157475, -0.09377550342284219, 0.05436652555744326, -0.018976596707845367,
        0.0044534260614625815, -0.0006335531710553316, 1.7661719523179298e-05, 1.2841532863968642e-05, -2.0072285663585987e-06,
        -1.8075227915109737e-07, 7.549828369424194e-08, 1.885668635126514e-09, -2.6995194690737634e-09, -1.460089341098758e-11,
        1.0361622670984616e-10, 1.4752088439706768e-12, -4.277245224670878e-12, -2.0770191122565507e-13, 1.8160473125305998e-13,
        1.990595188683386e-14, -7.0637939941775585e-15, -1.871766630578975e-15, 4.926614671774132e-16,
    ];

    private static readonly double[] s_centerOver =
    [
        3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
        4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
    ];

    private static readonly double[] s_centerUnder =
    [
        1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
        2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
    ];

    private static readonly double[] s_middleOver =
    [
        1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
        1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
    ];

    private static readonly double[] s_middleUnder =
    [
        1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
        1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ];

    private static readonly double[] s_tailOver =
    [
        6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ];

    private static readonly double[] s_tailUnder =
    [
        1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ];
}
