namespace Lode.Core.Tests.Numerics;

public sealed class SymmetricEigenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(75)]
    public void SymmetricEigen_AnyMatrix_IsPutTogetherAgain(int n)
    {
        var rng = new Rng(8, (ulong)n);
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
            for (var j = 0; j <= i; j++)
                matrix[(i * n) + j] = matrix[(j * n) + i] = rng.NextGaussian();
        Check(matrix, n);
    }

    [Fact]
    public void SymmetricEigen_RepeatedAndZeroValues_HaveOrthonormalVectors()
    {
        Check(new double[16], 4);
        Check([1, 0, 0, 0, 1, 0, 0, 0, 1], 3);
        Check([1, 1, 1, 1, 1, 1, 1, 1, 1], 3);
        Check([1e-200, 1e-200, 1e-200, 1e-200], 2);
    }

    [Fact]
    public void SymmetricEigen_KnownValues_AreFound()
    {
        // The second difference matrix: 2 − 2·cos(kπ/(n+1)).
        const int n = 20;
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            matrix[(i * n) + i] = 2;
            if (i > 0)
                matrix[(i * n) + i - 1] = matrix[((i - 1) * n) + i] = -1;
        }
        var values = new double[n];
        SymmetricEigen.Decompose(matrix, n, values);
        for (var k = 1; k <= n; k++)
            Assert.Equal(2 - (2 * Math.Cos((n + 1 - k) * Math.PI / (n + 1))), values[k - 1], 1e-13);
    }

    [Fact]
    public void SymmetricEigen_NotFinite_IsRefused() => Assert.Throws<LodeException>(() => SymmetricEigen.Decompose([double.NaN], 1, new double[1]));

    private static void Check(double[] matrix, int n)
    {
        var (vectors, values) = (matrix.ToArray(), new double[n]);
        SymmetricEigen.Decompose(vectors, n, values);
        Assert.Equal(values.OrderDescending(), values);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                Assert.Equal(i == j ? 1 : 0, Vectors.Dot(vectors.AsSpan(i * n, n), vectors.AsSpan(j * n, n)), 1e-12);
                var entry = 0.0;
                for (var k = 0; k < n; k++)
                    entry += values[k] * vectors[(k * n) + i] * vectors[(k * n) + j];
                Assert.Equal(matrix[(i * n) + j], entry, 1e-12 * n);
            }
        }
    }
}
