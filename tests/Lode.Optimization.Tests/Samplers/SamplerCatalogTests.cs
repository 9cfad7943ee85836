using System.Text.Json;
using Lode.Core;
using Lode.TestKit.Optimization;

namespace Lode.Optimization.Tests.Samplers;

public sealed class SamplerCatalogTests : SamplerContract
{
    public static TheoryData<string> Names => [.. SamplerCatalog.Names];

    protected override ISampler Create(string name) => SamplerCatalog.Create(name);

    [Theory, MemberData(nameof(Names))]
    public void Propose_AnySpaceAndHistory_StaysInside(string name) => StaysInside(name);

    [Theory, MemberData(nameof(Names))]
    public void Propose_SameArguments_SameAnswer(string name) => IsPure(name);

    [Theory, MemberData(nameof(Names))]
    public void Propose_EmptySpace_IsEmpty(string name) => SurvivesEmptySpace(name);

    [Theory, MemberData(nameof(Names))]
    public void Propose_ScaledOrTurnedObjective_SameAnswer(string name) => IgnoresScaleAndSign(name);

    [Theory, MemberData(nameof(Names))]
    public void Propose_ManyThreads_SameAnswers(string name) => ServesManyThreads(name);

    [Theory, MemberData(nameof(Names))]
    public void Propose_AfterOtherProposals_SameAnswer(string name) => IgnoresItsPast(name);

    [Theory, MemberData(nameof(Names))]
    public void Propose_Constraints_AreTaken(string name) => TakesConstraints(name);

    [Theory, MemberData(nameof(Names))]
    public void Propose_TrialsOfASmallerSpace_AreTaken(string name) => TakesTrialsOfASmallerSpace(name);

    [Fact]
    public void Create_UnknownName_NamesThoseThereAre()
    {
        var error = Assert.Throws<LodeException>(() => SamplerCatalog.Create("tpee"));
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("halton", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tpe", """{"startup_trials":5,"weighting":"uniform"}""", null)]
    [InlineData("tpe", """{"startup":5}""", "startup_trials")]
    [InlineData("tpe", """{"candidates":0}""", "Candidates")]
    [InlineData("tpe", """{"good_share":1}""", "GoodShare")]
    [InlineData("cma", """{"warm_start_trials":5}""", null)]
    [InlineData("cma", """{"warm_start_study":null}""", "warm_start_trials, warm_start_share")]
    [InlineData("cma", """{"warm_start":5}""", "warm_start_trials, warm_start_share")]
    [InlineData("random", """{"x":1}""", "no options")]
    [InlineData("brute_force", """{"x":1}""", "no options")]
    [InlineData("grid", """{"values":3}""", null)]
    [InlineData("grid", """{"values":0}""", "Values")]
    [InlineData("sobol", """{"scramble":false}""", null)]
    [InlineData("halton", """{"scrambled":false}""", "scramble")]
    [InlineData("latin_hypercube", """{"points":0}""", "Points")]
    public void Create_Options_AreReadStrictly(string name, string json, string? message)
    {
        using var options = JsonDocument.Parse(json);
        if (message is null)
            Assert.NotNull(SamplerCatalog.Create(name, options.RootElement));
        else
            Assert.Contains(message, Assert.Throws<LodeException>(() => SamplerCatalog.Create(name, options.RootElement)).Message, StringComparison.Ordinal);
    }
}
