using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization.Tests.Samplers.Qmc;

public sealed class QmcTests
{
    [Fact]
    public void Point_Unscrambled_AgreesWithSciPy()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Samplers", "Qmc", "qmc_scipy.json")));
        var unit = new double[3];
        foreach (var (row, n) in golden.RootElement.GetProperty("sobol_unscrambled").EnumerateArray().Select((row, n) => (row, n)))
        {
            SobolSequence.Point(n, null, unit);
            for (var i = 0; i < 3; i++)
                Assert.Equal(row[i].GetDouble(), unit[i], 1e-10);
        }
        foreach (var (row, n) in golden.RootElement.GetProperty("halton_unscrambled").EnumerateArray().Select((row, n) => (row, n)))
        {
            HaltonSequence.Point(n, 0, null, unit);
            for (var i = 0; i < 3; i++)
                Assert.Equal(row[i].GetDouble(), unit[i], 1e-10);
        }
    }

    // Each dimension by itself is a (0, 1)-sequence: of any 2^k points one falls into each slice. So no direction matrix is singular.
    [Theory]
    [InlineData(null)]
    [InlineData(5UL)]
    public void Sobol_EveryDimension_FillsEachSliceOnce(ulong? seed)
    {
        const int dims = SobolDirections.MaxDimension, points = 64;
        var seen = new HashSet<(int, int)>();
        var unit = new double[dims];
        for (var n = 0; n < points; n++)
        {
            SobolSequence.Point(n, seed, unit);
            for (var i = 0; i < dims; i++)
                Assert.True(seen.Add((i, (int)(unit[i] * points))), $"dimension {i}, point {n}");
        }
    }

    [Fact]
    public void Sobol_FirstTwoDimensionsScrambled_AreANet()
    {
        // t = 0: every elementary interval of area 1/256 holds one of 256 points.
        for (var log = 0; log <= 8; log++)
        {
            var (columns, rows) = (1 << log, 1 << (8 - log));
            var seen = new HashSet<(int, int)>();
            var unit = new double[2];
            for (var n = 0; n < 256; n++)
            {
                SobolSequence.Point(n, 99, unit);
                Assert.True(seen.Add(((int)(unit[0] * columns), (int)(unit[1] * rows))));
            }
        }
    }

    [Fact]
    public void Sobol_Pairs_AreMoreEvenThanRandomOnes()
    {
        // Largest error of the mean of x·y over 256 points, over many pairs: 1/256 of the cells each for a net of moderate t.
        const int dims = 200, points = 256;
        var (sobol, random) = (new double[points][], new double[points][]);
        for (var n = 0; n < points; n++)
        {
            SobolSequence.Point(n, 1, sobol[n] = new double[dims]);
            var rng = new Rng(1, (ulong)n);
            random[n] = [.. Enumerable.Range(0, dims).Select(_ => rng.NextDouble())];
        }
        static double Error(double[][] x, int i, int j) => Math.Abs(x.Average(row => row[i] * row[j]) - 0.25);
        var pairs = Enumerable.Range(1, dims - 1).Select(i => (i, Math.Max(0, i - 1 - (i % 7)))).ToList();
        var (s, r) = (pairs.Average(p => Error(sobol, p.i, p.Item2)), pairs.Average(p => Error(random, p.i, p.Item2)));
        Assert.True(s < 0.3 * r, $"{s} against {r}");
    }

    [Theory]
    [InlineData("sobol")]
    [InlineData("halton")]
    [InlineData("latin_hypercube")]
    public void Propose_Integral_IsCloserThanRandom(string name)
    {
        // The mean of a smooth function of five parameters over 128 trials, 20 seeds.
        var space = new SearchSpace(Enumerable.Range(0, 5).Select(i => new FloatParameter($"x{i}", 0, 1)));
        double Error(string sampler, ulong seed)
        {
            var study = new Study(new StudyOptions { Space = space, Sampler = SamplerCatalog.Create(sampler), Seed = seed, Budget = 128 });
            study.Optimize(trial => trial.Params.Sum(item => item.Value.AsDouble() * item.Value.AsDouble()), new OptimizeOptions { Trials = 128 });
            return Math.Abs(study.Trials.Average(trial => trial.Values[0]) - (5.0 / 3));
        }
        var (mine, random) = (Enumerable.Range(0, 20).Average(seed => Error(name, (ulong)seed)), Enumerable.Range(0, 20).Average(seed => Error("random", (ulong)seed)));
        Assert.True(mine < 0.5 * random, $"{mine} against {random}");
        Assert.NotEqual(Error(name, 1), Error(name, 2));
    }

    [Fact]
    public void LatinHypercube_OfSoManyPoints_UsesEachSliceOnce()
    {
        var space = new SearchSpace([new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1), new OrdinalParameter("o", 1, 2, 3, 4)]);
        var study = new Study(new StudyOptions { Space = space, Sampler = new LatinHypercubeSampler(new() { Points = 20 }) });
        study.Optimize(_ => 1, new OptimizeOptions { Trials = 40 });
        foreach (var design in study.Trials.Chunk(20))
        {
            foreach (var name in new[] { "x", "y" })
                Assert.Equal(Enumerable.Range(0, 20), design.Select(trial => (int)(trial.Params.Float(name) * 20)).Order());
            Assert.All(design.GroupBy(trial => trial.Params.Int("o")), group => Assert.Equal(5, group.Count()));
        }
        Assert.NotEqual(study.Trials[0].Params, study.Trials[20].Params);
    }

    [Fact]
    public void Propose_Constraint_LeavesTheSequenceOtherwiseAsItIs()
    {
        var parameters = new[] { new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1) };
        var free = new SearchSpace(parameters);
        var bound = new SearchSpace(parameters, [new LinearConstraint([new("x", 1), new("y", 1)], Relation.AtMost, 1)]);
        List<Params> Run(SearchSpace space, int trials)
        {
            var study = new Study(new StudyOptions { Space = space, Sampler = new SobolSampler() });
            study.Optimize(_ => 1, new OptimizeOptions { Trials = trials });
            return [.. study.Trials.Select(trial => trial.Params)];
        }
        Assert.Equal(Run(free, 100).Where(values => bound.FirstViolated(values) is null).Take(40), Run(bound, 40));
    }

    [Fact]
    public void Permute_AnyCount_IsAPermutation()
    {
        for (var count = 1; count < 200; count++)
            Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), Enumerable.Range(0, count).Select(i => Scrambling.Permute(i, count, 3)).Order());
        Assert.InRange(Scrambling.Permute((1L << 62) - 1, 1L << 62, 1), 0, (1L << 62) - 1);
    }
}
