using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization.Tests.Samplers.Gp;

public sealed class GpModelTests
{
    // Of scikit-learn's GaussianProcessRegressor, whose mean is 0: here the constant mean is integrated out, so its variance is taken back.
    [Fact]
    public void Predict_GoldenCases_AgreesWithAnotherProgram()
    {
        foreach (var golden in GoldenCase.All)
        {
            var (n, d) = (golden.Y.Length, golden.LengthScale.Length);
            var kernel = new double[n * n];
            double Covariance(double[] a, double[] b)
            {
                Span<double> value = stackalloc double[1];
                for (var i = 0; i < d; i++)
                    value[0] += Math.Pow((a[i] - b[i]) / golden.LengthScale[i], 2);
                Matern.Covariances(golden.SignalVariance, value, []);
                return value[0];
            }
            for (var i = 0; i < n; i++)
                for (var j = 0; j < n; j++)
                    kernel[(i * n) + j] = Covariance(golden.X[i], golden.X[j]) + (i == j ? golden.NoiseVariance : 0);
            Assert.True(Cholesky.TryDecompose(kernel, n));
            var alpha = (double[])golden.Y.Clone();
            Cholesky.Solve(kernel, alpha);
            Assert.Equal(golden.LogMarginalLikelihood, (-0.5 * Vectors.Dot(golden.Y, alpha)) - (0.5 * Cholesky.LogDeterminant(kernel, n)) - (0.5 * n * Math.Log(2 * Math.PI)), 1e-8);
            for (var q = 0; q < golden.XNew.Length; q++)
            {
                var row = Array.ConvertAll(golden.X, x => Covariance(x, golden.XNew[q]));
                Assert.Equal(golden.Mean[q], Vectors.Dot(row, alpha), 1e-8);
                Cholesky.SolveLower(kernel, n, row);
                Assert.Equal(golden.StdLatent[q], Math.Sqrt(golden.SignalVariance - Vectors.Dot(row, row)), 1e-7);
            }
        }
    }

    [Fact]
    public void Predict_AnyData_IsThePosteriorWrittenOut()
    {
        var (model, space, rng) = Some(31);
        var (n, d) = (model.Count, model.Embedding.Dims.Length);
        var points = Points(space, model.Embedding, rng, 9);
        var (means, variances) = (new double[9], new double[9]);
        model.Predict(points, means, variances, new double[9 * n]);
        var covariance = new double[n, n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                covariance[i, j] = model.Prior(model.Raw.AsSpan(i * d, d), model.Raw.AsSpan(j * d, d)) + (i == j ? model.Noise : 0);
        for (var q = 0; q < 9; q++)
        {
            var row = Enumerable.Range(0, n).Select(i => model.Prior(model.Raw.AsSpan(i * d, d), points.AsSpan(q * d, d))).ToArray();
            var weights = Eliminate(covariance, row);
            Assert.Equal(weights.Zip(model.Y, (w, y) => w * y).Sum(), means[q], 1e-7);
            Assert.Equal(model.Prior(points.AsSpan(q * d, d), points.AsSpan(q * d, d)) - weights.Zip(row, (w, r) => w * r).Sum(), variances[q], 1e-7);
        }
        var fitted = model.FittedMeans();
        model.Predict(model.Raw, means = new double[n], new double[n], new double[n * n]);
        for (var i = 0; i < n; i++)
            Assert.Equal(means[i], fitted[i], 1e-8);
    }

    [Fact]
    public void PredictOne_Slopes_AreThoseOfFiniteDifferences()
    {
        var (model, space, rng) = Some(32);
        var (n, d) = (model.Count, model.Embedding.Dims.Length);
        for (var q = 0; q < 20; q++)
        {
            var point = Points(space, model.Embedding, rng, 1);
            var (meanSlopes, varianceSlopes, memory) = (new double[d], new double[d], new double[3 * n]);
            model.PredictOne(point, meanSlopes, varianceSlopes, memory);
            for (var i = 0; i < d; i++)
            {
                if (double.IsNaN(point[i]) || space.Dimensions[model.Embedding.Dims[i]].Kind == DimensionKind.Nominal)
                    continue;
                const double h = 1e-5;
                var (up, down) = ((double[])point.Clone(), (double[])point.Clone());
                (up[i], down[i]) = (up[i] + h, down[i] - h);
                var (above, below) = (model.PredictOne(up, new double[d], new double[d], memory), model.PredictOne(down, new double[d], new double[d], memory));
                Assert.Equal((above.Mean - below.Mean) / (2 * h), meanSlopes[i], 1e-5 * (1 + Math.Abs(meanSlopes[i])));
                Assert.Equal((above.Variance - below.Variance) / (2 * h), varianceSlopes[i], 1e-5 * (1 + Math.Abs(varianceSlopes[i])));
            }
        }
    }

    [Fact]
    public void Evaluate_Gradient_IsThatOfFiniteDifferences()
    {
        var (model, _, rng) = Some(33);
        var likelihood = new MarginalLikelihood(model.Embedding, model.Raw, model.Y, 1e-6);
        for (var q = 0; q < 10; q++)
        {
            var parameters = Parameters(model.Embedding, rng);
            var gradient = new double[parameters.Length];
            likelihood.Evaluate(parameters, gradient);
            for (var i = 0; i < parameters.Length; i++)
            {
                const double h = 1e-5;
                var (up, down) = ((double[])parameters.Clone(), (double[])parameters.Clone());
                (up[i], down[i]) = (up[i] + h, down[i] - h);
                var slope = (likelihood.Evaluate(up, []) - likelihood.Evaluate(down, [])) / (2 * h);
                Assert.Equal(slope, gradient[i], 1e-4 * (1 + Math.Abs(slope)));
            }
        }
    }

    [Fact]
    public void Add_MorePoints_IsTheModelOfAllBitForBit()
    {
        var (model, space, rng) = Some(34);
        var raw = Points(space, model.Embedding, rng, 7);
        var y = Enumerable.Range(0, 7).Select(_ => rng.NextGaussian()).ToArray();
        var grown = model.Add(raw, y);
        var whole = GpModel.Fit(model.Embedding, model.Parameters, [.. model.Raw, .. raw], [.. model.Y, .. y]);
        Assert.Equal(whole.Factor, grown.Factor);
        Assert.Equal(whole.FittedMeans(), grown.FittedMeans());
    }

    [Fact]
    public void Embedding_AbsentNumbers_AreAtOneDistanceFromAllPresent()
    {
        var space = new SearchSpace([new CategoricalParameter("kind", "a", "b"), new FloatParameter("x", 0, 1) { When = new("kind", ["a"]) }]);
        var embedding = new Embedding(space, [false, false], false);
        var model = GpModel.Fit(embedding, new double[embedding.ParameterCount], [0, 0.3], [1]);
        double[] absent = [1, double.NaN];
        Assert.Equal(model.Prior(absent, [0, 0.1]), model.Prior(absent, [0, 0.9]), 1e-12);
        Assert.True(model.Prior([0, 0.1], [0, 0.2]) > model.Prior([0, 0.1], [0, 0.9]));
        Assert.Equal(model.Prior([0, 0.5], [0, 0.5]), model.Prior(absent, absent), 1e-12);
    }

    private static (GpModel Model, SearchSpace Space, Rng Rng) Some(ulong seed)
    {
        var space = new SearchSpace(
        [
            new FloatParameter("x", 0, 1),
            new CategoricalParameter("kind", "a", "b", "c"),
            new FloatParameter("deep", 0, 1) { When = new("kind", ["a", "b"]) },
            new IntParameter("count", 1, 9),
            new FloatParameter("rate", 1e-4, 1, log: true),
        ]);
        var rng = new Rng(seed);
        var embedding = new Embedding(space, new bool[space.Count], true);
        var raw = Points(space, embedding, rng, 23);
        var y = Enumerable.Range(0, 23).Select(_ => rng.NextGaussian()).ToArray();
        return (GpModel.Fit(embedding, Parameters(embedding, rng), raw, y), space, rng);
    }

    private static double[] Parameters(Embedding embedding, Rng rng)
    {
        var parameters = Enumerable.Range(0, embedding.ParameterCount).Select(_ => 0.5 * rng.NextGaussian()).ToArray();
        parameters[embedding.Dims.Length + 1] = Math.Log(0.01);
        return parameters;
    }

    private static double[] Points(SearchSpace space, Embedding embedding, Rng rng, int count)
    {
        var raw = new double[count * embedding.Dims.Length];
        for (var i = 0; i < count; i++)
        {
            var unit = Enumerable.Range(0, space.Count).Select(_ => rng.NextDouble(0.05, 0.95)).ToArray();
            GpSearch.Deactivate(space, unit);
            embedding.Encode(unit, raw.AsSpan(i * embedding.Dims.Length, embedding.Dims.Length));
        }
        return raw;
    }

    // Gauss and Jordan: another way to the same numbers.
    private static double[] Eliminate(double[,] matrix, double[] right)
    {
        var n = right.Length;
        var (a, b) = ((double[,])matrix.Clone(), (double[])right.Clone());
        for (var p = 0; p < n; p++)
        {
            for (var i = 0; i < n; i++)
            {
                if (i == p)
                    continue;
                var factor = a[i, p] / a[p, p];
                for (var j = p; j < n; j++)
                    a[i, j] -= factor * a[p, j];
                b[i] -= factor * b[p];
            }
        }
        return [.. b.Select((value, i) => value / a[i, i])];
    }
}

/// <summary>What scikit-learn 1.2.1 and mpmath say (gp_acquisition.json).</summary>
internal sealed record GoldenCase(double[] LengthScale, double SignalVariance, double NoiseVariance, double[][] X, double[] Y, double[][] XNew, double[] Mean,
    double[] StdLatent, double LogMarginalLikelihood, double Best, double[] LogEi, double[] Pi, double Xi, double[] Lcb)
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static GoldenCase[] All
    {
        get
        {
            using var stream = typeof(GoldenCase).Assembly.GetManifestResourceStream("gp_acquisition.json")!;
            using var json = JsonDocument.Parse(stream);
            return json.RootElement.GetProperty("cases").Deserialize<GoldenCase[]>(s_json)!;
        }
    }
}
