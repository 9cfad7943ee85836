using Lode.Core;

namespace Lode.Learning.Tests.AutoMl;

public sealed class QuantileTests
{
    private static readonly AutoMlOptions s_few = new() { Trials = 6, Seed = 3, Preset = AutoMlPreset.Fast, Quantiles = [0.1, 0.5, 0.9] };

    [Fact]
    public void Fit_Quantiles_CoverWhatTheySayAndWidenWhereTheNoiseDoes()
    {
        var (train, test) = (Fan(900, 1), Fan(600, 2));
        var result = Learning.AutoMl.Fit(train, s_few);
        Assert.Equal("pinball_loss", result.Metric.Name);
        Assert.Equal(["dummy", "hist_gb", "linear", "quadratic"], result.Leaderboard.Select(candidate => candidate.Family).Distinct().Order(StringComparer.Ordinal));
        var predicted = result.Predictor.Predict(test.Features);
        Assert.Equal([0.1, 0.5, 0.9], predicted.Quantiles);
        Assert.Equal([0.1, 0.5, 0.9], result.Predictor.Quantiles);
        var (inside, widthLow, widthHigh) = (0, 0.0, 0.0);
        var noise = ((NumericColumn)test.Features["noise"]).Values;
        for (var row = 0; row < test.Rows; row++)
        {
            var said = predicted.Row(row);
            Assert.True(said[0] <= said[1] && said[1] <= said[2]);
            inside += test.Target.Values[row] >= said[0] && test.Target.Values[row] <= said[2] ? 1 : 0;
            if (noise[row] < 0.3)
                widthLow = Math.Max(widthLow, said[2] - said[0]);
            else if (noise[row] > 0.8)
                widthHigh = Math.Max(widthHigh, said[2] - said[0]);
        }
        Assert.InRange(inside / 600.0, 0.7, 0.9);
        Assert.True(widthHigh > 1.5 * widthLow, $"{widthLow} {widthHigh}");
        var dummy = result.Leaderboard.Single(candidate => candidate.Family == "dummy");
        Assert.True(result.Score.CrossValidated < 0.7 * dummy.Score, $"{result.Score.CrossValidated} {dummy.Score}");
        Assert.Equal(result.Metric.Score(train.Target, result.OutOfFold), result.Score.CrossValidated, 12);
    }

    [Fact]
    public void Fit_Quantiles_SurviveTheFileAndAreTheSameOnAnyMachine()
    {
        var data = Fan(200, 3);
        var one = Learning.AutoMl.Fit(data, s_few with { Threads = 1 });
        var other = Learning.AutoMl.Fit(data, s_few with { Threads = 3 });
        var bytes = new ModelBundle(one.Predictor, "automl").ToBytes();
        Assert.Equal(bytes, new ModelBundle(other.Predictor, "automl").ToBytes());
        var back = ModelBundle.FromBytes(bytes);
        Assert.Equal(one.Predictor.Predict(data.Features).Values.ToArray(), back.Predictor.Predict(data.Features).Values.ToArray());
        Assert.Equal([0.1, 0.5, 0.9], back.Predictor.Quantiles);
        Assert.Equal([0.1, 0.5, 0.9], back.Header.Quantiles);
        Assert.Equal(["q0.1", "q0.5", "q0.9"], back.Predictor.Predict(data.Features).ToTable().Columns.Select(column => column.Name));
    }

    [Fact]
    public void Spec_WithQuantiles_IsTheSameFromItsJson()
    {
        var spec = new PipelineSpec { Learner = new StepSpec { Name = "hist_gb", Parameters = new Dictionary<string, object?> { ["loss"] = "quantile", ["max_iter"] = 20L } }, Quantiles = [0.25, 0.75] };
        var data = Fan(150, 4);
        var (one, other) = (spec.Create().Fit(data, 1), PipelineSpec.FromJson(spec.ToJson()).Create().Fit(data, 1));
        Assert.Equal(one.Predict(data.Features).Values.ToArray(), other.Predict(data.Features).Values.ToArray());
        Assert.Equal(2, one.Predict(data.Features).Outputs);
        Assert.DoesNotContain("quantiles", new PipelineSpec { Learner = new StepSpec { Name = "ridge" } }.ToJson(), StringComparison.Ordinal);
        Assert.Equal(150, CrossValidation.Run(spec.Create(), data, new KFold(3), [MetricCatalog.Get("pinball_loss")], 1).OutOfFold.Rows);
    }

    [Fact]
    public void Score_OfQuantiles_IsThePinballLossAndNothingElse()
    {
        var truth = Target.Regression("y", [1, 2]);
        var predicted = new Predictions([0, 3, 1, 1], [0.25, 0.75]);
        // 0.25·1, (0.75 - 1)·(1 - 3); 0.25·1, 0.75·1; halves of their sums.
        Assert.Equal((((0.25 + 0.5) / 2) + ((0.25 + 0.75) / 2)) / 2, MetricCatalog.Get("pinball_loss").Score(truth, predicted), 15);
        var refused = Assert.Throws<LodeException>(() => MetricCatalog.Get("rmse").Score(truth, predicted));
        Assert.Contains("not quantiles", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_QuantilesThatMakeNoSense_AreRefused()
    {
        string Refusal(AutoMlOptions options) => Assert.Throws<LodeException>(() => Learning.AutoMl.Fit(Fan(60, 1), options)).Message;
        Assert.Equal("Quantiles are ascending numbers between 0 and 1; got 0.9, 0.1.", Refusal(s_few with { Quantiles = [0.9, 0.1] }));
        Assert.Equal("Family 'random_forest' says no quantiles.", Refusal(s_few with { Include = ["random_forest"] }));
        Assert.Equal("Quantiles are optimised by pinball_loss; got the metric 'rmse'.", Refusal(s_few with { Metric = "rmse" }));
        var classes = new Dataset(Fan(60, 1).Features, Target.Classification("y", [.. Enumerable.Range(0, 60).Select(row => row % 2)], ["a", "b"]));
        Assert.Contains("Quantiles are of numbers", Assert.Throws<LodeException>(() => Learning.AutoMl.Fit(classes, s_few)).Message, StringComparison.Ordinal);
    }

    /// <summary>y = 2x with a deviation that a column names.</summary>
    private static Dataset Fan(int rows, ulong seed)
    {
        var rng = new Rng(seed);
        var (x, noise, y) = (new double[rows], new double[rows], new double[rows]);
        for (var row = 0; row < rows; row++)
        {
            (x[row], noise[row]) = (2 * rng.NextGaussian(), rng.NextDouble());
            y[row] = (2 * x[row]) + ((0.2 + (2 * noise[row])) * rng.NextGaussian());
        }
        return new Dataset(new Table([new NumericColumn("x", x), new NumericColumn("noise", noise), new CategoricalColumn("flat", new int[rows], ["one"])]), Target.Regression("y", y));
    }
}
