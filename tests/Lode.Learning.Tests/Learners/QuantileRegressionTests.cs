using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

public sealed class QuantileRegressionTests : LearnerContract
{
    protected override ILearner CreateLearner() => new QuantileRegression(0.5, 1e-3, 200);

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.8)]
    public void Fit_SmallTable_HasTheLeastLossOfAll(double quantile)
    {
        // Of one feature and an intercept, the best line goes through two of the points (Koenker and Bassett 1978, theorem 3.1): all pairs are tried.
        var rng = new Rng(4);
        var (x, y) = (new double[40], new double[40]);
        for (var row = 0; row < 40; row++)
            (x[row], y[row]) = (rng.NextGaussian(), 0);
        for (var row = 0; row < 40; row++)
            y[row] = 2 + (3 * x[row]) + (rng.NextGaussian() * (1 + Math.Abs(x[row])));
        double Loss(Func<double, double> line) => Enumerable.Range(0, 40).Sum(row => y[row] - line(x[row]) is var error && error >= 0 ? quantile * error : (quantile - 1) * error);
        var least = double.PositiveInfinity;
        for (var i = 0; i < 40; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (slope, from, at) = ((y[i] - y[j]) / (x[i] - x[j]), x[i], y[i]);
                least = Math.Min(least, Loss(point => at + (slope * (point - from))));
            }
        }
        var model = new QuantileRegression(quantile, 0, 500).Fit(new TrainingData(new FeatureMatrix(x, 40, ["x"]), Target.Regression("y", y)));
        Assert.InRange(Loss(point => model.Intercept + (model.Coefficients[0] * point)), least * (1 - 1e-12), least * 1.002);
    }

    [Fact]
    public void Fit_AnotherUnitOfTheTarget_GivesTheSameLine()
    {
        var data = Line(200);
        var thousands = new TrainingData(data.Features, Target.Regression("y", [.. data.Target.Values.ToArray().Select(value => 1000 * value)]));
        var (one, other) = (new QuantileRegression(0.3).Fit(data), new QuantileRegression(0.3).Fit(thousands));
        Assert.Equal(1000 * one.Coefficients[0], other.Coefficients[0], 1e-6 * Math.Abs(other.Coefficients[0]));
        Assert.Equal(1000 * one.Intercept, other.Intercept, 1e-6 * Math.Abs(other.Intercept));
    }

    [Fact]
    public void Fit_Quantile_IsAboveItsShareOfRows()
    {
        var data = Line(400);
        var predicted = new double[400];
        foreach (var quantile in (double[])[0.1, 0.25, 0.9])
        {
            new QuantileRegression(quantile, 1e-3).Fit(data).Predict(data.Features, predicted);
            Assert.InRange(Enumerable.Range(0, 400).Count(row => data.Target.Values[row] <= predicted[row]) / 400.0, quantile - 0.02, quantile + 0.02);
        }
    }

    [Fact]
    public void Fit_ConstantTarget_IsThatConstant() =>
        Assert.Equal(7, new QuantileRegression(0.2).Fit(new TrainingData(new FeatureMatrix([1, 2, 3], 3, ["x"]), Target.Regression("y", [7, 7, 7]))).Intercept);

    private static TrainingData Line(int rows)
    {
        var rng = new Rng(6);
        var (x, y) = (new double[rows], new double[rows]);
        for (var row = 0; row < rows; row++)
        {
            x[row] = rng.NextGaussian();
            y[row] = 1 + (2 * x[row]) + rng.NextGaussian();
        }
        return new TrainingData(new FeatureMatrix(x, rows, ["x"]), Target.Regression("y", y));
    }
}
