using Lode.Core;

namespace Lode.Optimization.Tests.Samplers;

public sealed class DifferentialEvolutionSamplerTests
{
    private static readonly SearchSpace s_plane = new([new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1)]);

    [Fact]
    public void Propose_RememberedOrReplayed_SameBits()
    {
        var remembering = new DifferentialEvolutionSampler();
        var space = TestKit.Optimization.Spaces.Everything;
        var trials = new List<Trial>();
        for (var i = 0; i < 120; i++)
        {
            var history = new History([Direction.Maximize], [.. trials]) { Budget = i < 60 ? null : 200 };
            var proposal = remembering.Propose(space, history, new Rng(3, (ulong)i));
            Assert.Equal(new DifferentialEvolutionSampler().Propose(space, history, new Rng(3, (ulong)i)), proposal);
            trials.Add(new Trial(i, TrialState.Running, space.FromUnit(proposal)));
            var told = i - new Rng(9, (ulong)i).NextInt32(25);
            if (told >= 0 && told % 17 != 0)
                trials[told] = trials[told] with { State = told % 7 == 0 ? TrialState.Failed : TrialState.Complete, Values = [proposal[4]] };
        }
    }

    [Fact]
    public void Advance_Generation_KeepsTheBetterOfEachPair()
    {
        var options = new DifferentialEvolutionOptions { Population = 4 };
        var trials = Enumerable.Range(0, 8).Select(i => new Trial(i, i == 6 ? TrialState.Failed : TrialState.Complete, s_plane.FromUnit([i / 8.0, 0.5]))
        {
            Values = i == 6 ? [] : [new double[] { 4, 3, 2, 1, 3.5, 3.5, 0, 1 }[i]],
        });
        var history = new History([Direction.Minimize], [.. trials]);
        var state = DifferentialEvolutionState.First(s_plane, history, options).Advance(history, 0, options);
        Assert.Equal([0, 1, 2, 3], state.Members.Select(member => member.Standing.Number));
        state = state.Advance(history, 4, options);
        // 4 improves on 0, 5 is worse than 1, 6 failed, 7 equals 3.
        Assert.Equal([4, 1, 2, 7], state.Members.Select(member => member.Standing.Number));
        Assert.Equal(2, state.Archive.Length);
        // The memory took the settings of the only success.
        var (scale, crossover) = DifferentialEvolutionState.First(s_plane, history, options).SettingsOf(4);
        Assert.Equal(scale, state.Scales[0], 1e-15);
        Assert.Equal(crossover, state.Crossovers[0], 1e-15);
        Assert.Equal(1, state.Cursor);
    }

    [Fact]
    public void Advance_WithBudget_PopulationShrinksToFour()
    {
        var options = new DifferentialEvolutionOptions { Population = 20 };
        var history = new History([Direction.Minimize], [.. Enumerable.Range(0, 400).Select(i => new Trial(i, TrialState.Complete, s_plane.FromUnit([0.3, 0.4])) { Values = [i] })]) { Budget = 400 };
        var state = DifferentialEvolutionState.First(s_plane, history, options);
        var sizes = new List<int>();
        for (var at = 0; at + state.Size <= 400; at += sizes[^1])
        {
            sizes.Add(state.Size);
            state = state.Advance(history, at, options);
        }
        Assert.Equal(20, sizes[0]);
        Assert.Equal(4, sizes[^1]);
        Assert.Equal(sizes.OrderDescending(), sizes);
        Assert.Contains(0, state.Members.Select(member => member.Standing.Number)); // the best stays
    }

    [Theory]
    [InlineData(3, 0.1, 1, 1, "Population")]
    [InlineData(0, 0, 1, 1, "BestShare")]
    [InlineData(0, 0.1, -1, 1, "Archive")]
    [InlineData(0, 0.1, 1, 0, "Memory")]
    public void Options_OutsideTheirRange_AreRefused(int population, double share, double archive, int memory, string name)
    {
        var error = Assert.Throws<LodeException>(() => new DifferentialEvolutionSampler(new() { Population = population, BestShare = share, Archive = archive, Memory = memory }));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }
}
