using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization.Tests.Pruners;

public sealed class SimplePrunerTests
{
    private static readonly History s_empty = new([Direction.Minimize], []);

    [Theory]
    [InlineData(false, 1.0)]
    [InlineData(true, 2.1)]
    [InlineData(true, -0.1)]
    [InlineData(true, double.NaN)]
    [InlineData(false, 2.0, 1.0)]
    [InlineData(true, double.PositiveInfinity)]
    public void Threshold_LastReport_DecidesByTheBounds(bool prune, params double[] reports) =>
        Assert.Equal(prune, new ThresholdPruner(new() { Lower = 0, Upper = 2 }).ShouldPrune(s_empty, Running(reports)));

    [Fact]
    public void Threshold_WarmupAndInterval_AreWaitedFor()
    {
        var pruner = new ThresholdPruner(new() { Upper = 1, WarmupSteps = 2, IntervalSteps = 3 });
        Assert.Equal([false, false, true, false, false, true], Enumerable.Range(1, 6).Select(n => pruner.ShouldPrune(s_empty, Running([.. Enumerable.Repeat(9.0, n)]))));
    }

    [Theory]
    [InlineData(false, 3.0, 2.0, 1.0)]
    [InlineData(false, 1.0, 2.0)]
    [InlineData(true, 1.0, 2.0, 2.0)]
    [InlineData(false, 1.0, 1.0, 1.0)]
    [InlineData(false, 1.0, 2.0, 0.5)]
    [InlineData(true, 1.0, double.NaN, double.NaN)]
    [InlineData(true, 5.0, 1.0, 2.0, 3.0)]
    public void Patient_NoImprovementForPatience_Stops(bool prune, params double[] reports) =>
        Assert.Equal(prune, new PatientPruner(new() { Patience = 1 }).ShouldPrune(s_empty, Running(reports)));

    [Fact]
    public void Patient_MinDelta_ForgivesSmallLosses()
    {
        var pruner = new PatientPruner(new() { Patience = 0, MinDelta = 0.5 });
        Assert.False(pruner.ShouldPrune(s_empty, Running(1, 1.4)));
        Assert.True(pruner.ShouldPrune(s_empty, Running(1, 1.6)));
    }

    [Fact]
    public void Patient_InnerPruner_HasTheLastWord()
    {
        using var json = JsonDocument.Parse("""{"patience":0,"pruner":"threshold","options":{"upper":3}}""");
        var pruner = PrunerCatalog.Create("patient", json.RootElement);
        Assert.False(pruner.ShouldPrune(s_empty, Running(1, 2)));
        Assert.True(pruner.ShouldPrune(s_empty, Running(1, 4)));
        Assert.False(pruner.ShouldPrune(s_empty, Running(5, 4)));
    }

    [Fact]
    public void Constructor_Nonsense_IsNamed()
    {
        Assert.Contains("Patience", Assert.Throws<LodeException>(() => new PatientPruner(new() { Patience = -1 })).Message, StringComparison.Ordinal);
        Assert.Contains("MinDelta", Assert.Throws<LodeException>(() => new PatientPruner(new() { MinDelta = double.NaN })).Message, StringComparison.Ordinal);
        Assert.Contains("no pruner 'x'", Assert.Throws<LodeException>(() => new PatientPruner(new() { Pruner = "x" })).Message, StringComparison.Ordinal);
        Assert.Contains("Lower", Assert.Throws<LodeException>(() => new ThresholdPruner(new() { Lower = 2, Upper = 1 })).Message, StringComparison.Ordinal);
        Assert.Contains("IntervalSteps", Assert.Throws<LodeException>(() => new ThresholdPruner(new() { IntervalSteps = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("Objective", Assert.Throws<LodeException>(() => new ThresholdPruner(new() { Objective = 1 }).ShouldPrune(s_empty, Running(1))).Message, StringComparison.Ordinal);
    }

    private static Trial Running(params double[] reports) => new(0, TrialState.Running, Params.Empty)
    {
        Reports = [.. reports.Select((value, step) => new Report(step, [value]))],
    };
}
