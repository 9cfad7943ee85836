namespace Lode.Optimization.Tests.Samplers.Gp;

public sealed class AcquisitionTests
{
    [Fact]
    public void Score_GoldenCases_AgreesWithAnotherProgram()
    {
        foreach (var golden in GoldenCase.All)
        {
            for (var i = 0; i < golden.Mean.Length; i++)
            {
                var (mean, deviation, best) = (golden.Mean[i], golden.StdLatent[i], golden.Best - golden.Xi);
                Assert.Equal(golden.LogEi[i], Acquisition.LogEi(mean, deviation, best).Value, 2e-6 * Math.Abs(golden.LogEi[i]));
                if (golden.Pi[i] > 1e-300)
                    Assert.Equal(1, Math.Exp(Acquisition.LogPi(mean, deviation, best).Value) / golden.Pi[i], 1e-6);
                Assert.Equal(golden.Lcb[i], -Acquisition.Score(GpAcquisition.Ucb, mean, deviation, best, 1.96).Value, 1e-9);
            }
        }
    }

    // log(φ(z) + zΦ(z)) in 60-digit arithmetic.
    [Theory]
    [InlineData(3, 1.0987396653277078)]
    [InlineData(0, -0.9189385332046727)]
    [InlineData(-1, -2.4851210257126413)]
    [InlineData(-10, -55.553122036122356)]
    [InlineData(-49.99, -1258.2438333072602)]
    [InlineData(-1000, -500014.73445209116)]
    public void LogH_FarAndNear_KeepsItsDigits(double z, double expected) => Assert.Equal(expected, Acquisition.LogH(z), 1e-9 * Math.Abs(expected));

    [Theory]
    [InlineData(GpAcquisition.LogEi)]
    [InlineData(GpAcquisition.Pi)]
    [InlineData(GpAcquisition.Ucb)]
    [InlineData(GpAcquisition.MaxVariance)]
    public void Score_Slopes_AreThoseOfFiniteDifferences(GpAcquisition kind)
    {
        foreach (var (mean, deviation) in new[] { (0.0, 1.0), (2.0, 0.3), (-1.0, 0.5), (5.0, 0.1), (30.0, 0.2) })
        {
            const double h = 1e-6;
            double At(double m, double s) => Acquisition.Score(kind, m, s, 0.1, 2).Value;
            var (_, byMean, byDeviation) = Acquisition.Score(kind, mean, deviation, 0.1, 2);
            Assert.Equal((At(mean + h, deviation) - At(mean - h, deviation)) / (2 * h), byMean, 1e-4 * (1 + Math.Abs(byMean)));
            Assert.Equal((At(mean, deviation + h) - At(mean, deviation - h)) / (2 * h), byDeviation, 1e-4 * (1 + Math.Abs(byDeviation)));
        }
    }
}
