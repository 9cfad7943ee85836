using Lode.Core;

namespace Lode.Learning.Tests.Ensembles;

public sealed class ThresholdTests
{
    private static (Target Truth, Predictions Predicted) Rows(int rows, double share, ulong seed)
    {
        var rng = new Rng(seed);
        var (labels, values) = (new int[rows], new double[2 * rows]);
        for (var row = 0; row < rows; row++)
        {
            labels[row] = rng.NextDouble() < share ? 1 : 0;
            // Rounded, so that there are ties.
            values[(2 * row) + 1] = Math.Round(Math.Clamp((labels[row] * 0.2) + (0.5 * rng.NextDouble()), 0, 1), 2);
            values[2 * row] = 1 - values[(2 * row) + 1];
        }
        return (Target.Classification("y", labels, ["no", "yes"]), new Predictions(values, ["no", "yes"]));
    }

    [Theory]
    [InlineData("f1")]
    [InlineData("balanced_accuracy")]
    [InlineData("cost:FP=1,FN=5")]
    [InlineData("cost:FP=3,FN=0")]
    public void Choose_AnyGoal_IsAsGoodAsTheBestOfAllCuts(string text)
    {
        var goal = ThresholdGoal.Parse(text)!;
        for (ulong seed = 0; seed < 20; seed++)
        {
            var (truth, predicted) = Rows(80, 0.2, seed);
            double Of(double cut) => (goal.HigherIsBetter ? 1 : -1) * goal.Score(truth, new Predictions(predicted.Values.ToArray(), predicted.Classes, cut));
            Assert.Equal(Enumerable.Range(0, 1001).Max(i => Of(i / 1000.0)), Of(goal.Choose(truth, predicted)), 12);
        }
    }

    [Fact]
    public void Choose_RowsThatNeedNoOther_KeepsAHalf()
    {
        var truth = Target.Classification("y", [0, 0, 1, 1], ["no", "yes"]);
        var predicted = new Predictions([0.9, 0.1, 0.7, 0.3, 0.4, 0.6, 0.1, 0.9], ["no", "yes"]);
        Assert.Equal(0.5, ThresholdGoal.Parse("f1")!.Choose(truth, predicted));
    }

    [Fact]
    public void Score_F1AndBalancedAccuracy_AgreeWithTheMetrics()
    {
        var (truth, predicted) = Rows(80, 0.3, 3);
        predicted = new Predictions(predicted.Values.ToArray(), predicted.Classes, 0.3);
        Assert.Equal(MetricCatalog.Get("balanced_accuracy").Score(truth, predicted), ThresholdGoal.Parse("balanced_accuracy")!.Score(truth, predicted), 12);
        var confusion = ConfusionMatrix.Of(truth, predicted);
        Assert.Equal(2 * confusion[1, 1] / ((2 * confusion[1, 1]) + confusion[0, 1] + confusion[1, 0]), ThresholdGoal.Parse("f1")!.Score(truth, predicted), 12);
    }

    [Theory]
    [InlineData("f2")]
    [InlineData("cost")]
    [InlineData("cost:FP=1")]
    [InlineData("cost:FP=-1,FN=2")]
    [InlineData("cost:FP=0,FN=0")]
    [InlineData("cost:FP=1,FN=x")]
    [InlineData("f1:FP=1,FN=2")]
    public void Parse_Nonsense_SaysWhatIsAllowed(string text)
    {
        var error = Assert.Throws<LodeException>(() => ThresholdGoal.Parse(text));
        Assert.Contains($"or none; got '{text}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_Goal_IsReadBack()
    {
        Assert.Null(ThresholdGoal.Parse("none"));
        Assert.Equal(new ThresholdGoal("cost", 1, 5.5), ThresholdGoal.Parse(ThresholdGoal.Parse("cost:fn=5.5,fp=1")!.ToString()));
    }
}
