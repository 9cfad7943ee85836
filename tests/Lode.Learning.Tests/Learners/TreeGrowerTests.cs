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
        var rng = new Rng(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var tree = grower.Grow(rng);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(tree.Nodes.Length > 100);
        // Nodes of 16 bytes, leaf values of 8, two array headers and the object.
        Assert.InRange(allocated, 0, (16 * tree.Nodes.Length) + (8 * tree.Values.Length) + 200);
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
                var features = RankedFeatures.OfNumbers(data.Features, new ParallelOptions());
                var grower = new TreeGrower<TCriterion>(features, criterion(data), new TreeLimits(int.MaxValue, 2, 1, 3, DrawThresholds: true, NearNumbers: numbers));
                for (var row = 0; row < data.Features.Rows; row++)
                    grower.Weights[row] = row % 4;
                return [.. Enumerable.Range(0, 3).Select(tree => grower.Grow(new Rng(4).Child((ulong)tree)).Nodes.ToArray())];
            }
            Assert.Equal(Grow(nearNumbers), Grow(NearRows.UsualNumbers));
        }
    }
}
