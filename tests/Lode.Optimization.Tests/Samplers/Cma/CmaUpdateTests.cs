using Lode.Core;

namespace Lode.Optimization.Tests.Samplers.Cma;

public sealed class CmaUpdateTests
{
    private static readonly SearchSpace s_plane = new([new FloatParameter("x", 0, 1), new FloatParameter("y", 0, 1)]);

    // Two generations of six, worked out independently in Python with the closed Cholesky factor of a 2×2 matrix.
    [Fact]
    public void Next_TwoGenerations_AgreesWithIndependentNumbers()
    {
        double[][][] generations =
        [
            [[.62, .41], [.55, .47], [.48, .39], [.37, .52], [.44, .61], [.58, .66]],
            [[.71, .35], [.60, .42], [.52, .30], [.66, .55], [.45, .40], [.41, .58]],
        ];
        var state = Fresh(s_plane);
        foreach (var generation in generations)
            state = CmaUpdate.Next(state, generation, [0, 1, 2, 3, 4, 5]);
        double[] expected = [0.663803709130874, 0.366000559454625, 0.148899817945616, 0.854880370167609, -0.163395950390757, 0.75954252525619, 0.922291551418835, 0.962353866378143];
        double[] actual = [state.Mean[0], state.Mean[1], state.Step, state.Covariance[0], state.Covariance[1], state.Covariance[3], state.CovariancePath[0], state.StepPath[0]];
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-9); // the weights of eq. 46 are guarded by 1e-12 against a step of 0
    }

    [Fact]
    public void Next_KeepsTheStateBefore()
    {
        var state = Fresh(s_plane);
        CmaUpdate.Next(state, [[.62, .41], [.55, .47], [.48, .39], [.37, .52], [.44, .61], [.58, .66]], [0, 1, 2, 3, 4, 5]);
        Assert.Equal([0.5, 0.5], state.Mean);
        Assert.Equal([1, 0, 0, 1], state.Covariance);
        Assert.Equal(0, state.Generation);
    }

    [Fact]
    public void Decompose_RandomCovariance_GivesItBack()
    {
        const int n = 12;
        var rng = new Rng(4);
        var root = Enumerable.Range(0, n * n).Select(_ => rng.NextGaussian()).ToArray();
        var a = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                a[(i * n) + j] = Vectors.Dot(root.AsSpan(i * n, n), root.AsSpan(j * n, n));
        var (vectors, values) = (new double[n * n], new double[n]);
        SymmetricEigen.Decompose([.. a], n, vectors, values);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                var (back, product) = (0.0, 0.0);
                for (var k = 0; k < n; k++)
                {
                    back += vectors[(i * n) + k] * values[k] * vectors[(j * n) + k];
                    product += vectors[(k * n) + i] * vectors[(k * n) + j];
                }
                Assert.Equal(a[(i * n) + j], back, 1e-11);
                Assert.Equal(i == j ? 1 : 0, product, 1e-13);
            }
        }
    }

    [Theory]
    [InlineData(0.33, 1e-4)]
    [InlineData(0.01, 1e-4)]
    [InlineData(0.99, 1e-3)]
    [InlineData(0.52, 1e-9)]
    public void Correct_TinyStep_NeighboursKeepTheMargin(double mean, double step)
    {
        var space = new SearchSpace([new IntParameter("k", 0, 9), new FloatParameter("x", 0, 1)]);
        var state = Fresh(space);
        (state.Mean[0], state.Step) = (mean, step);
        CmaMargin.Correct(state);
        var cell = space.Cell(0, mean);
        var deviation = state.DeviationOf(0);
        var below = SpecialFunctions.NormalCdf((cell.Low - state.Mean[0]) / deviation);
        var above = SpecialFunctions.NormalCdf((state.Mean[0] - cell.High) / deviation);
        var margin = 1.0 / (2 * 6);
        // Inside, half a margin on each side; at an edge all of it on the only side.
        if (cell.Low > 0 && cell.High < 1)
            Assert.Equal((margin / 2, margin / 2), (below, above), (a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-6 && Math.Abs(a.Item2 - b.Item2) < 1e-6);
        else
            Assert.Equal(margin, cell.Low <= 0 ? above : below, 1e-6);
        Assert.Equal(0.5, state.Mean[1]);
    }

    [Fact]
    public void Learn_OneChoiceAlwaysWins_ItsChanceGrowsAndOthersKeepTheFloor()
    {
        var space = new SearchSpace([new CategoricalParameter("c", "a", "b", "c", "d")]);
        var state = Fresh(space);
        for (var g = 0; g < 30; g++)
            state = CmaUpdate.Next(state, [[0.125], [0.125], [0.375], [0.625], [0.875], [0.875]], [0, 1, 2, 3, 4, 5]);
        var chances = state.Choices.Chances(0).ToArray();
        Assert.Equal(1, chances.Sum(), 1e-12);
        Assert.True(chances[0] > 0.7, $"{chances[0]}");
        Assert.All(chances, chance => Assert.True(chance >= 0.27 / 3 - 1e-9));
    }

    private static CmaState Fresh(SearchSpace space) => new(new CmaLayout(space, new CmaOptions { Population = 6 }), 6, 1.0 / 6);
}
