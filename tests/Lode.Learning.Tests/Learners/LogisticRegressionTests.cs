using System.Text.Json;
using Lode.Core;
using Lode.Learning.Tests.Oracles;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

public sealed class LogisticRegressionTests : LearnerContract
{
    protected override ILearner CreateLearner() => new LogisticRegression();

    [Fact]
    public void Fit_OracleCases_AgreeWithTheOracle()
    {
        var cases = Oracle.Cases("logistic").ToArray();
        Assert.Equal(3, cases.Length);
        Assert.All(cases, item =>
        {
            var features = item.GetProperty("X").Matrix();
            var weights = item.GetProperty("sample_weight");
            var data = new TrainingData(features, item.GetProperty("y").Classes(), weights.ValueKind == JsonValueKind.Null ? null : weights.Numbers());
            var model = new LogisticRegression(new LogisticRegressionOptions { C = item.GetProperty("C").GetDouble() }).Fit(data);
            Assert.True(model.Converged);
            Assert.Equal(item.GetProperty("objective_value").GetDouble(), model.Objective, 1e-9);
            foreach (var (expected, row) in item.GetProperty("coef").Rows().Select((expected, row) => (expected, row)))
            {
                for (var column = 0; column < expected.Length; column++)
                    Assert.Equal(expected[column], model.Coefficients(row)[column], 1e-6);
                Assert.Equal(item.GetProperty("intercept").Numbers()[row], model.Intercept(row), 1e-6);
            }
            var output = new double[features.Rows * data.Target.Classes.Count];
            model.Predict(features, output);
            var first = item.GetProperty("proba_first5").Rows().SelectMany(row => row).ToArray();
            for (var i = 0; i < first.Length; i++)
                Assert.Equal(first[i], output[i], 1e-6);
        });
    }

    [Fact]
    public void Fit_SeparableRows_StaysFinite()
    {
        var features = new FeatureMatrix([-2, -1, 1, 2], 4, ["x"]);
        var data = new TrainingData(features, Target.Classification("y", [0, 0, 1, 1], ["a", "b"]));
        var model = new LogisticRegression(new LogisticRegressionOptions { C = 1e6 }).Fit(data);
        Assert.True(model.Converged);
        Assert.InRange(model.Coefficients(0)[0], 5, 30);
    }

    [Fact]
    public void Fit_UnscaledColumns_ReachesTheOptimum()
    {
        // Columns of sizes 1e-3 to 1e4, as in the sample data: the gradient is 0 where the optimum is.
        var source = Problems.Classes(300, 4, 2, 3);
        var values = source.Features.Values.ToArray();
        for (var i = 0; i < values.Length; i++)
            values[i] *= (i % 4) switch { 0 => 1e4, 1 => 1e-3, 2 => 1, _ => 1e2 };
        var data = new TrainingData(new FeatureMatrix(values, 300, source.Features.Names), source.Target);
        var model = new LogisticRegression().Fit(data);
        Assert.True(model.Converged);
        var problem = new LogisticProblem(data, [0, 1], 1);
        var (point, gradient) = (new double[5], new double[5]);
        model.Coefficients(0).CopyTo(point);
        point[4] = model.Intercept(0);
        problem.Evaluate(point, gradient);
        Assert.All(gradient, slope => Assert.InRange(Math.Abs(slope), 0, 1e-5));
    }

    [Fact]
    public void Fit_MoreParametersThanAreSolvedDirectly_ReachesTheOptimum()
    {
        var data = Problems.Classes(150, 120, 3, 4);
        var model = new LogisticRegression(new LogisticRegressionOptions { C = 0.1 }).Fit(data);
        Assert.True(model.Converged);
        var problem = new LogisticProblem(data, [0, 1, 2], 0.1);
        var (point, gradient) = (new double[363], new double[363]);
        for (var row = 0; row < 3; row++)
        {
            model.Coefficients(row).CopyTo(point.AsSpan(row * 121));
            point[(row * 121) + 120] = model.Intercept(row);
        }
        problem.Evaluate(point, gradient);
        Assert.All(gradient, slope => Assert.InRange(Math.Abs(slope), 0, 1e-7));
        Assert.Equal(0, model.Intercept(0) + model.Intercept(1) + model.Intercept(2), 1e-8);
    }

    [Fact]
    public void Derivatives_AgreeWithDifferences()
    {
        var data = Problems.Classes(30, 3, 3, 5);
        var problem = new LogisticProblem(data, [0, 1, 2], 0.7);
        var rng = new Rng(1);
        var size = problem.Size;
        var point = Enumerable.Range(0, size).Select(_ => 0.3 * rng.NextGaussian()).ToArray();
        var (gradient, above, below, hessian) = (new double[size], new double[size], new double[size], new double[size * size]);
        problem.Evaluate(point, gradient);
        problem.Hessian(hessian);
        var diagonal = new double[size];
        problem.Diagonal(diagonal);
        for (var i = 0; i < size; i++)
        {
            problem.Evaluate(point, new double[size]);
            var (unit, image) = (new double[size], new double[size]);
            unit[i] = 1;
            problem.HessianTimes(unit, image);
            var kept = point[i];
            point[i] = kept + 1e-5;
            var high = problem.Evaluate(point, above);
            point[i] = kept - 1e-5;
            var low = problem.Evaluate(point, below);
            point[i] = kept;
            Assert.Equal((high - low) / 2e-5, gradient[i], 1e-6);
            for (var j = 0; j < size; j++)
            {
                // The pin on the intercepts' sum is no derivative of the objective.
                var pin = i % 4 == 3 && j % 4 == 3 ? 1 : 0;
                Assert.Equal(((above[j] - below[j]) / 2e-5) + pin, image[j], 1e-6);
                Assert.Equal(image[j], hessian[(Math.Max(i, j) * size) + Math.Min(i, j)], 1e-10);
            }
            Assert.Equal(image[i], diagonal[i], 1e-10);
        }
    }

    [Fact]
    public void Fit_FeaturesThatOverflow_AreRefused()
    {
        var data = new TrainingData(new FeatureMatrix([1e308, 1e308, -1e308, 1e308], 4, ["x"]), Target.Classification("y", [0, 0, 1, 0], ["a", "b"]));
        Assert.Equal("Scale them.", Assert.Throws<LodeException>(() => new LogisticRegression(new LogisticRegressionOptions { C = 10 }).Fit(data)).Hint);
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(double.NaN, 100)]
    [InlineData(1, 0)]
    public void New_OptionsOutOfRange_AreRefused(double c, int iterations)
    {
        var error = Assert.Throws<LodeException>(() => new LogisticRegression(new LogisticRegressionOptions { C = c, MaxIter = iterations }));
        Assert.Contains($"got C = {c}, max_iter = {iterations}", error.Message, StringComparison.Ordinal);
    }
}
