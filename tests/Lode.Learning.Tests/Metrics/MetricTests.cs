using Lode.Core;

namespace Lode.Learning.Tests.Metrics;

public sealed class MetricTests
{
    private static readonly Target s_classes = Target.Classification("c", [0, 1, 1], ["a", "b"]);
    private static readonly Target s_three = Target.Classification("c", [0, 1, 2, 1], ["a", "b", "c"]);
    private static readonly Target s_numbers = Target.Regression("y", [1, 2, 3, 3]);

    [Fact]
    public void Names_AreFrozen() => Assert.Equal(
        ["accuracy", "average_precision", "balanced_accuracy", "brier", "cohen_kappa", "explained_variance",
            "f1", "f1_macro", "f1_micro", "f1_weighted", "fbeta", "fbeta_macro", "fbeta_micro", "fbeta_weighted", "huber",
            "jaccard", "jaccard_macro", "jaccard_micro", "jaccard_weighted", "kendall_tau", "log_loss", "mae", "mape", "max_error", "mcc",
            "median_absolute_error", "mse", "msle", "pearson", "pinball", "pinball_loss", "poisson_deviance", "precision", "precision_macro", "precision_micro",
            "precision_weighted", "r2", "recall", "recall_macro", "recall_micro", "recall_weighted", "rmse", "rmsle", "roc_auc", "roc_auc_ovo",
            "roc_auc_ovr_weighted", "spearman", "top_k_accuracy"], MetricCatalog.Names);

    [Fact]
    public void HigherIsBetter_PerfectPredictionsScoreBetterThanWrongOnes() => Assert.All(MetricCatalog.Names, name =>
    {
        var metric = MetricCatalog.Get(name);
        var truth = metric.Task == TaskKind.Classification ? s_three : s_numbers;
        double[] right = metric.Task == TaskKind.Classification ? [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0] : [1, 2, 3, 3];
        double[] wrong = metric.Task == TaskKind.Classification ? [0, 0.4, 0.6, 0.5, 0, 0.5, 0.5, 0.5, 0, 0.5, 0, 0.5] : [3, 0.5, 9, 0.1];
        var (best, worst) = (metric.Score(truth, new Predictions(right, truth.Classes)), metric.Score(truth, new Predictions(wrong, truth.Classes)));
        Assert.Equal(metric.HigherIsBetter, best > worst);
        Assert.NotEqual(best, worst);
    });

    [Fact]
    public void Score_WholeWeights_AreRepeatedRows() => Assert.All(MetricCatalog.Names, name =>
    {
        var metric = MetricCatalog.Get(name);
        int[] repeated = [1, 1, 1, 2, 3, 3];
        var truth = metric.Task == TaskKind.Classification ? s_three : s_numbers;
        double[] values = metric.Task == TaskKind.Classification ? [0.9, 0.1, 0, 0.6, 0.3, 0.1, 0.7, 0.1, 0.2, 0.1, 0.8, 0.1] : [9, 1.5, 2.5, 2];
        var predicted = new Predictions(values, truth.Classes);
        var more = new Predictions([.. repeated.SelectMany(row => predicted.Row(row).ToArray())], truth.Classes);
        Assert.Equal(metric.Score(truth.Select(repeated), more), metric.Score(truth, predicted, [0, 3, 1, 2]), 1e-12);
    });

    [Theory]
    [InlineData("fbeta:beta=2", "fbeta")]
    [InlineData("pinball:alpha=0.5", "pinball")]
    [InlineData("huber:delta=1", "huber")]
    [InlineData("top_k_accuracy:k=2", "top_k_accuracy")]
    public void Get_Parameters_AreReadAndNamed(string name, string plain)
    {
        var metric = MetricCatalog.Get(name);
        Assert.Equal(name, metric.Name);
        var truth = metric.Task == TaskKind.Classification ? s_three : s_numbers;
        double[] values = metric.Task == TaskKind.Classification ? [0.9, 0.1, 0, 0.6, 0.3, 0.1, 0.7, 0.1, 0.2, 0.1, 0.8, 0.1] : [9, 1.5, 2.5, 2];
        var predicted = new Predictions(values, truth.Classes);
        Assert.Equal(MetricCatalog.Get(plain).Score(truth, predicted), metric.Score(truth, predicted));
    }

    [Theory]
    [InlineData("fbeta:beta=0", "Option 'beta' of metric 'fbeta' must be a number above 0; got '0'.")]
    [InlineData("pinball:alpha=1", "Option 'alpha' of metric 'pinball' must be a number between 0 and 1; got '1'.")]
    [InlineData("top_k_accuracy:k=0", "Option 'k' of metric 'top_k_accuracy' must be a whole number of at least 1; got '0'.")]
    [InlineData("fbeta:gamma=2", "Metric 'fbeta' has no option 'gamma'.")]
    [InlineData("fbeta:2", "'fbeta:2' is no metric with parameters.")]
    [InlineData("mse:x=1", "Metric 'mse' has no option 'x'.")]
    public void Get_BadParameters_AreNamed(string name, string message) =>
        Assert.Equal(message, Assert.Throws<LodeException>(() => MetricCatalog.Get(name)).Message);

    [Fact]
    public void Score_OutsideAMetricsDomain_IsNotANumber()
    {
        var truth = Target.Regression("y", [1, 2, 3]);
        Assert.True(double.IsNaN(MetricCatalog.Get("msle").Score(truth, new Predictions([1, -2, 3], []))));
        Assert.True(double.IsNaN(MetricCatalog.Get("poisson_deviance").Score(truth, new Predictions([1, 0, 3], []))));
        Assert.Equal(0, MetricCatalog.Get("poisson_deviance").Score(truth, new Predictions([1, 0, 3], []), [1, 0, 1]));
        Assert.True(double.IsNaN(MetricCatalog.Get("spearman").Score(truth, new Predictions([1, 1, 1], []))));
    }

    [Fact]
    public void Kendall_RandomNumbersWithTies_EqualsTheCountOfPairs()
    {
        var rng = new Rng(9);
        double[] y = [.. Enumerable.Range(0, 80).Select(_ => (double)rng.NextInt32(12))], p = [.. Enumerable.Range(0, 80).Select(_ => (double)rng.NextInt32(9))];
        double[] weights = [.. Enumerable.Range(0, 80).Select(_ => rng.NextDouble())];
        var (excess, untiedY, untiedP) = (0.0, 0.0, 0.0);
        for (var i = 0; i < 80; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var weight = weights[i] * weights[j];
                excess += weight * Math.Sign(y[i] - y[j]) * Math.Sign(p[i] - p[j]);
                untiedY += y[i] != y[j] ? weight : 0;
                untiedP += p[i] != p[j] ? weight : 0;
            }
        }
        Assert.Equal(excess / Math.Sqrt(untiedY * untiedP), MetricCatalog.Get("kendall_tau").Score(Target.Regression("y", y), new Predictions(p, []), weights), 1e-12);
    }

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
