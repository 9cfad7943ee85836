using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

public sealed class TreeGrowerTests
{
    [Fact]
    public void Grow_AfterTheFirstTree_AllocatesOnlyTheTree()
    {
        var data = Problems.Classes(3000, 8, 3, 31);
        var ranked = RankedFeatures.Of(data.Features, new ParallelOptions { MaxDegreeOfParallelism = 1 });
        var grower = new TreeGrower<GiniCriterion>(ranked, new GiniCriterion(data), new TreeLimits(int.MaxValue, 2, 1, 3));
        grower.Weights.AsSpan().Fill(1);
        for (var warm = 0; warm < 3; warm++)
            grower.Grow(new Rng(1));
        var (allocated, tree) = LeastAllocated(() => grower.Grow(new Rng(1)));
        Assert.True(tree.NodeCount > 100);
        // Nodes of 16 bytes and a bit, leaf values of 8, array headers and the object.
        Assert.InRange(allocated, 0, (16 * tree.NodeCount) + (tree.NodeCount / 8) + (8 * tree.Values.Length) + 300);
    }

    // A collection that other tests bring about in the midst is counted too: the least of some.
    internal static (long Bytes, Tree Tree) LeastAllocated(Func<Tree> grow)
    {
        var (least, tree) = (long.MaxValue, (Tree)null!);
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            tree = grow();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return (least, tree);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(90)]
    [InlineData(2000)]
    public void Grow_RowsCopiedToBeNear_GrowsTheSameTrees(int nearNumbers)
    {
        AssertSame(Problems.Classes(1500, 9, 2, 33), data => new GiniCriterion(data));
        AssertSame(Problems.Classes(1500, 9, 4, 33), data => new EntropyCriterion(data));
        AssertSame(Problems.Regression(1500, 9, 33), data => new SquaredErrorCriterion(data));

        void AssertSame<TCriterion>(TrainingData data, Func<TrainingData, TCriterion> criterion) where TCriterion : struct, ICriterion
        {
            TreeNode[][] Grow(int numbers)
            {
                var features = RankedFeatures.OfNumbers(data.Features, new ParallelOptions(), near: false);
                var grower = new TreeGrower<TCriterion>(features, criterion(data), new TreeLimits(int.MaxValue, 2, 1, 3, DrawThresholds: true, NearNumbers: numbers));
                for (var row = 0; row < data.Features.Rows; row++)
                    grower.Weights[row] = row % 4;
                return [.. Enumerable.Range(0, 3).Select(index => grower.Grow(new Rng(4).Child((ulong)index))).Select(tree => Enumerable.Range(0, tree.NodeCount).Select(tree.Node).ToArray())];
            }
            Assert.Equal(Grow(nearNumbers), Grow(NearRows.UsualNumbers));
        }
    }

    [Fact]
    public void Grow_DrawnThresholdsAfterTheFirstTree_AllocatesOnlyTheTree()
    {
        var data = Problems.Classes(3000, 8, 3, 31);
        var features = RankedFeatures.OfNumbers(data.Features, new ParallelOptions { MaxDegreeOfParallelism = 1 }, near: true);
        // Few enough are near that the tree has nodes of both kinds.
        var grower = new TreeGrower<GiniCriterion>(features, new GiniCriterion(data), new TreeLimits(int.MaxValue, 2, 1, 3, DrawThresholds: true, NearNumbers: 4000));
        grower.Weights.AsSpan().Fill(1);
        for (var warm = 0; warm < 3; warm++)
            grower.Grow(new Rng(1));
        var (allocated, tree) = LeastAllocated(() => grower.Grow(new Rng(1)));
        Assert.True(tree.NodeCount > 100);
        Assert.InRange(allocated, 0, (16 * tree.NodeCount) + (tree.NodeCount / 8) + (8 * tree.Values.Length) + 300);
    }

    [Fact]
    public void Border_AnyThreshold_PartsDoublesAsTheirSinglesArePartedByIt()
    {
        var rng = new Rng(7);
        for (var round = 0; round < 2000; round++)
        {
            var scale = Math.Pow(10, (rng.NextDouble() * 60) - 30);
            var threshold = rng.NextGaussian() * scale;
            var border = Singles.Border(threshold);
            foreach (var value in new[] { threshold, border, Math.BitIncrement(border), Math.BitDecrement(border), threshold + (scale * 1e-7 * rng.NextGaussian()), rng.NextGaussian() * scale })
                Assert.Equal((double)(float)value <= threshold, value <= border);
        }
        foreach (var threshold in new[] { 0.0, 1, -1, 1 + Math.Pow(2, -24), 3e-46 })
        {
            var border = Singles.Border(threshold);
            Assert.True((float)border <= threshold);
            Assert.True((float)Math.BitIncrement(border) > threshold);
        }
    }

    [Theory]
    [InlineData(1.0, 1e-12)]
    [InlineData(1e300, 1e299)]
    [InlineData(0.0, 1e-200)]
    public void Grow_ValuesThatSinglePrecisionCannotTell_AreToldApart(double offset, double step)
    {
        var (rows, values, labels) = (400, new double[400], new int[400]);
        for (var row = 0; row < rows; row++)
        {
            labels[row] = row % 2;
            values[row] = offset + (step * labels[row]);
        }
        var data = new TrainingData(new FeatureMatrix(values, rows, ["x"]), Target.Classification("y", labels, ["a", "b"]));
        foreach (var numbers in new[] { 32, NearRows.UsualNumbers })
        {
            var grower = new TreeGrower<GiniCriterion>(RankedFeatures.OfNumbers(data.Features, new ParallelOptions(), near: true), new GiniCriterion(data),
                new TreeLimits(int.MaxValue, 2, 1, 1, DrawThresholds: true, NearNumbers: numbers));
            grower.Weights.AsSpan().Fill(1);
            var tree = grower.Grow(new Rng(1));
            var sums = new double[rows * 2];
            tree.Add(values, 1, sums, 2, missing: false);
            for (var row = 0; row < rows; row++)
                Assert.Equal(1, sums[(row * 2) + labels[row]]);
        }
    }
}
