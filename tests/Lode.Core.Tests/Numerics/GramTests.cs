namespace Lode.Core.Tests.Numerics;

public sealed class GramTests
{
    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 1)]
    [InlineData(127, 5)]
    [InlineData(129, 4)]
    [InlineData(5000, 7)]
    public void Product_AnyShape_EqualsTheSums(int rows, int columns)
    {
        var x = Matrix(rows, columns);
        var gram = new double[columns * columns];
        Gram.Product(rows, columns, (start, count, tile) => RowTiles.Load(x.AsSpan(start * columns), columns, count, tile), gram);
        for (var i = 0; i < columns; i++)
        {
            for (var j = 0; j < columns; j++)
                Assert.Equal(Enumerable.Range(0, rows).Sum(row => x[(row * columns) + i] * x[(row * columns) + j]), gram[(i * columns) + j], 1e-9);
        }
    }

    [Fact]
    public void Product_AnyThreads_GivesTheSameBits()
    {
        var x = Matrix(9000, 6);
        double[] With(int threads)
        {
            var gram = new double[36];
            Gram.Product(9000, 6, (start, count, tile) => RowTiles.Load(x.AsSpan(start * 6), 6, count, tile), gram, threads);
            return gram;
        }
        Assert.Equal(With(1), With(4));
    }

    [Fact]
    public void Multiply_AnyCount_EqualsTheSums()
    {
        const int columns = 6;
        var x = Matrix(100, columns);
        var tile = new double[columns * RowTiles.Width];
        RowTiles.Load(x, columns, 100, tile);
        for (var count = 1; count < 10; count++)
        {
            var weights = Matrix(count, columns);
            var sums = new double[count * RowTiles.Width];
            RowTiles.Multiply(weights, count, tile, sums);
            for (var i = 0; i < count; i++)
            {
                for (var row = 0; row < RowTiles.Width; row++)
                    Assert.Equal(row < 100 ? Vectors.Dot(weights.AsSpan(i * columns, columns), x.AsSpan(row * columns, columns)) : 0, sums[(i * RowTiles.Width) + row], 1e-12);
            }
            // A row's sum does not depend on how many sums there are.
            var alone = new double[RowTiles.Width];
            RowTiles.Multiply(weights.AsSpan(0, columns), 1, tile, alone);
            Assert.Equal(alone, sums[..RowTiles.Width]);
        }
    }

    [Fact]
    public void AddProducts_TwoTiles_AddsTheSums()
    {
        var (a, b) = (Matrix(5, RowTiles.Width), Matrix(3, RowTiles.Width));
        var sums = Enumerable.Repeat(1.0, 15).ToArray();
        RowTiles.AddProducts(a, b, sums);
        for (var i = 0; i < 5; i++)
        {
            for (var j = 0; j < 3; j++)
                Assert.Equal(1 + Vectors.Dot(a.AsSpan(i * RowTiles.Width, RowTiles.Width), b.AsSpan(j * RowTiles.Width, RowTiles.Width)), sums[(i * 3) + j], 1e-12);
        }
    }

    [Fact]
    public void ShiftAndScale_ChangesColumnsAndRows()
    {
        var tile = Enumerable.Range(0, 2 * RowTiles.Width).Select(i => (double)i).ToArray();
        var scale = Enumerable.Range(0, RowTiles.Width).Select(r => r % 3.0).ToArray();
        RowTiles.ShiftAndScale(tile, [10, 20], scale);
        Assert.Equal((5 - 10) * 2.0, tile[5]);
        Assert.Equal((RowTiles.Width + 7 - 20) * 1.0, tile[RowTiles.Width + 7]);
    }

    [Fact]
    public void Tiles_AllocateNothing()
    {
        var x = Matrix(RowTiles.Width, 9);
        var (tile, sums, gram) = (new double[9 * RowTiles.Width], new double[RowTiles.Width], new double[81]);
        void Once()
        {
            RowTiles.Load(x, 9, RowTiles.Width, tile);
            RowTiles.Multiply(x.AsSpan(0, 9), 1, tile, sums);
            RowTiles.ShiftAndScale(tile, [], sums);
            RowTiles.AddProducts(tile, tile, gram, lower: true);
        }
        Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Tiles_OtherShapes_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => RowTiles.Load(new double[5], 2, 3, new double[2 * RowTiles.Width]));
        Assert.Throws<ArgumentException>(() => RowTiles.Multiply(new double[1], 1, new double[2 * RowTiles.Width], new double[RowTiles.Width]));
        Assert.Throws<ArgumentException>(() => Gram.Product(1, 2, (_, _, _) => { }, new double[3]));
        Assert.ThrowsAny<OperationCanceledException>(() => Gram.Product(1, 1, (_, _, _) => { }, new double[1], 1, new CancellationToken(true)));
    }

    private static double[] Matrix(int rows, int columns)
    {
        var rng = new Rng((ulong)((rows * 31) + columns));
        return [.. Enumerable.Range(0, rows * columns).Select(_ => rng.NextGaussian())];
    }
}
