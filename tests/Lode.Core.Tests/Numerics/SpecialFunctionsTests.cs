namespace Lode.Core.Tests.Numerics;

public sealed class SpecialFunctionsTests
{
    // SciPy 1.10: norm.cdf, norm.pdf, norm.logcdf.
    [Theory]
    [InlineData(-8, 6.22096057427174e-16, 5.052271083536893e-15, -35.01343715991456)]
    [InlineData(-3, 0.0013498980316300933, 0.004431848411938008, -6.60772622151035)]
    [InlineData(-1, 0.15865525393145707, 0.24197072451914337, -1.841021645009264)]
    [InlineData(0, 0.5, 0.3989422804014327, -0.6931471805599453)]
    [InlineData(0.5, 0.6914624612740131, 0.35206532676429947, -0.3689464152886563)]
    [InlineData(2, 0.9772498680518208, 0.05399096651318805, -0.023012909328963486)]
    [InlineData(6, 0.9999999990134123, 6.075882849823286e-09, -9.865876455243719e-10)]
    public void Normal_AgreesWithScipy(double x, double cdf, double pdf, double logCdf)
    {
        Close(cdf, SpecialFunctions.NormalCdf(x));
        Close(pdf, SpecialFunctions.NormalPdf(x));
        Close(logCdf, SpecialFunctions.NormalLogCdf(x));
    }

    // SciPy 1.10: truncnorm(a, b, 0.3, 0.2) on [0, 1]; ppf at 0.1, 0.5 and 0.99.
    [Theory]
    [InlineData(0.05, -0.021357851105115788)]
    [InlineData(0.3, 0.7598921488948842)]
    [InlineData(0.9, -3.740107851105117)]
    public void TruncatedNormalLogPdf_AgreesWithScipy(double x, double expected) =>
        Close(expected, SpecialFunctions.TruncatedNormalLogPdf(x, 0.3, 0.2, 0, 1));

    [Theory]
    [InlineData(0.1, 0.10119324990242981)]
    [InlineData(0.5, 0.3167071813214192)]
    [InlineData(0.99, 0.7686192000503529)]
    public void TruncatedNormalQuantile_AgreesWithScipy(double p, double expected) =>
        Close(expected, SpecialFunctions.TruncatedNormalQuantile(p, 0.3, 0.2, 0, 1));

    [Fact]
    public void NormalQuantile_InvertsTheCdf_FromTailToTail()
    {
        for (var x = -36.9; x <= 5; x += 0.37)
            Close(x, SpecialFunctions.NormalQuantile(SpecialFunctions.NormalCdf(x)));
        Assert.Equal(double.NegativeInfinity, SpecialFunctions.NormalQuantile(0));
        Assert.Equal(double.PositiveInfinity, SpecialFunctions.NormalQuantile(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SpecialFunctions.NormalQuantile(double.NaN));
    }

    [Fact]
    public void NormalCdf_IsTheIntegralOfThePdf()
    {
        // Simpson's rule, an independent way to the same number.
        foreach (var (a, b) in new[] { (-2.0, 0.3), (0.2, 1.9), (3.0, 4.0), (6.0, 6.5) })
        {
            const int n = 2000;
            var h = (b - a) / n;
            var sum = SpecialFunctions.NormalPdf(a) + SpecialFunctions.NormalPdf(b);
            for (var i = 1; i < n; i++)
                sum += (i % 2 == 0 ? 2 : 4) * SpecialFunctions.NormalPdf(a + (i * h));
            Close(sum * h / 3, SpecialFunctions.NormalMass(a, b));
        }
    }

    [Fact]
    public void TruncatedNormalQuantile_FarFromTheMean_StaysInside()
    {
        Assert.InRange(SpecialFunctions.TruncatedNormalQuantile(0.5, -30, 1, 0, 1), 0, 0.1);
        Assert.InRange(SpecialFunctions.TruncatedNormalQuantile(0.5, 31, 1, 0, 1), 0.9, 1);
        Assert.Equal(0, SpecialFunctions.TruncatedNormalQuantile(0, 0.5, 1, 0, 1), 1e-12);
        Assert.Equal(1, SpecialFunctions.TruncatedNormalQuantile(1, 0.5, 1, 0, 1), 1e-12);
    }

    [Fact]
    public void Erfcx_FarOut_FollowsItsAsymptote() => Close(1 / (1e6 * Math.Sqrt(Math.PI)), SpecialFunctions.Erfcx(1e6));

    private static void Close(double expected, double actual) =>
        Assert.True(Math.Abs(actual - expected) <= 1e-10 * Math.Max(Math.Abs(expected), 1e-300), $"expected {expected:R}, got {actual:R}");
}
