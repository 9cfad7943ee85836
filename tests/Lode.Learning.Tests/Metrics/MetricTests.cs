using Lode.Core;

namespace Lode.Learning.Tests.Metrics;

public sealed class MetricTests
{
    private static readonly Target s_classes = Target.Classification("c", [0, 1, 1], ["a", "b"]);
    private static readonly Target s_numbers = Target.Regression("y", [1, 2, 3]);

    [Fact]
    public void Names_AreFrozen() => Assert.Equal(
        ["accuracy", "balanced_accuracy", "brier", "log_loss", "mae", "mse", "r2", "rmse", "roc_auc"], MetricCatalog.Names);

    [Fact]
    public void HigherIsBetter_PerfectPredictionsScoreBetterThanWrongOnes() => Assert.All(MetricCatalog.Names, name =>
    {
        var metric = MetricCatalog.Get(name);
        var truth = metric.Task == TaskKind.Classification ? s_classes : s_numbers;
        double[] right = metric.Task == TaskKind.Classification ? [1, 0, 0, 1, 0, 1] : [1, 2, 3];
        double[] wrong = metric.Task == TaskKind.Classification ? [0, 1, 1, 0, 1, 0] : [3, 0, 9];
        var (best, worst) = (metric.Score(truth, new Predictions(right, truth.Classes)), metric.Score(truth, new Predictions(wrong, truth.Classes)));
        Assert.Equal(metric.HigherIsBetter, best > worst);
        Assert.NotEqual(best, worst);
    });

    [Fact]
    public void Score_WholeWeights_AreRepeatedRows() => Assert.All(MetricCatalog.Names, name =>
    {
        var metric = MetricCatalog.Get(name);
        int[] repeated = [0, 1, 1, 1, 2];
        var truth = metric.Task == TaskKind.Classification ? s_classes : s_numbers;
        double[] values = metric.Task == TaskKind.Classification ? [0.7, 0.3, 0.8, 0.2, 0.1, 0.9] : [1.5, 2.5, 2];
        var predicted = new Predictions(values, truth.Classes);
        var more = new Predictions([.. repeated.SelectMany(row => predicted.Row(row).ToArray())], truth.Classes);
        Assert.Equal(metric.Score(truth.Select(repeated), more), metric.Score(truth, predicted, [1, 3, 1]), 1e-12);
    });

    [Fact]
    public void RocAuc_OneClassOnly_IsNotANumber() =>
        Assert.True(double.IsNaN(MetricCatalog.Get("roc_auc").Score(s_classes.Select([1, 2]), new Predictions([0.5, 0.5, 0.4, 0.6], ["a", "b"]))));

    [Fact]
    public void R2_TruthThatDoesNotVary_IsOneOrZero()
    {
        var truth = Target.Regression("y", [2, 2]);
        Assert.Equal(1, MetricCatalog.Get("r2").Score(truth, new Predictions([2, 2], [])));
        Assert.Equal(0, MetricCatalog.Get("r2").Score(truth, new Predictions([2, 3], [])));
    }

    [Fact]
    public void Score_OtherTask_NamesMetricAndTarget()
    {
        var error = Assert.Throws<LodeException>(() => MetricCatalog.Get("mse").Score(s_classes, new Predictions(new double[6], ["a", "b"])));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains("'mse' is for regression; the target 'c'", error.Message, StringComparison.Ordinal);
        Assert.Contains("log_loss", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_OtherShape_Throws()
    {
        var metric = MetricCatalog.Get("accuracy");
        Assert.Throws<ArgumentException>(() => metric.Score(s_classes, new Predictions(new double[4], ["a", "b"])));
        Assert.Throws<ArgumentException>(() => metric.Score(s_classes, new Predictions(new double[6], ["a", "b"]), [1, 2]));
    }

    [Fact]
    public void Get_UnknownName_SuggestsTheNearest()
    {
        var error = Assert.Throws<LodeException>(() => MetricCatalog.Get("logloss"));
        Assert.Equal("Did you mean 'log_loss'?", error.Hint);
    }

    [Fact]
    public void DefaultFor_EachTask_IsOfTheTask() => Assert.All(Enum.GetValues<TaskKind>(), task =>
        Assert.Equal(task, MetricCatalog.DefaultFor(task).Task));
}
