using System.Text.Json;
using Lode.Core;
using Lode.TestKit.Optimization;

namespace Lode.Optimization.Tests.Pruners;

public sealed class PrunerCatalogTests : PrunerContract
{
    public static TheoryData<string> Names => [.. PrunerCatalog.Names];

    protected override IPruner Create(string name) => PrunerCatalog.Create(name);

    [Theory, MemberData(nameof(Names))]
    public void ShouldPrune_SameOrTurnedArguments_SameAnswer(string name) => IsPure(name);

    [Theory, MemberData(nameof(Names))]
    public void ShouldPrune_NothingToCompare_LetsGoOn(string name) => LetsGoOnWithoutEvidence(name);

    [Theory, MemberData(nameof(Names))]
    public void ShouldPrune_BestSoFar_LetsGoOn(string name) => KeepsTheBest(name);

    [Theory, MemberData(nameof(Names))]
    public void ShouldPrune_SeveralObjectives_BestGoesOn(string name) => TakesSeveralObjectives(name);

    [Fact]
    public void Create_UnknownName_NamesThoseThereAre() =>
        Assert.Contains("median, none, patient, percentile, threshold", Assert.Throws<LodeException>(() => PrunerCatalog.Create("mean")).Message, StringComparison.Ordinal);

    [Fact]
    public void Create_MedianWithOptions_StaysMedian()
    {
        using var options = JsonDocument.Parse("""{"startup_trials":1,"percentile":1}""");
        var pruner = PrunerCatalog.Create("median", options.RootElement);
        Assert.False(pruner.ShouldPrune(Reported([0, 1, 2, 3]), Running(4, [1.4])));
        Assert.True(pruner.ShouldPrune(Reported([0, 1, 2, 3]), Running(4, [1.6])));
    }
}
