using Lode.Core;

namespace Lode.Learning.Tests.Learners;

public sealed class RankSorterTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(24, 5)]
    [InlineData(25, 300)]
    [InlineData(95, 2)]
    [InlineData(96, 2)]
    [InlineData(97, 255)]
    [InlineData(500, 256)]
    [InlineData(1000, 70_000)]
    [InlineData(700, 20_000_000)]
    public void Sort_AnySize_OrdersByRankThenPosition(int count, int range)
    {
        var rng = new Rng((ulong)count);
        var ranks = Enumerable.Range(0, count + 10).Select(_ => 1000 + rng.NextInt32(range + 1)).ToArray();
        var rows = Enumerable.Range(5, count).ToArray();
        (ranks[5], ranks[6]) = (1000, 1000 + range);
        var keys = new RankSorter(count + 10).Sort(ranks, rows, out var lowest).ToArray();
        Assert.Equal(1000, lowest);
        var expected = Enumerable.Range(0, count).OrderBy(position => ranks[rows[position]]).Select(position => ((ulong)(uint)(ranks[rows[position]] - 1000) << 32) | (uint)position);
        Assert.Equal(expected, keys);
    }

    [Fact]
    public void Sort_EqualRanks_IsEmpty() => Assert.True(new RankSorter(4).Sort([3, 3, 3, 4], [0, 1, 2], out _).IsEmpty);
}
