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

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(33)]
    [InlineData(70)]
    public void TryExtend_AnyNumberOfKnownRows_IsTryDecomposeBitForBit(int n)
    {
        var matrix = Positive(n);
        var whole = (double[])matrix.Clone();
        Assert.True(Cholesky.TryDecompose(whole, n));
        for (var known = 0; known <= n; known++)
        {
            var factor = (double[])matrix.Clone();
            for (var i = 0; i < known; i++)
                whole.AsSpan(i * n, i + 1).CopyTo(factor.AsSpan(i * n));
            Assert.True(Cholesky.TryExtend(factor, n, known));
            Assert.Equal(whole, factor);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(32, 9)]
    [InlineData(67, 6)]
    public void SolveLowerAndUpper_ManyRightHandSides_GiveBackTheProducts(int n, int count)
    {
        var factor = Positive(n);
        Assert.True(Cholesky.TryDecompose(factor, n));
        var rng = new Rng(9, (ulong)n);
        var x = Enumerable.Range(0, n * count).Select(_ => rng.NextGaussian()).ToArray();
        var b = new double[n * count];
        for (var r = 0; r < count; r++)
            for (var i = 0; i < n; i++)
                for (var j = 0; j <= i; j++)
                    b[(r * n) + i] += factor[(i * n) + j] * x[(r * n) + j];
        Cholesky.SolveLower(factor, n, b);
        for (var i = 0; i < b.Length; i++)
            Assert.Equal(x[i], b[i], 1e-9);
        var up = new double[n];
        for (var i = 0; i < n; i++)
            for (var j = i; j < n; j++)
                up[i] += factor[(j * n) + i] * x[j];
        Cholesky.SolveUpper(factor, up);
        for (var i = 0; i < n; i++)
            Assert.Equal(x[i], up[i], 1e-9);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(31)]
    [InlineData(64)]
    public void Inverse_PositiveDefinite_TimesTheMatrixIsOne(int n)
    {
        var matrix = Positive(n);
        var factor = (double[])matrix.Clone();
        Assert.True(Cholesky.TryDecompose(factor, n));
        var (inverse, scratch) = (new double[n * n], new double[n * n]);
        Cholesky.Inverse(factor, n, inverse, scratch);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                Assert.Equal(i == j ? 1 : 0, Enumerable.Range(0, n).Sum(k => matrix[(i * n) + k] * inverse[(k * n) + j]), 1e-8);
        // The determinant by elimination, another way to the same number.
        var (rest, log) = ((double[])matrix.Clone(), 0.0);
        for (var p = 0; p < n; p++)
        {
            log += Math.Log(rest[(p * n) + p]);
            for (var i = p + 1; i < n; i++)
                for (var j = n - 1; j >= p; j--)
                    rest[(i * n) + j] -= rest[(i * n) + p] / rest[(p * n) + p] * rest[(p * n) + j];
        }
        Assert.Equal(log, Cholesky.LogDeterminant(factor, n), 1e-8);
    }

    [Fact]
    public void AllMembers_LargeMatrix_AllocateNothing()
    {
        const int n = 90;
        var (factor, inverse, scratch, b) = (Positive(n), new double[n * n], new double[n * n], new double[3 * n]);
        void Work()
        {
            Cholesky.TryExtend(factor, n, 0);
            Cholesky.SolveLower(factor, n, b);
            Cholesky.SolveUpper(factor, b.AsSpan(0, n));
            Cholesky.Inverse(factor, n, inverse, scratch);
        }
        Work();
        Positive(n).CopyTo(factor, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static double[] Positive(int n)
    {
        var rng = new Rng((ulong)n);
        var root = Enumerable.Range(0, n * n).Select(_ => rng.NextGaussian()).ToArray();
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                matrix[(i * n) + j] = Enumerable.Range(0, n).Sum(k => root[(i * n) + k] * root[(j * n) + k]) + (i == j ? 1 : 0);
        return matrix;
    }
}
