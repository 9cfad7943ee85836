using Lode.Core;

namespace Lode.Optimization.Tests.Samplers;

public sealed class RandomSamplerTests
{
    [Fact]
    public void Propose_GridsAndChoices_GiveEachValueTheSameChance()
    {
        var space = new SearchSpace([new IntParameter("i", 0, 4), new CategoricalParameter("c", "a", "b", "c"), new FloatParameter("g", 0, 1, step: 0.5)]);
        var counts = new Dictionary<string, int>();
        const int n = 6000;
        for (var i = 0; i < n; i++)
            foreach (var (name, value) in space.FromUnit(new RandomSampler().Propose(space, new History([Direction.Minimize], []), new Rng(3, (ulong)i))))
                counts[$"{name}={value}"] = counts.GetValueOrDefault($"{name}={value}") + 1;
        Assert.Equal(11, counts.Count);
        foreach (var (key, count) in counts)
        {
            // Five standard deviations of a binomial count.
            var p = key[0] == 'i' ? 0.2 : 1.0 / 3;
            Assert.InRange(count, (n * p) - (5 * Math.Sqrt(n * p * (1 - p))), (n * p) + (5 * Math.Sqrt(n * p * (1 - p))));
        }
    }

    [Fact]
    public void Propose_LogScale_GivesEachDecadeTheSameChance()
    {
        var space = new SearchSpace([new FloatParameter("lr", 1e-4, 1, log: true)]);
        var decades = new int[4];
        for (var i = 0; i < 4000; i++)
            decades[(int)Math.Floor(Math.Log10(space.FromUnit(new RandomSampler().Propose(space, new History([Direction.Minimize], []), new Rng(4, (ulong)i))).Float("lr")) + 4)]++;
        Assert.All(decades, count => Assert.InRange(count, 860, 1140));
    }
}
