using Lode.Bench.Tuning;

namespace Lode.Optimization.Tests.Samplers;

/// <summary>Every sampler that learns must earn its place on problems that are hard for random search for three different reasons.</summary>
public sealed class SamplerGateTests
{
    [Theory]
    [InlineData("cma", "ackley5", 100)]
    [InlineData("cma", "mixed8", 100)]
    [InlineData("cma", "conditional", 200)]
    [InlineData("forest", "ackley5", 80)]
    [InlineData("forest", "mixed8", 80)]
    [InlineData("forest", "conditional", 120)]
    [InlineData("de", "ackley5", 200)]
    [InlineData("de", "mixed8", 200)]
    [InlineData("de", "conditional", 300)]
    public void Optimize_BeatsRandomOn18Of20Seeds(string name, string problemName, int trials)
    {
        var problem = Problems.All.Single(problem => problem.Name == problemName);
        var wins = 0;
        Parallel.For(0, 20, seed =>
        {
            if (Problems.BestOf(problem, SamplerCatalog.Create(name), (ulong)seed, trials) < Problems.BestOf(problem, new RandomSampler(), (ulong)seed, trials))
                Interlocked.Increment(ref wins);
        });
        Assert.True(wins >= 18, $"{name} beat random search on {wins} of 20 seeds");
    }
}
