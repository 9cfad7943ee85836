using System.Text.Json;
using Lode.Learning.Tests.Oracles;

namespace Lode.Learning.Tests.Metrics;

public sealed class MetricOracleTests
{
    private const double Tolerance = 1e-10;

    [Fact]
    public void Score_BinaryCases_AgreeWithTheOracle() => Assert.All(Cases("binary"), item =>
    {
        var truth = item.GetProperty("y").Classes();
        var positive = item.GetProperty("p_positive").Numbers();
        CheckLabels(item, truth, Weights(item));
        double[] probabilities = [.. positive.SelectMany(p => new[] { 1 - p, p })];
        CheckProbabilities(item, truth, probabilities, Weights(item), ("roc_auc", "roc_auc"), ("brier", "brier"), ("average_precision", "average_precision"));
        CheckNames(item, truth, Certain(item, truth), Weights(item), ("precision", "precision"), ("recall", "recall"), ("f1", "f1"), ("f2", "fbeta:beta=2"), ("jaccard", "jaccard"));
        CheckCurves(item, truth, new Predictions(probabilities, truth.Classes));
    });

    [Fact]
    public void Score_MulticlassCases_AgreeWithTheOracle() => Assert.All(Cases("multiclass"), item =>
    {
        var truth = item.GetProperty("y").Classes();
        CheckLabels(item, truth, []);
        CheckProbabilities(item, truth, [.. item.GetProperty("p").Rows().SelectMany(row => row)], [],
            ("roc_auc_ovr_macro", "roc_auc"), ("roc_auc_ovr_weighted", "roc_auc_ovr_weighted"), ("roc_auc_ovo_macro", "roc_auc_ovo"),
            ("brier_multiclass_mean", "brier"), ("top2_accuracy", "top_k_accuracy:k=2"));
        foreach (var averaging in new[] { "micro", "macro", "weighted" })
        {
            CheckNames(item, truth, Certain(item, truth), [], ($"precision_{averaging}", $"precision_{averaging}"), ($"recall_{averaging}", $"recall_{averaging}"),
                ($"f1_{averaging}", $"f1_{averaging}"));
        }
    });

    [Fact]
    public void Score_RegressionCases_AgreeWithTheOracle() => Assert.All(Cases("regression"), item =>
    {
        var truth = Target.Regression("y", item.GetProperty("y").Numbers());
        var predicted = new Predictions(item.GetProperty("p").Numbers(), []);
        foreach (var name in new[] { "mse", "rmse", "mae", "mape", "r2", "explained_variance", "max_error" })
            Assert.Equal(Expected(item, name), MetricCatalog.Get(name).Score(truth, predicted, Weights(item)), Tolerance);
        CheckNames(item, truth, predicted, Weights(item), ("median_ae", "median_absolute_error"), ("pinball_0_1", "pinball:alpha=0.1"),
            ("pinball_0_5", "pinball"), ("pinball_0_9", "pinball:alpha=0.9"));
        // The oracle has these without weights.
        CheckNames(item, truth, predicted, [], ("spearman", "spearman"), ("pearson", "pearson"), ("kendall_tau_b", "kendall_tau"), ("huber_delta1", "huber:delta=1"));
        var (positive, said) = (Target.Regression("y", [.. truth.Values.ToArray().Select(Math.Abs)]), new Predictions([.. predicted.Values.ToArray().Select(Math.Abs)], []));
        CheckNames(item, positive, said, Weights(item), ("msle_of_abs", "msle"));
        Assert.Equal(Math.Sqrt(Expected(item, "msle_of_abs")), MetricCatalog.Get("rmsle").Score(positive, said, Weights(item)), Tolerance);
        positive = Target.Regression("y", [.. positive.Values.ToArray().Select(value => value + 0.1)]);
        CheckNames(item, positive, new Predictions([.. said.Values.ToArray().Select(value => value + 0.1)], []), Weights(item), ("poisson_deviance_of_abs_plus_0_1", "poisson_deviance"));
    });

    // The oracle's labels follow its own rule for ties, so they come as certain predictions.
    private static Predictions Certain(JsonElement item, Target truth)
    {
        var k = truth.Classes.Count;
        var certain = new double[truth.Rows * k];
        foreach (var (label, row) in item.GetProperty("pred").Integers().Select((label, row) => (label, row)))
            certain[(row * k) + label] = 1;
        return new Predictions(certain, truth.Classes);
    }

    private static void CheckLabels(JsonElement item, Target truth, double[] weights)
    {
        var predicted = Certain(item, truth);
        CheckNames(item, truth, predicted, weights, [.. new[] { "accuracy", "balanced_accuracy", "mcc", "cohen_kappa" }.Select(name => (name, name))]);
        var confusion = ConfusionMatrix.Of(truth, predicted, weights);
        var expected = item.GetProperty("expected").GetProperty("confusion").Rows();
        for (var i = 0; i < truth.Classes.Count; i++)
        {
            for (var j = 0; j < truth.Classes.Count; j++)
                Assert.Equal(expected[i][j], confusion[i, j], Tolerance);
        }
    }

    private static void CheckProbabilities(JsonElement item, Target truth, double[] probabilities, double[] weights, params (string Expected, string Name)[] names) =>
        CheckNames(item, truth, new Predictions(probabilities, truth.Classes), weights, [("log_loss", "log_loss"), .. names]);

    private static void CheckNames(JsonElement item, Target truth, Predictions predicted, double[] weights, params (string Expected, string Name)[] names) =>
        Assert.All(names, name => Assert.Equal(Expected(item, name.Expected), MetricCatalog.Get(name.Name).Score(truth, predicted, weights), Tolerance));

    private static void CheckCurves(JsonElement item, Target truth, Predictions predicted)
    {
        var expected = item.GetProperty("expected").GetProperty("roc_curve");
        var roc = Curves.Roc(truth, predicted, Weights(item));
        AssertNear(expected.GetProperty("fpr").Numbers(), [.. roc.Select(point => point.FalsePositiveRate)]);
        AssertNear(expected.GetProperty("tpr").Numbers(), [.. roc.Select(point => point.TruePositiveRate)]);
        // The oracle's first threshold is its version's convention.
        AssertNear(expected.GetProperty("thresholds").Numbers()[1..], [.. roc.Skip(1).Select(point => point.Threshold)]);
        expected = item.GetProperty("expected").GetProperty("pr_curve");
        var curve = Curves.PrecisionRecall(truth, predicted, Weights(item));
        AssertNear(expected.GetProperty("precision").Numbers(), [.. curve.Select(point => point.Precision)]);
        AssertNear(expected.GetProperty("recall").Numbers(), [.. curve.Select(point => point.Recall)]);
        AssertNear(expected.GetProperty("thresholds").Numbers(), [.. curve.SkipLast(1).Select(point => point.Threshold)]);
    }

    private static void AssertNear(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], Tolerance);
    }

    private static JsonElement[] Cases(string kind)
    {
        var cases = Oracle.Cases("metrics").Where(item => item.GetProperty("kind").GetString() == kind).ToArray();
        Assert.Equal(3, cases.Length);
        return cases;
    }

    private static double Expected(JsonElement item, string name) => item.GetProperty("expected").GetProperty(name).GetDouble();

    private static double[] Weights(JsonElement item) =>
        item.TryGetProperty("weights", out var weights) && weights.ValueKind == JsonValueKind.Array ? weights.Numbers() : [];
}
