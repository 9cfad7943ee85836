namespace Lode.Core.Tests.Numerics;

public sealed class SymmetricEigenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(90)]
    public void Decompose_RandomMatrices_GivesTheMatrixBack(int n)
    {
        var rng = new Rng((ulong)n);
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j <= i; j++)
                matrix[(i * n) + j] = matrix[(j * n) + i] = 1e3 * rng.NextGaussian();
        var (values, vectors) = Decompose(matrix, n);
        AssertDecomposes(matrix, n, values, vectors);
    }

    [Fact]
    public void Decompose_LowRank_FindsTheZeros()
    {
        const int n = 12;
        var rng = new Rng(3);
        var root = Enumerable.Range(0, n * 2).Select(_ => rng.NextGaussian()).ToArray();
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                matrix[(i * n) + j] = (root[i * 2] * root[j * 2]) + (root[(i * 2) + 1] * root[(j * 2) + 1]);
        var (values, vectors) = Decompose(matrix, n);
        AssertDecomposes(matrix, n, values, vectors);
        Assert.All(values.Skip(2), value => Assert.InRange(Math.Abs(value), 0, 1e-14 * values[0]));
    }

    [Fact]
    public void Decompose_AKnownMatrix_GivesItsValues()
    {
        // The path of n points has the eigenvalues 2 - 2·cos(πk/n).
        const int n = 10;
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            matrix[i * (n + 1)] = i is 0 or n - 1 ? 1 : 2;
            if (i > 0)
                matrix[(i * n) + i - 1] = matrix[((i - 1) * n) + i] = -1;
        }
        var (values, _) = Decompose(matrix, n);
        for (var k = 0; k < n; k++)
            Assert.Equal(2 - (2 * Math.Cos(Math.PI * (n - 1 - k) / n)), values[k], 1e-14);
    }

    [Theory]
    [InlineData(1e-200)]
    [InlineData(1e200)]
    public void Decompose_ExtremeSizes_NeitherOverflowsNorVanishes(double scale)
    {
        var (values, vectors) = Decompose([2 * scale, scale, scale, 2 * scale], 2);
        Assert.Equal(3, values[0] / scale, 1e-14);
        Assert.Equal(1, values[1] / scale, 1e-14);
        Assert.Equal(Math.Sqrt(0.5), vectors[0], 1e-15);
    }

    [Fact]
    public void Decompose_Zeros_GivesUnitVectors()
    {
        var (values, vectors) = Decompose(new double[9], 3);
        Assert.Equal([0, 0, 0], values);
        Assert.Equal([1, 0, 0, 0, 1, 0, 0, 0, 1], vectors);
    }

    [Fact]
    public void TryDecompose_NotFinite_SaysSo()
    {
        Assert.False(SymmetricEigen.TryDecompose([double.NaN], 1, new double[1], new double[1]));
        Assert.False(SymmetricEigen.TryDecompose([1, 0, double.PositiveInfinity, 1], 2, new double[2], new double[4]));
        Assert.Throws<ArgumentException>(() => SymmetricEigen.TryDecompose(new double[4], 2, new double[3], new double[4]));
        Assert.True(SymmetricEigen.TryDecompose([], 0, [], []));
    }

    private static (double[] Values, double[] Vectors) Decompose(double[] matrix, int n)
    {
        var (values, vectors) = (new double[n], new double[n * n]);
        Assert.True(SymmetricEigen.TryDecompose(matrix.ToArray(), n, values, vectors));
        return (values, vectors);
    }

    private static void AssertDecomposes(double[] matrix, int n, double[] values, double[] vectors)
    {
        var size = matrix.Max(Math.Abs);
        Assert.Equal(values.OrderDescending(), values);
        for (var i = 0; i < n; i++)
        {
            var row = vectors.AsSpan(i * n, n).ToArray();
            Assert.True(row.MaxBy(Math.Abs) > 0);
            for (var j = 0; j < n; j++)
            {
                Assert.Equal(i == j ? 1 : 0, Vectors.Dot(row, vectors.AsSpan(j * n, n)), 1e-13);
                Assert.Equal(values[i] * row[j], Vectors.Dot(matrix.AsSpan(j * n, n), row), 1e-13 * size * n);
            }
        }
    }
}
