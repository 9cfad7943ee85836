using Lode.Core;

namespace Lode.Optimization.Tests.Samplers.Gp;

public sealed class LaplaceDrawsTests
{
    [Fact]
    public void Of_FewPoints_DrawsWidelyWhatIsNotKnownAndNearlyWhatIs()
    {
        // The second number does nothing: many length scales explain that, but few the first one's.
        var space = new SearchSpace([new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1)]);
        var rng = new Rng(3, 0);
        var (raw, y) = (new double[40], new double[20]);
        foreach (ref var coordinate in raw.AsSpan())
            coordinate = rng.NextDouble();
        for (var i = 0; i < y.Length; i++)
            y[i] = Math.Sin(9 * raw[2 * i]);
        var likelihood = new MarginalLikelihood(new Embedding(space, [false, false], false), raw, y, 1e-6);
        var (mode, lower, upper) = (new double[4], new double[4], new double[4]);
        likelihood.Bounds(lower, upper);
        mode[3] = Math.Log(1e-3);
        var lowest = new BoundedLbfgs(4).Minimize(likelihood.Evaluate, mode, lower, upper, 200, 1e-8);

        var draws = LaplaceDraws.Of(likelihood, mode, 32, new Rng(0, 1));

        Assert.InRange(draws.Length, 16, 32);
        Assert.All(draws, draw => Assert.True(likelihood.Evaluate(draw, []) < lowest + 4));
        Assert.All(draws, draw => Assert.All(Enumerable.Range(0, 4), i => Assert.InRange(draw[i], lower[i], upper[i])));
        double Spread(int i) => draws.Max(draw => draw[i]) - draws.Min(draw => draw[i]);
        Assert.True(Spread(1) > 2 * Spread(0), $"{Spread(0)}, {Spread(1)}");
        Assert.Equal(draws, LaplaceDraws.Of(likelihood, mode, 32, new Rng(0, 1)));
    }
}
