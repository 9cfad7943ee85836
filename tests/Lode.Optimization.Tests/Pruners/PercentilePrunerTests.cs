using Lode.Core;

namespace Lode.Optimization.Tests.Pruners;

public sealed class PercentilePrunerTests
{
    [Theory]
    [InlineData(50, 1.9, false)]
    [InlineData(50, 2.1, true)]
    [InlineData(25, 0.9, false)]
    [InlineData(25, 1.1, true)]
    [InlineData(100, 4.0, false)]
    [InlineData(100, 4.1, true)]
    public void ShouldPrune_WorseThanThePercentile(double percentile, double value, bool expected) =>
        Assert.Equal(expected, Pruner(percentile: percentile).ShouldPrune(Others(0, 1, 2, 3, 4), Running(value)));

    [Fact]
    public void ShouldPrune_BestReportSoFarCounts_NotTheLast() => Assert.False(Pruner().ShouldPrune(Others(0, 1, 2, 3, 4), Running(0.5, 9)));

    [Fact]
    public void ShouldPrune_BeforeStartup_LetsGoOn()
    {
        Assert.False(Pruner(startup: 6).ShouldPrune(Others(0, 1, 2, 3, 4), Running(9)));
        Assert.True(Pruner(startup: 5).ShouldPrune(Others(0, 1, 2, 3, 4), Running(9)));
    }

    [Fact]
    public void ShouldPrune_WarmupAndInterval_JudgeAtTheFirstReportOfEach()
    {
        var judged = Enumerable.Range(0, 8).Where(step => Pruner(warmup: 2, interval: 3).ShouldPrune(Others(0, 1, 2, 3, 4), Running([.. Enumerable.Repeat(9.0, step + 1)])));
        Assert.Equal([2, 5], judged);
    }

    [Fact]
    public void ShouldPrune_TooFewAtThisStep_LetsGoOn()
    {
        var history = new History([Direction.Minimize], [.. Others(0, 1, 2).Trials.Select(trial => trial.Number == 0 ? trial : trial with { Reports = [] })]);
        Assert.True(Pruner(startup: 1).ShouldPrune(history, Running(9)));
        Assert.False(Pruner(startup: 1, min: 2).ShouldPrune(history, Running(9)));
    }

    [Fact]
    public void ShouldPrune_OnlyNaN_Stops()
    {
        Assert.True(Pruner().ShouldPrune(Others(0, 1, 2, 3, 4), Running(double.NaN)));
        Assert.False(Pruner().ShouldPrune(Others(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN), Running(1)));
    }

    [Fact]
    public void ShouldPrune_TwoObjectives_OnlyWhenWorseInBoth()
    {
        Trial Two(int number, double a, double b, TrialState state) => new(number, state, Params.Empty) { Values = [a, b], Reports = [new Report(0, [a, b])] };
        var history = new History([Direction.Minimize, Direction.Maximize], [.. Enumerable.Range(0, 5).Select(i => Two(i, i, i, TrialState.Complete))]);
        Assert.True(Pruner().ShouldPrune(history, Two(9, 3, 1, TrialState.Running)));
        Assert.False(Pruner().ShouldPrune(history, Two(9, 3, 3, TrialState.Running)));
    }

    [Theory]
    [InlineData(101, 5, 0, 1, 1, "Percentile")]
    [InlineData(50, -1, 0, 1, 1, "StartupTrials")]
    [InlineData(50, 5, -1, 1, 1, "WarmupSteps")]
    [InlineData(50, 5, 0, 0, 1, "IntervalSteps")]
    [InlineData(50, 5, 0, 1, 0, "MinTrials")]
    public void Options_OutOfRange_AreNamed(double percentile, int startup, long warmup, long interval, int min, string name) =>
        Assert.Contains(name, Assert.Throws<LodeException>(() => Pruner(percentile, startup, warmup, interval, min)).Message, StringComparison.Ordinal);

    private static PercentilePruner Pruner(double percentile = 50, int startup = 5, long warmup = 0, long interval = 1, int min = 1) =>
        new(new() { Percentile = percentile, StartupTrials = startup, WarmupSteps = warmup, IntervalSteps = interval, MinTrials = min });

    private static Trial Running(params double[] reports) => new(99, TrialState.Running, Params.Empty) { Reports = [.. reports.Select((v, step) => new Report(step, [v]))] };

    // Complete trials that reported the same value at each of ten steps.
    private static History Others(params double[] values) => new([Direction.Minimize],
        [.. values.Select((v, i) => Running([.. Enumerable.Repeat(v, 10)]) with { Number = i, State = TrialState.Complete, Values = [v] })]);
}
