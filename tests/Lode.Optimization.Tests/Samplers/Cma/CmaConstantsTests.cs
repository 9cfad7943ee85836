namespace Lode.Optimization.Tests.Samplers.Cma;

public sealed class CmaConstantsTests
{
    // From an independent evaluation of Hansen's table 1 in Python.
    [Theory]
    [InlineData(2, 6, 2.0286114646100617, 0.1548153998964136, 0.057859085071916304, 0.44620498737831715, 1.4462049873783172, 0.62455453902682645, 1.254272742818995, 0.63704257124121677, -1.1559817781589212, -1.2073236548406017)]
    [InlineData(10, 10, 3.1672992814107026, 0.015283824524751714, 0.02015428276120838, 0.28442858794636749, 1.2844285879463675, 0.29499038303562225, 3.0847265651690123, 0.45627264690340597, -0.58622182877883544, -0.75834127693042963)]
    [InlineData(20, 40, 11.30948208893226, 0.0043010800593053025, 0.037947601681734139, 0.36655664920621972, 1.3665566492062198, 0.18166740333462641, 4.416766652699585, 0.16712470149808076, -0.098226944200268285, -0.11334260582205907)]
    public void Constants_AgreeWithTheTutorial(int n, int population, double mass, double rankOne, double rankMu, double stepPath, double damping, double covariancePath, double length, double first, double last, double sum)
    {
        var constants = new CmaConstants(n, population, separable: false);
        double[] expected = [mass, rankOne, rankMu, stepPath, damping, covariancePath, length, first, last, sum];
        double[] actual = [constants.ParentMass, constants.RankOne, constants.RankMu, constants.StepPath, constants.StepDamping, constants.CovariancePath,
            constants.NormalLength, constants.Weights[0], constants.Weights[^1], constants.WeightSum];
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], Math.Abs(expected[i]) * 1e-12);
        Assert.Equal(population / 2, constants.Parents);
    }

    [Theory]
    [InlineData(1, 4), InlineData(2, 6), InlineData(5, 8), InlineData(10, 10), InlineData(100, 17)]
    public void DefaultPopulation_IsEquation48(int n, int population) => Assert.Equal(population, CmaConstants.DefaultPopulation(n));

    [Theory]
    [InlineData(2), InlineData(30), InlineData(1000)]
    public void Separable_LearnsFasterButKeepsSomething(int n)
    {
        var (full, separable) = (new CmaConstants(n, 12, false), new CmaConstants(n, 12, true));
        Assert.True(separable.RankMu >= full.RankMu);
        Assert.True(separable.RankOne + separable.RankMu < 1);
    }
}
