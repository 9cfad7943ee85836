using Lode.Core;

namespace Lode.Learning.Tests.Learners.Boosting;

public sealed class BinningTests
{
    [Fact]
    public void Exp_AgreesWithTheLibrary()
    {
        var rng = new Rng(1);
        for (var i = 0; i < 20_000; i++)
        {
            var x = rng.NextDouble(-700, 700);
            Assert.Equal(1, VectorMath.Exp(x) / Math.Exp(x), 1e-15);
        }
        Assert.Equal(1, VectorMath.Exp(0));
        Span<double> values = [0, -800, 800, 1, 2];
        VectorMath.Sigmoid(values);
        Assert.Equal([0.5, 0, 1, 1 / (1 + Math.Exp(-1)), 1 / (1 + Math.Exp(-2))], values.ToArray().Select(value => Math.Round(value, 15)), (a, b) => Math.Abs(a - b) < 1e-15);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(5000)]
    public void Sort_AnyNumbers_OrdersThem(int count)
    {
        var rng = new Rng(2);
        double[] values = [.. Enumerable.Range(0, count).Select(i => i % 7 == 0 ? -0.0 : i % 5 == 0 ? 3 : rng.NextGaussian() * Math.Pow(10, rng.NextInt32(600) - 300))];
        double[] expected = [.. values.Select(value => value + 0.0).Order()];
        new DoubleSorter().Sort(values);
        Assert.Equal(expected.Select(BitConverter.DoubleToInt64Bits), values.Select(BitConverter.DoubleToInt64Bits));
    }

    [Fact]
    public void OfNumbers_FewDifferentOnes_CutsHalfWay()
    {
        var bins = ColumnBins.OfNumbers([1, 1, 2, 4], 255, false);
        Assert.Equal([1.5, 3], bins.Cuts);
        Assert.Equal([0, 0, 1, 1, 2, 3], new[] { -9, 1.5, 1.6, 3, 99, double.NaN }.Select(bins.Find));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(255)]
    public void OfNumbers_ManyDifferentOnes_SharesRowsEvenly(int maxBins)
    {
        double[] sorted = [.. Enumerable.Range(0, 10_000).Select(i => Math.Exp(i / 1000.0))];
        var bins = ColumnBins.OfNumbers(sorted, maxBins, false);
        Assert.Equal(maxBins, bins.Count);
        var counts = sorted.GroupBy(bins.Find).Select(group => group.Count()).ToArray();
        Assert.Equal(maxBins, counts.Length);
        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
    }

    [Fact]
    public void OfNumbers_AValueOfManyRows_LeavesTheBinsToTheOthers()
    {
        double[] sorted = [.. Enumerable.Repeat(0.0, 9000), .. Enumerable.Range(1, 1000).Select(i => (double)i)];
        var bins = ColumnBins.OfNumbers(sorted, 100, false);
        Assert.Equal(100, bins.Count);
        Assert.InRange(sorted.GroupBy(bins.Find).Where(group => group.Key > 0).Max(group => group.Count()), 10, 11);
    }

    [Fact]
    public void OfNumbers_NoneOrOne_IsOneBin()
    {
        Assert.Equal(1, ColumnBins.OfNumbers([], 255, true).Count);
        Assert.Equal(1, ColumnBins.OfNumbers([5, 5, 5], 255, false).Count);
    }
}
