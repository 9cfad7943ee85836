using Lode.Core;

namespace Lode.Optimization.Tests.Samplers;

public sealed class ParzenEstimatorTests
{
    private static readonly TpeOptions s_options = new() { Bandwidth = 0.2 };

    // The fast way against the formula, written out.
    [Fact]
    public void LogDensity_Numbers_IsTheMixtureOfTruncatedNormals()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1), new FloatParameter("y", 1e-3, 1, log: true)]);
        var rng = new Rng(1);
        var points = Enumerable.Range(0, 37).Select(_ => new[] { rng.NextDouble(), rng.NextDouble() }).ToArray();
        var weights = points.Select(_ => rng.NextDouble(0.5, 2)).ToArray();
        var estimator = new ParzenEstimator(space, [0, 1], points, weights, s_options);
        var sigma = 0.2 * Math.Pow(37, -1.0 / 6);
        for (var i = 0; i < 50; i++)
        {
            double[] at = [rng.NextDouble(), rng.NextDouble()];
            var density = Kernel(at, [0.5, 0.5], 1);
            for (var k = 0; k < points.Length; k++)
                density += weights[k] * Kernel(at, points[k], sigma);
            Assert.Equal(Math.Log(density / (1 + weights.Sum())), estimator.LogDensity(at), 1e-6);
        }

        static double Kernel(double[] at, double[] mean, double sigma) => Math.Exp(
            SpecialFunctions.TruncatedNormalLogPdf(at[0], mean[0], sigma, 0, 1) + SpecialFunctions.TruncatedNormalLogPdf(at[1], mean[1], sigma, 0, 1));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(40)]
    public void LogDensity_GridsAndChoices_SumsToOne(int observations)
    {
        var space = new SearchSpace([new IntParameter("wide", 1, 5), new CategoricalParameter("c", "a", "b", "c"), new IntParameter("log", 1, 60, log: true), new IntParameter("fine", 0, 99)]);
        foreach (var dims in new[] { new[] { 0, 1 }, [2], [3], [0, 3] })
        {
            var points = Enumerable.Range(0, observations).Select(i => Snap(space, new Rng(2, (ulong)i))).ToArray();
            var estimator = new ParzenEstimator(space, dims, points, [.. points.Select(_ => 1.0)], s_options);
            var sum = 0.0;
            foreach (var at in Cells(space, dims, 0, new double[4]))
                sum += Math.Exp(estimator.LogDensity(at));
            // Narrow cells are taken as points (midpoint rule), wide ones integrated exactly.
            Assert.Equal(1, sum, dims.Contains(3) || dims.Contains(2) ? 2e-2 : 1e-9);
        }
    }

    [Fact]
    public void Sample_ManyDraws_FollowTheDensity()
    {
        var space = new SearchSpace([new IntParameter("i", 1, 4), new CategoricalParameter("c", "a", "b", "c")]);
        double[][] points = [[0.125, 0.5], [0.125, 0.5], [0.875, 1.0 / 6]];
        var estimator = new ParzenEstimator(space, [0, 1], points, [1, 1, 1], s_options);
        var counts = new Dictionary<string, int>();
        var rng = new Rng(9);
        var unit = new double[2];
        const int n = 20_000;
        for (var i = 0; i < n; i++)
        {
            estimator.Sample(rng, unit);
            var key = space.FromUnit(unit).ToString();
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }
        foreach (var at in Cells(space, [0, 1], 0, new double[2]))
        {
            var p = Math.Exp(estimator.LogDensity(at));
            Assert.Equal(p, counts.GetValueOrDefault(space.FromUnit(at).ToString()) / (double)n, 5 * Math.Sqrt(p * (1 - p) / n));
        }
    }

    [Fact]
    public void TruncationTable_AgreesWithTheNormalDistribution()
    {
        foreach (var (sigma, tolerance) in new[] { (0.01, 1e-3), (0.03, 1e-5), (0.1, 1e-7), (1.0, 1e-9) })
        {
            var table = new TruncationTable(sigma);
            for (var mean = 0.0; mean <= 1; mean += 0.001)
            {
                var exact = SpecialFunctions.NormalMass(-mean / sigma, (1 - mean) / sigma);
                Assert.InRange(table.Mass(mean) / exact, 1 - tolerance, 1 + tolerance);
            }
        }
    }

    private static double[] Snap(SearchSpace space, Rng rng) => [.. Enumerable.Range(0, space.Count).Select(i => space.Cell(i, rng.NextDouble()).Center)];

    private static IEnumerable<double[]> Cells(SearchSpace space, int[] dims, int next, double[] at)
    {
        if (next == dims.Length)
        {
            yield return at;
            yield break;
        }
        for (var u = 0.0; u < 1; u = space.Cell(dims[next], u).High + 1e-12)
        {
            at[dims[next]] = space.Cell(dims[next], u + 1e-12).Center;
            foreach (var cell in Cells(space, dims, next + 1, at))
                yield return cell;
        }
    }
}
