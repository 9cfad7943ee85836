using Lode.Optimization;

namespace Lode.Execution.Tests.Agents;

public sealed class GoalReportsTests
{
    [Fact]
    public void Add_SeveralGoals_AreReportedWhenAllOfAStepAreThere()
    {
        var reports = new GoalReports(["loss", "time"]);
        reports.Add(1, [("loss", 0.5), ("other", 9)]);
        reports.Add(2, [("time", 20)]);
        reports.Add(1, [("time", 10)]);
        reports.End();
        Assert.True(reports.Ready.TryRead(out Report report));
        Assert.Equal((1L, 0.5, 10.0), (report.Step, report.Values[0], report.Values[1]));
        Assert.False(reports.Ready.TryRead(out _));
        Assert.Equal(2, reports.Step);
    }

    [Fact]
    public void Add_MoreThanAreSent_KeepsTheNewest()
    {
        var reports = new GoalReports(["loss"]);
        for (var step = 0; step < 10_000; step++)
            reports.Add(step, [("loss", step)]);
        Assert.True(reports.Ready.TryRead(out Report first));
        Assert.True(first.Step > 9000);
        Assert.Equal(9999, reports.Step);
    }

    [Theory]
    [InlineData("lr", "LR")]
    [InlineData("optimizer.weight-decay", "OPTIMIZER_WEIGHT_DECAY")]
    [InlineData("größe", "GR__E")]
    public void VariableOf_AParameter_HasCapitalsDigitsAndUnderscores(string name, string variable) => Assert.Equal(variable, TrialJob.VariableOf(name));
}
