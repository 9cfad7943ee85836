using System.Text.Json;
using Lode.Core;
using Lode.Learning.Tests.Oracles;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

public sealed class SparseLogisticRegressionTests : LearnerContract
{
    protected override ILearner CreateLearner() => new LogisticRegression(new LogisticRegressionOptions { Penalty = LogisticPenalty.ElasticNet, MaxIter = 500 });
}

public sealed class LogisticRegressionTests : LearnerContract
{
    protected override ILearner CreateLearner() => new LogisticRegression();

    [Fact]
    public void Fit_OracleCases_AgreeWithTheOracle()
    {
        var cases = Oracle.Cases("logistic").ToArray();
        Assert.Equal(6, cases.Length);
        Assert.All(cases, item =>
        {
            var features = item.GetProperty("X").Matrix();
            var weights = item.GetProperty("sample_weight");
            var data = new TrainingData(features, item.GetProperty("y").Classes(), weights.ValueKind == JsonValueKind.Null ? null : weights.Numbers());
            var penalty = item.GetProperty("penalty").GetString();
            var parameters = new Dictionary<string, object?> { ["C"] = item.GetProperty("C").GetDouble(), ["penalty"] = penalty == "enet" ? "elasticnet" : penalty, ["max_iter"] = 1000 };
            var model = (LogisticModel)LearnerCatalog.Create("logistic", parameters).Fit(data, default);
            Assert.True(model.Converged);
            Assert.Equal(item.GetProperty("objective_value").GetDouble(), model.Objective, 1e-9);
            foreach (var (expected, row) in item.GetProperty("coef").Rows().Select((expected, row) => (expected, row)))
            {
                for (var column = 0; column < expected.Length; column++)
                    Assert.Equal(expected[column], model.Coefficients(row)[column], 1e-6);
                if (penalty != "l2")
                    Assert.Equal(expected.Select(value => Math.Abs(value) < 1e-7), model.Coefficients(row).ToArray().Select(value => value == 0));
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

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Derivatives_AgreeWithDifferences(int classes)
    {
        var data = Problems.Classes(200, 3, classes, 5);
        var problem = new LogisticProblem(data, [.. Enumerable.Range(0, classes)], 0.7, 0.4);
        var rng = new Rng(1);
        var size = problem.Size;
        var point = Enumerable.Range(0, size).Select(_ => 0.3 * rng.NextGaussian()).ToArray();
        var (gradient, above, below) = (new double[size], new double[size], new double[size]);
        problem.Evaluate(point, gradient);
        var (block, diagonal) = (new double[16], new double[size]);
        problem.Diagonal(diagonal);
        for (var i = 0; i < size; i++)
        {
            problem.Evaluate(point, new double[size]);
            problem.HessianBlock(i / 4, block);
            var (unit, image) = (new double[size], new double[size]);
            unit[i] = 1;
            problem.HessianTimes(unit, image);
            var kept = point[i];
            point[i] = kept + 1e-5;
            var high = problem.Evaluate(point, above);
            point[i] = kept - 1e-5;
            var low = problem.Evaluate(point, below);
            point[i] = kept;
            Assert.Equal((high - low) / 2e-5, gradient[i], 1e-5);
            for (var j = 0; j < size; j++)
            {
                // The pin on the intercepts' sum is no derivative of the objective.
                var pin = classes > 2 && i % 4 == 3 && j % 4 == 3 ? 1 : 0;
                Assert.Equal(((above[j] - below[j]) / 2e-5) + pin, image[j], 1e-5);
                if (i / 4 == j / 4)
                    Assert.Equal(image[j] - pin, block[(i % 4 * 4) + (j % 4)], 1e-10);
            }
            Assert.Equal(image[i], diagonal[i], 1e-10);
        }
    }

    [Theory]
    [InlineData("l2", 2)]
    [InlineData("l2", 5)]
    [InlineData("elasticnet", 3)]
    public void Fit_AnyThreads_GivesTheSameBits(string penalty, int classes)
    {
        var data = Problems.Classes(3000, 4, classes, 21);
        var options = new Dictionary<string, object?> { ["penalty"] = penalty, ["max_iter"] = 8 };
        var one = (LogisticModel)LearnerCatalog.Create("logistic", options).Fit(data, new FitContext(new Rng(1), 1));
        var many = (LogisticModel)LearnerCatalog.Create("logistic", options).Fit(data, new FitContext(new Rng(1), 4));
        Assert.Equal(one.Coefficients(0).ToArray(), many.Coefficients(0).ToArray());
        Assert.Equal(one.Objective, many.Objective);
    }

    [Fact]
    public void Fit_MoreIterations_AllocatesLittleMore()
    {
        var data = Problems.Classes(6000, 10, 6, 22);
        long Allocated(int iterations)
        {
            var learner = new LogisticRegression(new LogisticRegressionOptions { MaxIter = iterations, Tol = 0 });
            learner.Fit(data, new FitContext(new Rng(1), 1));
            var before = GC.GetAllocatedBytesForCurrentThread();
            learner.Fit(data, new FitContext(new Rng(1), 1));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // Closures of the parts, a few hundred bytes each; a copy of the rows' scores alone would be 288,000.
        Assert.InRange(Allocated(6) - Allocated(2), 0, 60_000);
    }

    [Fact]
    public void Fit_AbsolutePenalties_LeaveUselessColumnsOut()
    {
        var data = Problems.Classes(400, 12, 2, 23);
        var model = new LogisticRegression(new LogisticRegressionOptions { C = 0.05, Penalty = LogisticPenalty.L1 }).Fit(data);
        Assert.True(model.Converged);
        Assert.True(model.Coefficients(0)[0] > 0.1);
        Assert.InRange(model.Coefficients(0)[2..].ToArray().Count(weight => weight == 0), 8, 10);
    }

    [Fact]
    public void Fit_ElasticNetWithoutAbsolutes_IsL2()
    {
        var data = Problems.Classes(200, 3, 3, 24);
        var expected = new LogisticRegression().Fit(data);
        var actual = new LogisticRegression(new LogisticRegressionOptions { Penalty = LogisticPenalty.ElasticNet, L1Ratio = 0 }).Fit(data);
        Assert.Equal(expected.Objective, actual.Objective, 1e-10);
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
