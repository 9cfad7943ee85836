using Lode.Core;

namespace Lode.Optimization.Tests.Samplers;

public sealed class ForestSamplerTests
{
    private static readonly SearchSpace s_mixed = new(
    [
        new CategoricalParameter("kind", "a", "b", "c"),
        new FloatParameter("x", 0, 1),
        new FloatParameter("only_b", 0, 1) { When = new("kind", ["b"]) },
    ]);

    [Fact]
    public void Predict_StepsAndChoices_AreLearnt()
    {
        var points = Enumerable.Range(0, 400).Select(i => Unit(i)).ToArray();
        var forest = new RegressionForest(s_mixed, points, [.. points.Select(Truth)], 10, new Rng(1));
        var error = Enumerable.Range(1000, 200).Average(i => Math.Abs(forest.Predict(Unit(i)).Mean - Truth(Unit(i))));
        Assert.True(error < 0.12, $"mean error {error}");
    }

    [Fact]
    public void Predict_FarFromData_IsLessSure()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1)]);
        double[][] points = [.. Enumerable.Range(0, 40).Select(i => new[] { i < 20 ? i / 100.0 : 0.8 + (i / 400.0) })];
        var forest = new RegressionForest(space, points, [.. points.Select(p => Math.Sin(8 * p[0]))], 30, new Rng(1));
        Assert.True(forest.Predict([0.5]).Variance > 10 * forest.Predict([0.1]).Variance);
    }

    [Fact]
    public void Predict_ConstantTargets_HasNoVariance()
    {
        var points = Enumerable.Range(0, 30).Select(i => Unit(i)).ToArray();
        var forest = new RegressionForest(s_mixed, points, [.. points.Select(_ => 2.5)], 10, new Rng(1));
        var (mean, variance) = forest.Predict(Unit(77));
        Assert.Equal(2.5, mean, 1e-12);
        Assert.Equal(0, variance, 1e-12);
    }

    [Fact]
    public void Data_TrialsOfEveryState_HaveTheirTargets()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1)]);
        Trial Make(int i, TrialState state, double value = double.NaN) => new(i, state, space.FromUnit([0.5])) { Values = double.IsNaN(value) ? [] : [value] };
        var data = new ForestData(space, new History([Direction.Minimize],
        [
            Make(0, TrialState.Complete, 1), Make(1, TrialState.Complete, 3), Make(2, TrialState.Complete, 2), Make(3, TrialState.Failed),
            Make(4, TrialState.Running), Make(5, TrialState.Waiting), Make(6, TrialState.Complete, 0) with { Constraints = [1] }, Make(7, TrialState.Pruned),
        ]), 100);
        Assert.Equal(3, data.Complete);
        Assert.Equal(Math.Log(0.01), data.Best, 1e-12);
        var (best, median, worst) = (Math.Log(0.01), Math.Log(1.01), Math.Log(2.01));
        double[] expected = [best, worst, median, worst, (best + median + worst) / 3, worst, worst];
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], data.Targets[i], 1e-12);
    }

    [Fact]
    public void Data_BeyondTheLimit_KeepsTheBestAndTheLatest()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1)]);
        var trials = Enumerable.Range(0, 300).Select(i => new Trial(i, TrialState.Complete, space.FromUnit([i / 300.0])) { Values = [i] });
        var data = new ForestData(space, new History([Direction.Minimize], [.. trials]), 50);
        Assert.Equal(50, data.Points.Length);
        Assert.Contains(data.Points, point => point[0] == 0);
        Assert.Contains(data.Points, point => point[0] > 0.99);
        Assert.DoesNotContain(data.Points, point => point[0] is > 0.2 and < 0.8);
    }

    [Theory]
    [InlineData(1, 10, 0.1, "StartupTrials")]
    [InlineData(10, 1, 0.1, "Trees")]
    [InlineData(10, 10, 1.1, "RandomShare")]
    public void Options_OutsideTheirRange_AreRefused(int startup, int trees, double share, string name)
    {
        var error = Assert.Throws<LodeException>(() => new ForestSampler(new() { StartupTrials = startup, Trees = trees, RandomShare = share }));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    private static double[] Unit(int i)
    {
        var rng = new Rng(12, (ulong)i);
        double[] unit = [rng.NextDouble(), rng.NextDouble(), rng.NextDouble()];
        if (!s_mixed.IsActive(2, unit))
            unit[2] = double.NaN;
        return unit;
    }

    private static double Truth(double[] unit) => Math.Min((int)(unit[0] * 3), 2) switch { 0 => 1, 1 => 3 + unit[2], _ => 2 } + (unit[1] > 0.6 ? 1 : 0);
}
