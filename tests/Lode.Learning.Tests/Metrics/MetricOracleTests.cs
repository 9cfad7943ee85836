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
        CheckProbabilities(item, truth, [.. positive.SelectMany(p => new[] { 1 - p, p })], Weights(item), "roc_auc", "brier");
    });

    [Fact]
    public void Score_MulticlassCases_AgreeWithTheOracle() => Assert.All(Cases("multiclass"), item =>
    {
        var truth = item.GetProperty("y").Classes();
        CheckLabels(item, truth, []);
        CheckProbabilities(item, truth, [.. item.GetProperty("p").Rows().SelectMany(row => row)], [], "roc_auc_ovr_macro", "brier_multiclass_mean");
    });

    [Fact]
    public void Score_RegressionCases_AgreeWithTheOracle() => Assert.All(Cases("regression"), item =>
    {
        var truth = Target.Regression("y", item.GetProperty("y").Numbers());
        var predicted = new Predictions(item.GetProperty("p").Numbers(), []);
        foreach (var name in new[] { "mse", "rmse", "mae", "r2" })
            Assert.Equal(Expected(item, name), MetricCatalog.Get(name).Score(truth, predicted, Weights(item)), Tolerance);
    });

    private static void CheckLabels(JsonElement item, Target truth, double[] weights)
    {
        // The oracle's labels follow its own rule for ties, so they come as certain predictions.
        var k = truth.Classes.Count;
        var certain = new double[truth.Rows * k];
        foreach (var (label, row) in item.GetProperty("pred").Integers().Select((label, row) => (label, row)))
            certain[(row * k) + label] = 1;
        var predicted = new Predictions(certain, truth.Classes);
        foreach (var name in new[] { "accuracy", "balanced_accuracy" })
            Assert.Equal(Expected(item, name), MetricCatalog.Get(name).Score(truth, predicted, weights), Tolerance);
        var confusion = ConfusionMatrix.Of(truth, predicted, weights);
        var expected = item.GetProperty("expected").GetProperty("confusion").Rows();
        for (var i = 0; i < k; i++)
        {
            for (var j = 0; j < k; j++)
                Assert.Equal(expected[i][j], confusion[i, j], Tolerance);
        }
    }

    private static void CheckProbabilities(JsonElement item, Target truth, double[] probabilities, double[] weights, string area, string brier)
    {
        var predicted = new Predictions(probabilities, truth.Classes);
        Assert.Equal(Expected(item, "log_loss"), MetricCatalog.Get("log_loss").Score(truth, predicted, weights), Tolerance);
        Assert.Equal(Expected(item, area), MetricCatalog.Get("roc_auc").Score(truth, predicted, weights), Tolerance);
        Assert.Equal(Expected(item, brier), MetricCatalog.Get("brier").Score(truth, predicted, weights), Tolerance);
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
