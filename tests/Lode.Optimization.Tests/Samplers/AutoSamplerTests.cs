using Lode.Core;

namespace Lode.Optimization.Tests.Samplers;

public sealed class AutoSamplerTests
{
    private static readonly SearchSpace s_numbers = new([new FloatParameter("x", 0, 1), new IntParameter("k", 1, 9)]);
    private static readonly SearchSpace s_mixed = new([new FloatParameter("x", 0, 1), new CategoricalParameter("c", "a", "b")]);
    private static readonly SearchSpace s_large = new([new CategoricalParameter("c", "a", "b"), .. Enumerable.Range(0, 60).Select(i => new FloatParameter($"x{i}", 0, 1))]);
    private static readonly SearchSpace s_nothing = new([new IntParameter("k", 3, 3)]);

    public static TheoryData<string, int, int, int, string> Cases => new()
    {
        { "numbers", 20, 1, 1, "gp" },
        { "numbers", 299, 20, 1, "gp" },
        { "numbers", 300, 1, 1, "cma" },
        { "numbers", 20, 64, 1, "cma" },
        { "mixed", 20, 1, 1, "gp" },
        { "mixed", 300, 1, 1, "tpe" },
        { "mixed", 20, 64, 1, "tpe" },
        { "large", 20, 1, 1, "forest" },
        { "large", 1000, 1, 1, "tpe" },
        { "nothing", 20, 1, 1, "random" },
        { "numbers", 20, 1, 2, "random" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Explain_Situation_NamesTheSamplerAndWhy(string space, int trials, int parallel, int objectives, string expected)
    {
        var history = History(Space(space), trials, parallel, objectives);
        var choice = AutoSampler.Explain(Space(space), history);
        var there = SamplerCatalog.Names.Contains(expected);
        Assert.Equal(there ? expected : "tpe", choice.Sampler);
        Assert.EndsWith(".", choice.Reason, StringComparison.Ordinal);
        Assert.Equal(!there, choice.Reason.Contains($"no sampler '{expected}'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("numbers", 999, "gp")]
    [InlineData("numbers", 1000, "cma")]
    [InlineData("mixed", 1000, "gp")]
    public void Explain_Budget_DecidesWhereAllAreNumbers(string space, int budget, string expected) => Assert.Equal(
        SamplerCatalog.Names.Contains(expected) ? expected : "tpe",
        AutoSampler.Explain(Space(space), History(Space(space), 20, 1, 1) with { Budget = budget }).Sampler);

    [Theory]
    [InlineData("numbers", 20)]
    [InlineData("numbers", 330)]
    [InlineData("mixed", 310)]
    public void Propose_Situation_IsThatOfTheSamplerNamed(string space, int trials)
    {
        var history = History(Space(space), trials, 1, 1);
        var name = AutoSampler.Explain(Space(space), history).Sampler;
        var named = name == "cma" ? new CmaSampler(new() { WarmStartTrials = 300 }) : SamplerCatalog.Create(name);
        Assert.Equal(named.Propose(Space(space), history, new Rng(4)), new AutoSampler().Propose(Space(space), history, new Rng(4)));
    }

    [Fact]
    public void Explain_SameConfigurationWithAnotherValue_IsNoiseAndNoForest()
    {
        var space = new SearchSpace([.. Enumerable.Range(0, 60).Select(i => new CategoricalParameter($"c{i}", "a", "b"))]);
        var history = History(space, 30, 1, 1);
        Assert.Equal("forest", AutoSampler.Explain(space, history).Sampler);
        var again = history with { Trials = [.. history.Trials, history.Trials[3] with { Number = 30, Values = [-1] }] };
        Assert.Equal("tpe", AutoSampler.Explain(space, again).Sampler);
    }

    private static SearchSpace Space(string name) => name switch { "numbers" => s_numbers, "mixed" => s_mixed, "large" => s_large, _ => s_nothing };

    private static History History(SearchSpace space, int trials, int parallel, int objectives) => new(
        [.. Enumerable.Repeat(Direction.Minimize, objectives)],
        [.. Enumerable.Range(0, trials).Select(i => new Trial(i, TrialState.Complete, space.FromUnit(UniformDraw.Feasible(space, new Rng(7, (ulong)i)))) { Values = [.. Enumerable.Repeat((double)i, objectives)] })])
    { Parallel = parallel };
}
