namespace Lode.Core;

/// <summary>The gamma and beta functions' family, and the tails of Student's, the chi-squared and the binomial distribution.</summary>
/// <remarks>Sums and continued fractions (Lentz's method) of Abramowitz and Stegun, Handbook of Mathematical Functions, chapters 6 and 26.
/// Relative errors below 1e-12 where a result is above 1e-100 (tests: Distributions_AgreeWithKnownValues).</remarks>
public static class Distributions
{
    private const double Tiny = 1e-300;
    private const double Small = 1e-16;
    private const int MaxTerms = 100_000;

    /// <summary>ln Γ(x).</summary>
    /// <param name="x">Range: &gt; 0.</param>
    /// <remarks>Stirling's series, 6.1.41, above 12; below by the recurrence Γ(x+1) = x·Γ(x).</remarks>
    public static double LogGamma(double x)
    {
        if (!(x > 0))
            return double.NaN;
        var product = 1.0;
        while (x < 12)
            product *= x++;
        var square = 1 / (x * x);
        var series = (1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square * ((1.0 / 1680) - (square * ((1.0 / 1188) - (square * 691.0 / 360360)))))))));
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + (series / x) - Math.Log(product);
    }

    /// <summary>The regularised incomplete beta function I_x(a, b), in [0, 1].</summary>
    /// <param name="x">Range: [0, 1].</param>
    /// <param name="a">Range: &gt; 0.</param>
    /// <param name="b">Range: &gt; 0.</param>
    public static double IncompleteBeta(double x, double a, double b)
    {
        if (!(x >= 0 && x <= 1 && a > 0 && b > 0))
            return double.NaN;
        if (x is 0 or 1)
            return x;
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x)));
        // 26.5.8 converges fast on this side of the mean; on the other 1 - I_{1-x}(b, a).
        return x < (a + 1) / (a + b + 2) ? front * BetaFraction(x, a, b) / a : 1 - (front * BetaFraction(1 - x, b, a) / b);
    }

    /// <summary>The regularised upper incomplete gamma function Q(a, x), in [0, 1].</summary>
    /// <param name="a">Range: &gt; 0.</param>
    /// <param name="x">Range: ≥ 0.</param>
    public static double UpperGamma(double a, double x)
    {
        if (!(a > 0 && x >= 0))
            return double.NaN;
        if (x == 0)
            return 1;
        var front = Math.Exp((a * Math.Log(x)) - x - LogGamma(a));
        if (x < a + 1)
        {
            var (term, sum) = (1 / a, 1 / a);
            for (var n = 1; n < MaxTerms && term > sum * Small; n++)
                sum += term *= x / (a + n); // 6.5.29
            return 1 - (front * sum);
        }
        // 6.5.31
        var b = x + 1 - a;
        var (c, d) = (1 / Tiny, 1 / b);
        var fraction = d;
        for (var n = 1; n < MaxTerms; n++)
        {
            var an = -n * (n - a);
            b += 2;
            d = 1 / Away((an * d) + b);
            c = Away(b + (an / c));
            fraction *= d * c;
            if (Math.Abs((d * c) - 1) < Small * 4)
                break;
        }
        return front * fraction;
    }

    /// <summary>The chance that Student's t is at least as far from 0 as <paramref name="t"/>, on either side.</summary>
    /// <param name="t">Any number.</param>
    /// <param name="degrees">Degrees of freedom, &gt; 0.</param>
    public static double StudentTwoSided(double t, double degrees) =>
        double.IsInfinity(t) ? 0 : IncompleteBeta(degrees / (degrees + (t * t)), degrees / 2, 0.5);

    /// <summary>The t with <see cref="StudentTwoSided"/> = p: half the width of a confidence interval in standard errors.</summary>
    /// <param name="p">Range: (0, 1).</param>
    /// <param name="degrees">Degrees of freedom, &gt; 0.</param>
    public static double StudentTwoSidedQuantile(double p, double degrees)
    {
        var (low, high) = (0.0, 1.0);
        while (StudentTwoSided(high, degrees) > p && high < 1e300)
            high *= 2;
        for (var i = 0; i < 200 && high - low > 1e-15 * high; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = StudentTwoSided(middle, degrees) > p ? (middle, high) : (low, middle);
        }
        return (low + high) / 2;
    }

    /// <summary>The chance that a chi-squared deviate is at least <paramref name="x"/>.</summary>
    /// <param name="x">Range: ≥ 0.</param>
    /// <param name="degrees">Degrees of freedom, &gt; 0.</param>
    public static double ChiSquaredUpper(double x, double degrees) => UpperGamma(degrees / 2, x / 2);

    private static double BetaFraction(double x, double a, double b)
    {
        var c = 1.0;
        var d = 1 / Away(1 - ((a + b) * x / (a + 1)));
        var fraction = d;
        for (var m = 1; m < MaxTerms; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / Away(1 + (even * d));
            c = Away(1 + (even / c));
            fraction *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / Away(1 + (odd * d));
            c = Away(1 + (odd / c));
            fraction *= d * c;
            if (Math.Abs((d * c) - 1) < Small * 4)
                break;
        }
        return fraction;
    }

    private static double Away(double value) => Math.Abs(value) < Tiny ? Tiny : value;
}
