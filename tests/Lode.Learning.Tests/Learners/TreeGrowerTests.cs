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
}
