namespace Lode.Optimization.Tests.Samplers.Gp;

public sealed class TrustRegionTests
{
    private const int Dims = 6;
    private const int Startup = 4;

    [Fact]
    public void Replay_Startup_LeavesTheLengthAlone() => Assert.Equal(new TrustRegion(0.8, 0), After(9, 8, 7, 6));

    [Fact]
    public void Replay_ThreeSuccessesInARow_DoublesTheLengthAtMostOnce()
    {
        Assert.Equal(1.6, After(9, 9, 9, 9, 8, 7, 6).Length);
        Assert.Equal(1.6, After(9, 9, 9, 9, 8, 7, 6, 5, 4, 3).Length);
        Assert.Equal(0.8, After(9, 9, 9, 9, 8, 7, 9, 6).Length);
    }

    [Fact]
    public void Replay_AsManyFailuresAsParameters_HalvesTheLength()
    {
        Assert.Equal(0.8, After([9, 9, 9, 9, .. Enumerable.Repeat(9.0, Dims - 1)]).Length);
        Assert.Equal(0.4, After([9, 9, 9, 9, .. Enumerable.Repeat(9.0, Dims)]).Length);
    }

    [Fact]
    public void Replay_TinyLength_StartsAnewWithoutTheOldTrials()
    {
        // 0.8 is below 2⁻⁷ after 7 halvings.
        var history = History([9, 9, 9, 1, .. Enumerable.Repeat(9.0, 7 * Dims), 5]);
        var region = TrustRegion.Replay(history, Dims, Startup);
        Assert.Equal(new TrustRegion(0.8, Startup + (7 * Dims)), region);
        Assert.Equal(5, Assert.Single(region.Part(history).Trials).Values[0]);
    }

    [Fact]
    public void Reach_HasTheVolumeOfACubeAndTheProportionsOfTheLengthScales()
    {
        var reach = new TrustRegion(0.4, 0).Reach([Math.Log(0.1), Math.Log(0.4), 7], [true, true, false]);
        Assert.Equal(0.04, reach[0] * reach[1], 12);
        Assert.Equal(4, reach[1] / reach[0], 12);
        Assert.Equal(0, reach[2]);
    }

    [Fact]
    public void Optimize_TwentyParameters_BeatsRandomOnEverySeed()
    {
        var space = new SearchSpace([.. Enumerable.Range(0, 20).Select(i => new FloatParameter($"x{i}", -5, 5))]);
        double Best(ISampler sampler, ulong seed)
        {
            var study = new Study(new StudyOptions { Space = space, Sampler = sampler, Seed = seed });
            study.Optimize(trial => Enumerable.Range(0, 20).Sum(i => (1 + i) * Math.Pow(trial.Params.Float($"x{i}") - 2 + (0.2 * i), 2)), new OptimizeOptions { Trials = 60 });
            return study.Best!.Values[0];
        }
        for (ulong seed = 0; seed < 4; seed++)
            Assert.True(Best(new GpSampler(new GpOptions { TrustRegion = true }), seed) < 0.5 * Best(new RandomSampler(), seed), $"seed {seed}");
    }

    private static TrustRegion After(params double[] losses) => TrustRegion.Replay(History(losses), Dims, Startup);

    private static History History(params double[] losses) =>
        new([Direction.Minimize], [.. losses.Select((loss, i) => new Trial(i, TrialState.Complete, Params.Empty) { Values = [loss] })]);
}
