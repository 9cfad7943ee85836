namespace Lode.Core.Tests.Numerics;

public sealed class CholeskyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(40)]
    public void TryDecompose_PositiveDefinite_GivesTheFactorAndSolves(int n)
    {
        var rng = new Rng((ulong)n);
        var root = Enumerable.Range(0, n * n).Select(_ => rng.NextGaussian()).ToArray();
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
                matrix[(i * n) + j] = Enumerable.Range(0, n).Sum(k => root[(i * n) + k] * root[(j * n) + k]) + (i == j ? 0.5 : 0);
        }
        var factor = matrix.ToArray();
        Assert.True(Cholesky.TryDecompose(factor, n));
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
                Assert.Equal(matrix[(i * n) + j], Enumerable.Range(0, j + 1).Sum(k => factor[(i * n) + k] * factor[(j * n) + k]), 1e-10);
            for (var j = i + 1; j < n; j++)
                Assert.Equal(matrix[(i * n) + j], factor[(i * n) + j]);
        }
        var x = Enumerable.Range(0, n).Select(_ => rng.NextGaussian()).ToArray();
        var b = Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Sum(j => matrix[(i * n) + j] * x[j])).ToArray();
        Cholesky.Solve(factor, b);
        for (var i = 0; i < n; i++)
            Assert.Equal(x[i], b[i], 1e-8);
    }

    [Fact]
    public void TryDecompose_NotPositiveDefinite_IsFalse()
    {
        Assert.False(Cholesky.TryDecompose([1, 2, 2, 1], 2));
        Assert.False(Cholesky.TryDecompose([0], 1));
        Assert.False(Cholesky.TryDecompose([double.NaN], 1));
        Assert.False(Cholesky.TryDecompose([double.PositiveInfinity], 1));
    }

    [Fact]
    public void TryDecompose_OtherShape_Throws() => Assert.Throws<ArgumentException>(() => Cholesky.TryDecompose([1, 2], 2));
}
