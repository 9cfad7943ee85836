using System.Text.Json;
using Lode.Core;
using Lode.TestKit.Optimization;

namespace Lode.Optimization.Tests.Terminators;

public sealed class TerminatorTests : TerminatorContract
{
    public static TheoryData<string> Names => [.. TerminatorCatalog.Names];

    protected override ITerminator Create(string name) => TerminatorCatalog.Create(name);

    [Theory, MemberData(nameof(Names))]
    public void WhyStop_SameHistory_SameAnswer(string name) => IsPure(name);

    [Theory, MemberData(nameof(Names))]
    public void WhyStop_NothingKnown_GoesOn(string name) => GoesOnWithoutEvidence(name);

    [Fact]
    public void Stagnation_CountsFinishedTrialsSinceTheLastImprovement()
    {
        var terminator = new StagnationTerminator(new() { Patience = 3, MinTrials = 5, MinImprovement = 0.5 });
        Assert.Null(terminator.WhyStop(Values(Direction.Minimize, 3, 3, 3, 3)));
        Assert.Equal("None of the last 4 trials improved on the best.", terminator.WhyStop(Values(Direction.Minimize, 3, 3, 2.6, 3, 3)));
        Assert.Null(terminator.WhyStop(Values(Direction.Minimize, 3, 3, 2.4, 3, 3)));
        Assert.NotNull(terminator.WhyStop(Values(Direction.Maximize, 3, 3, 2.4, 3, 3)));
    }

    [Fact]
    public void Target_ReachedInEveryObjective_Stops()
    {
        using var json = JsonDocument.Parse("""{"target":[1,5]}""");
        var terminator = TerminatorCatalog.Create("target", json.RootElement);
        History History(params Trial[] trials) => new([Direction.Minimize, Direction.Maximize], trials);
        var good = new Trial(0, TrialState.Complete, Params.Empty) { Values = [0.5, 5] };
        Assert.Equal("Trial 0 reached the target 1, 5.", terminator.WhyStop(History(good)));
        Assert.Null(terminator.WhyStop(History(good with { Values = [0.5, 4] })));
        Assert.Null(terminator.WhyStop(History(good with { Constraints = [1] })));
        Assert.Contains("one per objective", Assert.Throws<LodeException>(() => terminator.WhyStop(Values(Direction.Minimize, 1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_Nonsense_IsNamed()
    {
        Assert.Contains("stagnation, target", Assert.Throws<LodeException>(() => TerminatorCatalog.Create("never")).Message, StringComparison.Ordinal);
        Assert.Contains("Patience", Assert.Throws<LodeException>(() => new StagnationTerminator(new() { Patience = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("Target", Assert.Throws<LodeException>(() => new TargetTerminator(new() { Target = [double.NaN] })).Message, StringComparison.Ordinal);
    }

    private static History Values(Direction direction, params double[] values) =>
        new([direction], [.. values.Select((value, i) => new Trial(i, TrialState.Complete, Params.Empty) { Values = [value] })]);
}
