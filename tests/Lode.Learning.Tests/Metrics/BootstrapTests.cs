using Lode.Core;

namespace Lode.Learning.Tests.Metrics;

public sealed class BootstrapTests
{
    [Theory]
    [InlineData(BootstrapMethod.Percentile)]
    [InlineData(BootstrapMethod.Basic)]
    [InlineData(BootstrapMethod.Bca)]
    public void Interval_OfAMean_HoldsTheTruthAboutAsOftenAsItSays(BootstrapMethod method)
    {
        var options = new BootstrapOptions { Resamples = 400, Level = 0.9, Method = method };
        var held = 0;
        for (var trial = 0; trial < 200; trial++)
        {
            var rng = new Rng(17, (ulong)trial);
            double[] errors = [.. Enumerable.Range(0, 60).Select(_ => rng.NextGaussian())];
            var interval = Bootstrap.Interval(MetricCatalog.Get("mse"), Target.Regression("y", errors), new Predictions(new double[60], []), rng.Child(1), null, options, 1);
            held += interval.Low <= 1 && interval.High >= 1 ? 1 : 0;
        }
        // 90 % of 200 is 180 with a standard deviation of 4.2; on 60 skewed rows a bootstrap is a little too narrow.
        Assert.InRange(held, 160, 195);
    }

    [Fact]
    public void Interval_SameSeed_IsTheSameForAnyThreads()
    {
        var (truth, predicted) = Classified(300, 3);
        BootstrapInterval With(int threads) => Bootstrap.Interval(MetricCatalog.Get("roc_auc"), truth, predicted, new Rng(4), null, new BootstrapOptions { Resamples = 100 }, threads);
        Assert.Equal(With(1), With(3));
        Assert.NotEqual(With(1), Bootstrap.Interval(MetricCatalog.Get("roc_auc"), truth, predicted, new Rng(5), null, new BootstrapOptions { Resamples = 100 }, 1));
    }

    [Fact]
    public void Interval_ManyRows_AgreesWithTheNormalOne()
    {
        var (truth, predicted) = Classified(4000, 8);
        var interval = Bootstrap.Interval(MetricCatalog.Get("accuracy"), truth, predicted, new Rng(1));
        var deviation = Math.Sqrt(interval.Estimate * (1 - interval.Estimate) / 4000);
        Assert.Equal(MetricCatalog.Get("accuracy").Score(truth, predicted), interval.Estimate);
        Assert.Equal(1, interval.StandardError / deviation, 0.12);
        Assert.Equal(1, (interval.High - interval.Low) / (2 * 1.96 * deviation), 0.15);
        Assert.Equal(1000, interval.Resamples);
    }

    [Fact]
    public void Difference_SharedRows_IsNarrowerThanApart()
    {
        var (truth, predicted) = Classified(500, 5);
        var other = new Predictions([.. predicted.Values.ToArray().Select(p => 0.5 + (0.9 * (p - 0.5)))], truth.Classes);
        var metric = MetricCatalog.Get("log_loss");
        var difference = Bootstrap.Difference(metric, truth, predicted, other, new Rng(2));
        var alone = Bootstrap.Interval(metric, truth, predicted, new Rng(2));
        Assert.True(difference.StandardError < alone.StandardError / 3);
        Assert.Equal(metric.Score(truth, predicted) - metric.Score(truth, other), difference.Estimate, 1e-14);
    }

    [Fact]
    public void Interval_ResamplesWithoutAClass_AreLeftOut()
    {
        var truth = Target.Classification("c", [0, 0, 0, 1], ["a", "b"]);
        var interval = Bootstrap.Interval(MetricCatalog.Get("roc_auc"), truth, new Predictions([0.9, 0.1, 0.3, 0.7, 0.6, 0.4, 0.5, 0.5], truth.Classes), new Rng(1));
        Assert.InRange(interval.Resamples, 500, 950);
        Assert.InRange(interval.Low, 0, interval.High);
    }

    [Fact]
    public void Interval_BadArguments_AreRefused()
    {
        var truth = Target.Regression("y", [1, 2]);
        var predicted = new Predictions([1, 2], []);
        var metric = MetricCatalog.Get("mse");
        Assert.Throws<LodeException>(() => Bootstrap.Interval(metric, truth, predicted, new Rng(1), null, new BootstrapOptions { Level = 1 }));
        Assert.Throws<LodeException>(() => Bootstrap.Interval(metric, truth, predicted, new Rng(1), null, new BootstrapOptions { Resamples = 3 }));
        Assert.Throws<LodeException>(() => Bootstrap.Interval(metric, truth.Select([0]), new Predictions([1], []), new Rng(1)));
        Assert.ThrowsAny<OperationCanceledException>(() => Bootstrap.Interval(metric, truth, predicted, new Rng(1), cancellation: new CancellationToken(true)));
    }

    private static (Target Truth, Predictions Predicted) Classified(int rows, ulong seed)
    {
        var rng = new Rng(seed);
        var (labels, values) = (new int[rows], new double[2 * rows]);
        for (var row = 0; row < rows; row++)
        {
            labels[row] = row % 2;
            values[(2 * row) + 1] = 1 / (1 + Math.Exp((labels[row] == 0 ? 1 : -1) + rng.NextGaussian()));
            values[2 * row] = 1 - values[(2 * row) + 1];
        }
        return (Target.Classification("c", labels, ["a", "b"]), new Predictions(values, ["a", "b"]));
    }
}
