namespace Lode.Optimization.Tests.Terminators;

public sealed class RegretBoundTerminatorTests
{
    private const int Budget = 80;
    private static readonly SearchSpace s_square = new([new FloatParameter("x", -5, 10), new FloatParameter("y", -5, 10)]);

    [Fact]
    public void WhyStop_Bowl_StopsWellBeforeTheBudgetNearTheOptimum()
    {
        for (ulong seed = 0; seed < 10; seed++)
        {
            var study = Search(s_square, p => Square(p.Float("x") - 3.3) + (4 * Square(p.Float("y") + 1.2)), seed, new GpSampler());
            Assert.StartsWith("At most ", study.StopReason, StringComparison.Ordinal);
            Assert.InRange(study.Trials.Count, 20, Budget / 2);
            // 1 % of the distance from the median to the best, which is some tens.
            Assert.InRange(study.Trials.Min(trial => trial.Values[0]), 0, 0.5);
        }
    }

    [Fact]
    public void WhyStop_BowlSearchedAtRandom_WaitsUntilTheModelIsSure()
    {
        for (ulong seed = 0; seed < 5; seed++)
        {
            var study = Search(s_square, p => Square(p.Float("x") - 3.3) + (4 * Square(p.Float("y") + 1.2)), seed, new RandomSampler());
            Assert.True(study.StopReason is null || study.Trials.Min(trial => trial.Values[0]) < 10, $"seed {seed}: {study.Trials.Min(trial => trial.Values[0])}");
        }
    }

    [Fact]
    public void WhyStop_ManyHills_GoesOn()
    {
        var space = new SearchSpace([.. Enumerable.Range(0, 4).Select(i => new FloatParameter($"x{i}", -5.12, 5.12))]);
        var stopped = 0;
        for (ulong seed = 0; seed < 5; seed++)
        {
            var study = Search(space, p => Enumerable.Range(0, 4).Sum(i => Square(p.Float($"x{i}") - 1.7) + (10 * (1 - Math.Cos(2 * Math.PI * (p.Float($"x{i}") - 1.7))))), seed, new GpSampler());
            stopped += study.StopReason is null ? 0 : 1;
        }
        Assert.Equal(0, stopped);
    }

    private static Study Search(SearchSpace space, Func<Params, double> function, ulong seed, ISampler sampler)
    {
        var study = new Study(new StudyOptions { Space = space, Seed = seed, Sampler = sampler, Terminators = [new RegretBoundTerminator()] });
        study.Optimize(trial => function(trial.Params), new OptimizeOptions { Trials = Budget });
        return study;
    }

    private static double Square(double x) => x * x;
}
