namespace Lode.Core.Tests.Numerics;

public sealed class DistributionsTests
{
    [Fact]
    public void Distributions_AgreeWithKnownValues()
    {
        Assert.Equal(Math.Log(Math.Sqrt(Math.PI)), Distributions.LogGamma(0.5), 1e-14);
        Assert.Equal(Math.Log(3628800), Distributions.LogGamma(11), 1e-13);
        Assert.Equal(359.1342053695754, Distributions.LogGamma(100), 1e-11);
        // I_x(1, b) = 1 - (1-x)^b and its mirror.
        Assert.Equal(1 - Math.Pow(0.7, 5), Distributions.IncompleteBeta(0.3, 1, 5), 1e-14);
        Assert.Equal(Math.Pow(0.3, 4), Distributions.IncompleteBeta(0.3, 4, 1), 1e-15);
        // Q(1, x) = e^-x; Q(2, x) = (1+x)·e^-x; Q(1/2, x) = erfc(√x).
        foreach (var x in new[] { 0.01, 0.5, 1.9, 3.0, 40 })
        {
            Assert.Equal(1, Distributions.UpperGamma(1, x) / Math.Exp(-x), 1e-12);
            Assert.Equal(1, Distributions.UpperGamma(2, x) / ((1 + x) * Math.Exp(-x)), 1e-12);
            Assert.Equal(1, Distributions.UpperGamma(0.5, x) / SpecialFunctions.Erfc(Math.Sqrt(x)), 1e-12);
        }
        // One degree of freedom is Cauchy's distribution, two have a closed form.
        foreach (var t in new[] { 0.1, 1, -2.5, 30 })
        {
            Assert.Equal(1 - (2 / Math.PI * Math.Atan(Math.Abs(t))), Distributions.StudentTwoSided(t, 1), 1e-13);
            Assert.Equal(1 - (Math.Abs(t) / Math.Sqrt(2 + (t * t))), Distributions.StudentTwoSided(t, 2), 1e-13);
        }
        Assert.Equal(2.2621571628, Distributions.StudentTwoSidedQuantile(0.05, 9), 1e-9);
        Assert.Equal(0.05, Distributions.ChiSquaredUpper(3.841458820694124, 1), 1e-14);
    }

    [Fact]
    public void Distributions_OutsideTheirRange_AreNotNumbers()
    {
        Assert.True(double.IsNaN(Distributions.LogGamma(0)));
        Assert.True(double.IsNaN(Distributions.IncompleteBeta(1.5, 1, 1)));
        Assert.True(double.IsNaN(Distributions.UpperGamma(-1, 1)));
        Assert.Equal(0, Distributions.StudentTwoSided(double.PositiveInfinity, 3));
        Assert.Equal(1, Distributions.UpperGamma(3, 0));
    }
}
