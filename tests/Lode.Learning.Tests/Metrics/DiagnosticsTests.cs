using Lode.Core;
using Lode.Learning.Tests.Oracles;

namespace Lode.Learning.Tests.Metrics;

public sealed class DiagnosticsTests
{
    private static readonly Target s_truth = Target.Classification("c", [0, 0, 1, 1, 1, 0], ["no", "yes"]);
    private static readonly Predictions s_predicted = Of(0.1, 0.4, 0.35, 0.8, 0.9, 0.6);

    [Fact]
    public void CalibrationCurve_OracleCases_AgreeWithTheOracle()
    {
        var cases = Oracle.Cases("calibration").ToArray();
        Assert.Equal(2, cases.Length);
        Assert.All(cases, item =>
        {
            var truth = item.GetProperty("y").Classes();
            var predicted = Of(item.GetProperty("p").Numbers());
            var bins = item.GetProperty("n_bins").GetInt32();
            foreach (var (name, kind) in new[] { ("curve_uniform", CalibrationBins.Uniform), ("curve_quantile", CalibrationBins.Quantile) })
            {
                var points = CalibrationCurve.Of(truth, predicted, bins, kind).Points;
                var (expectedTrue, expectedPredicted) = (item.GetProperty(name).GetProperty("prob_true").Numbers(), item.GetProperty(name).GetProperty("prob_pred").Numbers());
                Assert.Equal(expectedTrue.Length, points.Count);
                for (var i = 0; i < points.Count; i++)
                {
                    Assert.Equal(expectedTrue[i], points[i].ShareActual, 1e-12);
                    Assert.Equal(expectedPredicted[i], points[i].MeanPredicted, 1e-12);
                }
            }
            var curve = CalibrationCurve.Of(truth, predicted, bins);
            Assert.Equal(item.GetProperty("ece_uniform").GetDouble(), curve.ExpectedError, 1e-12);
            Assert.Equal(item.GetProperty("mce_uniform").GetDouble(), curve.MaximumError, 1e-12);
        });
    }

    [Fact]
    public void Thresholds_EveryOne_CountsAllRows()
    {
        var thresholds = Curves.Thresholds(s_truth, s_predicted);
        Assert.Equal(7, thresholds.Count);
        Assert.All(thresholds, counts =>
        {
            Assert.Equal(3, counts.TruePositives + counts.FalseNegatives);
            Assert.Equal(3, counts.FalsePositives + counts.TrueNegatives);
        });
        Assert.Equal((2.0, 0.0), (thresholds[2].TruePositives, thresholds[2].FalsePositives));
    }

    [Fact]
    public void Best_MetricOrCosts_GivesTheThresholdOfEverySearch()
    {
        var thresholds = Curves.Thresholds(s_truth, s_predicted);
        var best = Curves.Best(thresholds, counts => counts.FBeta());
        Assert.Equal(thresholds.Max(counts => counts.FBeta()), best.FBeta());
        Assert.Equal(0.8, Curves.Best(thresholds, counts => counts.Accuracy).Threshold);
        Assert.Equal(thresholds.Max(counts => counts.Matthews), Curves.Best(thresholds, counts => counts.Matthews).Matthews);
        // Misses that cost much: take all that could be; alarms that do: take none.
        Assert.Equal(0.35, Curves.Cheapest(thresholds, new ThresholdCosts(1, 100)).Threshold);
        Assert.Equal(0.8, Curves.Cheapest(thresholds, new ThresholdCosts(100, 1)).Threshold);
        Assert.True(double.IsInfinity(Curves.Cheapest(thresholds, new ThresholdCosts(100, 1, TruePositive: 2)).Threshold));
    }

    [Fact]
    public void Curves_OneClassOnly_AreRefused() =>
        Assert.Contains("all of 'c' are of it", Assert.Throws<LodeException>(() => Curves.Roc(s_truth.Select([2, 3]), Of(0.1, 0.2))).Message, StringComparison.Ordinal);

    [Fact]
    public void Slices_LevelsAndBins_ScoreTheirRows()
    {
        var metrics = new[] { MetricCatalog.Get("accuracy") };
        var levels = Slices.By(new CategoricalColumn("g", [0, 0, 2, 2, -1, 0], ["a", "b", "c"]), s_truth, s_predicted, metrics);
        Assert.Equal(["a", "c", "(missing)"], levels.Select(slice => slice.Name));
        Assert.Equal([3, 2, 1], levels.Select(slice => slice.Rows));
        Assert.Equal([2.0 / 3, 0.5, 1], levels.Select(slice => slice.Scores["accuracy"]));
        var bins = Slices.By(new NumericColumn("x", [1, 2, 3, 4, 5, double.NaN]), s_truth, s_predicted, metrics, [1, 1, 1, 3, 1, 1], bins: 2);
        Assert.Equal(["[1, 3)", "[3, 5]", "(missing)"], bins.Select(slice => slice.Name));
        Assert.Equal([1, 0.8, 0], bins.Select(slice => slice.Scores["accuracy"]));
        var values = Slices.By(new NumericColumn("x", [1, 2, 1, 2, 1, 1]), s_truth, s_predicted, metrics);
        Assert.Equal(["1", "2"], values.Select(slice => slice.Name));
        Assert.Throws<LodeException>(() => Slices.By(new NumericColumn("x", [1]), s_truth, s_predicted, metrics));
    }

    private static Predictions Of(params double[] positive) => new([.. positive.SelectMany(p => new[] { 1 - p, p })], ["no", "yes"]);
}
