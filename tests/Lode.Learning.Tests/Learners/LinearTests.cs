using Lode.Core;
using Lode.Learning.Tests.Oracles;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

public sealed class LinearRegressionTests : LearnerContract
{
    protected override ILearner CreateLearner() => new LinearRegression();
}

public sealed class RidgeTests : LearnerContract
{
    protected override ILearner CreateLearner() => new Ridge(0.5);
}

public sealed class RidgeCvTests : LearnerContract
{
    protected override ILearner CreateLearner() => new RidgeCv();
}

public sealed class LassoTests : LearnerContract
{
    protected override ILearner CreateLearner() => new ElasticNet(new ElasticNetOptions { Alpha = 0.1, L1Ratio = 1, Tol = 1e-12 }, "lasso");
}

public sealed class ElasticNetTests : LearnerContract
{
    protected override ILearner CreateLearner() => new ElasticNet(new ElasticNetOptions { Alpha = 0.1, Tol = 1e-12 });
}

public sealed class BayesianRidgeTests : LearnerContract
{
    protected override ILearner CreateLearner() => new BayesianRidge(new BayesianRidgeOptions { Tol = 1e-10 });
}

public sealed class HuberRegressionTests : LearnerContract
{
    protected override ILearner CreateLearner() => new HuberRegression();
}

public sealed class PoissonRegressionTests : LearnerContract
{
    protected override ILearner CreateLearner() => new PoissonRegression(new PoissonOptions { Alpha = 0.01 });
}

public sealed class LinearTests
{
    [Fact]
    public void Fit_OracleCases_AgreeWithTheOracle()
    {
        var cases = Oracle.Cases("linear").ToArray();
        Assert.Equal(9, cases.Length);
        Assert.All(cases, item =>
        {
            var data = new TrainingData(item.GetProperty("X").Matrix(), Target.Regression("y", item.GetProperty("y").Numbers()));
            var parameters = item.GetProperty("params").EnumerateObject().ToDictionary(option => option.Name, option => (object?)option.Value.GetDouble());
            var kind = item.GetProperty("model").GetString()!;
            if (kind is "lasso" or "enet")
                (parameters["tol"], parameters["max_iter"]) = (1e-14, 100_000);
            if (kind == "bayesian_ridge")
                parameters["tol"] = 1e-10;
            var model = (LinearModel)LearnerCatalog.Create(kind switch { "ols" => "linear", "enet" => "elastic_net", _ => kind }, parameters).Fit(data, default);
            var expected = item.GetProperty("coef").Numbers();
            // The oracle of this one stops at a slope of 2e-4; ours is checked to be lower.
            var tolerance = kind == "huber" ? 3e-6 : 1e-6;
            if (kind == "huber")
                AssertHuberIsLower(data, model, expected, item.GetProperty("intercept").GetDouble());
            for (var j = 0; j < expected.Length; j++)
                Assert.Equal(expected[j], model.Coefficients[j], tolerance);
            if (kind is "lasso" or "enet")
                Assert.Equal(expected.Select(value => value == 0), model.Coefficients.ToArray().Select(value => value == 0));
            Assert.Equal(item.GetProperty("intercept").GetDouble(), model.Intercept, tolerance);
            if (kind == "bayesian_ridge")
            {
                Assert.Equal(item.GetProperty("alpha_").GetDouble(), model.Figures["alpha"], 1e-6);
                Assert.Equal(item.GetProperty("lambda_").GetDouble(), model.Figures["lambda"], 1e-4);
            }
        });
    }

    private static void AssertHuberIsLower(TrainingData data, LinearModel model, double[] coefficients, double intercept)
    {
        var equations = NormalEquations.Of(data, default, centre: true, "huber");
        var problem = new HuberProblem(data, equations, new HuberOptions(), default);
        double[] At(ReadOnlySpan<double> b, double c) => [.. b, c - equations.Intercept(b), model.Figures["scale"]];
        var gradient = new double[coefficients.Length + 2];
        var value = problem.Evaluate(At(model.Coefficients, model.Intercept), gradient);
        Assert.All(gradient, slope => Assert.InRange(Math.Abs(slope), 0, 1e-6));
        Assert.True(value <= problem.Evaluate(At(coefficients, intercept), new double[gradient.Length]));
    }

    [Fact]
    public void Linear_OneHotColumns_TakesTheShortestSolution()
    {
        // Two sets of one-hot columns, an empty one and a copy: rank 4 of 7, and every solution predicts the same.
        var rng = new Rng(2);
        const int rows = 60;
        var (values, target) = (new double[rows * 7], new double[rows]);
        for (var row = 0; row < rows; row++)
        {
            var (a, b) = (row % 3, row / 3 % 2);
            values[(row * 7) + a] = values[(row * 7) + 3 + b] = 1;
            values[(row * 7) + 6] = values[row * 7];
            target[row] = 5 + a - (2 * b) + rng.NextGaussian();
        }
        var data = Data(values, 7, target);
        var model = new LinearRegression().Fit(data);
        Assert.All(model.Coefficients.ToArray(), coefficient => Assert.InRange(Math.Abs(coefficient), 0, 5));
        // The shortest one is that of ridge as its penalty vanishes, and parts a weight among copies.
        var ridge = new Ridge(1e-7).Fit(data);
        for (var j = 0; j < 7; j++)
            Assert.Equal(ridge.Coefficients[j], model.Coefficients[j], 1e-6);
        Assert.Equal(model.Coefficients[0], model.Coefficients[6], 1e-10);
    }

    [Fact]
    public void Linear_MoreColumnsThanRows_FitsThemAll()
    {
        var rng = new Rng(4);
        double[] values = [.. Enumerable.Range(0, 10 * 25).Select(_ => rng.NextGaussian())], target = [.. Enumerable.Range(0, 10).Select(_ => rng.NextGaussian())];
        var data = Data(values, 25, target);
        var output = new double[10];
        new LinearRegression().Fit(data).Predict(data.Features, output);
        for (var row = 0; row < 10; row++)
            Assert.Equal(target[row], output[row], 1e-9);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("ridge")]
    public void Fit_ColumnsOfDifferentSizesAndFarFromZero_FindsThem(string name)
    {
        var rng = new Rng(6);
        const int rows = 500;
        var (values, target) = (new double[rows * 4], new double[rows]);
        for (var row = 0; row < rows; row++)
        {
            for (var j = 0; j < 3; j++)
                values[(row * 4) + j] = Math.Pow(10, (4 * j) - 4) * (rng.NextGaussian() + (j == 2 ? 1000 : 0));
            values[(row * 4) + 3] = 7.1;
            target[row] = 1e6 + (2e4 * values[row * 4]) - (3 * values[(row * 4) + 1]) + (1e-4 * values[(row * 4) + 2]);
        }
        var parameters = name == "ridge" ? new Dictionary<string, object?> { ["alpha"] = 0.0 } : null;
        var model = (LinearModel)LearnerCatalog.Create(name, parameters).Fit(Data(values, 4, target), default);
        Assert.Equal(1, model.Coefficients[0] / 2e4, 1e-6);
        Assert.Equal(1, model.Coefficients[2] / 1e-4, 1e-6);
        Assert.Equal(0, model.Coefficients[3]);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("ridge")]
    [InlineData("ridge_cv")]
    [InlineData("lasso")]
    [InlineData("huber")]
    [InlineData("bayesian_ridge")]
    public void Fit_AnyThreads_GivesTheSameBits(string name)
    {
        var data = Problems.Regression(5000, 6, 8);
        var one = (LinearModel)LearnerCatalog.Create(name).Fit(data, new FitContext(new Rng(1), 1));
        var many = (LinearModel)LearnerCatalog.Create(name).Fit(data, new FitContext(new Rng(1), 4));
        Assert.Equal(one.Coefficients.ToArray(), many.Coefficients.ToArray());
        Assert.Equal(one.Intercept, many.Intercept);
    }

    [Fact]
    public void RidgeCv_EveryRowLeftOut_GivesTheSameErrors()
    {
        var source = Problems.Regression(25, 4, 9);
        double[] weights = [.. Enumerable.Range(0, 25).Select(row => 0.5 + (row % 4))];
        var model = new RidgeCv([0.3]).Fit(new TrainingData(source.Features, source.Target, weights));
        var sum = 0.0;
        for (var left = 0; left < 25; left++)
        {
            double[] others = [.. weights.Select((weight, row) => row == left ? 0 : weight)];
            var fitted = new Ridge(0.3).Fit(new TrainingData(source.Features, source.Target, others));
            sum += weights[left] * Math.Pow(source.Target.Values[left] - fitted.Intercept - Vectors.Dot(fitted.Coefficients, source.Features.Row(left)), 2);
        }
        Assert.Equal(sum / weights.Sum(), model.Figures["loo_mse"], 1e-9);
    }

    [Fact]
    public void RidgeCv_SeveralPenalties_TakesTheBest()
    {
        var data = Problems.Regression(30, 20, 3);
        var chosen = new RidgeCv([0.01, 0.1, 1, 10, 100]).Fit(data);
        foreach (var alpha in new[] { 0.01, 0.1, 1, 10, 100 })
            Assert.True(new RidgeCv([alpha]).Fit(data).Figures["loo_mse"] >= chosen.Figures["loo_mse"]);
        Assert.Equal(new Ridge(chosen.Figures["alpha"]).Fit(data).Coefficients.ToArray(), chosen.Coefficients.ToArray());
        Assert.Equal(10, ((LinearModel)LearnerCatalog.Create("ridge_cv", new Dictionary<string, object?> { ["alphas"] = "10" }).Fit(data, default)).Figures["alpha"]);
    }

    [Fact]
    public void ElasticNet_Path_GivesWhatSingleFitsGive()
    {
        var data = Problems.Regression(80, 12, 5);
        var learner = new ElasticNet(new ElasticNetOptions { L1Ratio = 0.8, Tol = 1e-13, MaxIter = 10_000 });
        var largest = learner.LargestAlpha(data);
        double[] alphas = [largest * 1.0001, largest / 3, largest / 30, largest / 300];
        var path = learner.Path(data, alphas);
        Assert.All(path[0].Coefficients.ToArray(), coefficient => Assert.Equal(0, coefficient));
        for (var i = 1; i < alphas.Length; i++)
        {
            var alone = new ElasticNet(new ElasticNetOptions { Alpha = alphas[i], L1Ratio = 0.8, Tol = 1e-13, MaxIter = 10_000 }).Fit(data);
            for (var j = 0; j < 12; j++)
                Assert.Equal(alone.Coefficients[j], path[i].Coefficients[j], 1e-7);
            Assert.True(path[i].Figures["iterations"] <= alone.Figures["iterations"]);
        }
    }

    [Fact]
    public void ElasticNet_NoPenalty_IsLeastSquares()
    {
        var data = Problems.Regression(60, 5, 6);
        var expected = new LinearRegression().Fit(data);
        var actual = new ElasticNet(new ElasticNetOptions { Alpha = 0, Tol = 1e-14, MaxIter = 10_000 }).Fit(data);
        for (var j = 0; j < 5; j++)
            Assert.Equal(expected.Coefficients[j], actual.Coefficients[j], 1e-6);
    }

    [Fact]
    public void Huber_Outliers_DoNotPull()
    {
        var source = Problems.Regression(200, 3, 7);
        var target = source.Target.Values.ToArray();
        for (var row = 0; row < 200; row += 10)
            target[row] += 500;
        var data = new TrainingData(source.Features, Target.Regression("y", target));
        var model = new HuberRegression().Fit(data);
        Assert.Equal(1, model.Figures["converged"]);
        Assert.Equal(3, model.Coefficients[0], 0.1);
        Assert.Equal(10, model.Intercept, 0.2);
        Assert.True(Math.Abs(new LinearRegression().Fit(data).Intercept - 10) > 10);
    }

    [Fact]
    public void Huber_RowsThatFitExactly_EndsAtASmallScale()
    {
        double[] values = [.. Enumerable.Range(0, 20).Select(row => (double)row)];
        var model = new HuberRegression(new HuberOptions { Alpha = 0 }).Fit(Data(values, 1, [.. values.Select((value, row) => (2 * value) + 1 + (row == 3 ? 100 : 0))]));
        Assert.Equal(2, model.Coefficients[0], 1e-6);
        Assert.Equal(1, model.Intercept, 1e-5);
    }

    [Fact]
    public void Poisson_CountsOfALogLinearRate_FindsIt()
    {
        var rng = new Rng(12);
        const int rows = 4000;
        var (values, target, weights) = (new double[rows * 2], new double[rows], new double[rows]);
        for (var row = 0; row < rows; row++)
        {
            (values[row * 2], values[(row * 2) + 1], weights[row]) = (rng.NextGaussian(), 100 + rng.NextGaussian(), 1 + (row % 3));
            // A Poisson deviate by the product of uniforms (Knuth).
            var (limit, product) = (Math.Exp(-Math.Exp(0.5 + (0.8 * values[row * 2]) - (0.3 * (values[(row * 2) + 1] - 100)))), rng.NextDouble());
            for (; product > limit; product *= rng.NextDouble())
                target[row]++;
        }
        var data = new TrainingData(Data(values, 2, target).Features, Target.Regression("y", target), weights);
        var model = new PoissonRegression(new PoissonOptions { Alpha = 0 }).Fit(data);
        Assert.Equal(1, model.Figures["converged"]);
        Assert.Equal(0.8, model.Coefficients[0], 0.05);
        Assert.Equal(-0.3, model.Coefficients[1], 0.05);
        // At the optimum the predictions' weighted sum, and their products with each column, are those of the target.
        var output = new double[rows];
        model.Predict(data.Features, output);
        Assert.Equal(0, Enumerable.Range(0, rows).Sum(row => weights[row] * (output[row] - target[row])), 1e-3);
        Assert.Equal(0, Enumerable.Range(0, rows).Sum(row => weights[row] * (output[row] - target[row]) * values[row * 2]), 1e-3);
        var penalised = new PoissonRegression(new PoissonOptions { Alpha = 10 }).Fit(data);
        Assert.InRange(penalised.Coefficients[0], 0.01, 0.5);
    }

    [Fact]
    public void Poisson_TargetsOutOfRange_AreNamedOrTakenAsZero()
    {
        Assert.Contains("is -1 in row 2", Assert.Throws<LodeException>(() => new PoissonRegression().Fit(Data([1, 2], 1, [1, -1]))).Message, StringComparison.Ordinal);
        var output = new double[2];
        var data = Data([1, 2], 1, [0, 0]);
        new PoissonRegression().Fit(data).Predict(data.Features, output);
        Assert.All(output, value => Assert.InRange(value, 0, 1e-300));
    }

    [Theory]
    [InlineData("poisson")]
    [InlineData("ridge_cv")]
    [InlineData("logistic")]
    public void Models_WrittenAndRead_AreTheSame(string name)
    {
        var data = name == "logistic" ? Problems.Classes(90, 3, 3, 5) : Data([1, 2, 3, 4], 1, [1, 2, 4, 9]);
        var writer = new BundleWriter();
        writer.WriteThing(LearnerCatalog.Create(name).Fit(data, default));
        var read = new BundleReader(writer.Written.ToArray()).ReadThing<IModel>();
        var again = new BundleWriter();
        again.WriteThing(read);
        Assert.Equal(writer.Written.ToArray(), again.Written.ToArray());
        // Cut anywhere, it is refused.
        for (var length = 0; length < writer.Written.Length; length += 7)
            Assert.Throws<LodeException>(() => new BundleReader(writer.Written[..length].ToArray()).ReadThing<IModel>());
    }

    [Fact]
    public void Fit_TooManyColumns_IsRefused()
    {
        var data = Data(new double[20_001], 20_001, [1]);
        Assert.Contains("at most 20000 columns; got 20001", Assert.Throws<LodeException>(() => new Ridge().Fit(data)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_WithoutIntercept_GoesThroughZero()
    {
        var data = Data([1, 2, 3], 1, [2, 4, 6.3]);
        Assert.Equal((2 + 8 + 18.9) / 14, new LinearRegression(intercept: false).Fit(data).Coefficients[0], 1e-12);
        Assert.Equal(0, new LinearRegression(intercept: false).Fit(data).Intercept);
        Assert.Equal((2 + 8 + 18.9) / 15, new Ridge(1, intercept: false).Fit(data).Coefficients[0], 1e-12);
    }

    [Theory]
    [InlineData("ridge", "alpha", -1)]
    [InlineData("lasso", "alpha", double.NaN)]
    [InlineData("elastic_net", "l1_ratio", 1.5)]
    [InlineData("huber", "epsilon", 0.5)]
    [InlineData("bayesian_ridge", "max_iter", 0)]
    [InlineData("poisson", "alpha", -1)]
    [InlineData("ridge_cv", "alphas", 0)]
    public void Create_OptionsOutOfRange_AreRefused(string name, string option, object value)
    {
        var error = Assert.Throws<LodeException>(() => LearnerCatalog.Create(name, new Dictionary<string, object?> { [option] = value }));
        Assert.StartsWith($"{name} needs", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("lasso")]
    [InlineData("huber")]
    public void Fit_FeaturesThatOverflow_AreNamed(string name)
    {
        var error = Assert.Throws<LodeException>(() => LearnerCatalog.Create(name).Fit(Data([1e300, 2, 3, -1e300], 1, [1, 2, 3, 4]), default));
        Assert.Contains("'x0' is too large", error.Message, StringComparison.Ordinal);
        Assert.Equal("Scale it.", error.Hint);
    }

    private static TrainingData Data(double[] values, int columns, double[] target) =>
        new(new FeatureMatrix(values, target.Length, [.. Enumerable.Range(0, columns).Select(column => $"x{column}")]), Target.Regression("y", target));
}
