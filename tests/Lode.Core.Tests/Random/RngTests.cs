namespace Lode.Core.Tests.Random;

public sealed class RngTests
{
    // The authors' known answers for philox4x32-10 (Random123, kat_vectors).
    [Theory]
    [InlineData(0u, 0u, 0ul, 0ul, new[] { 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u })]
    [InlineData(0xffffffffu, 0xffffffffu, ulong.MaxValue, ulong.MaxValue, new[] { 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu })]
    [InlineData(0xa4093822u, 0x299f31d0u, 0x85a308d3_243f6a88ul, 0x03707344_13198a2eul, new[] { 0xd16cfe09u, 0x94fdcceb, 0x5001e420u, 0x24126ea1u })]
    public void Philox_KnownAnswers(uint key0, uint key1, ulong low, ulong high, uint[] expected)
    {
        var block = new uint[4];
        Rng.Philox(block, key0, key1, low, high);
        Assert.Equal(expected, block);
    }

    [Fact]
    public void Streams_OfTheSameAddress_GiveTheSameNumbers()
    {
        var first = new Rng(7, 3);
        var second = new Rng(7, 3);
        for (var i = 0; i < 100; i++)
            Assert.Equal(first.NextUInt64(), second.NextUInt64());
    }

    [Fact]
    public void Streams_OfNeighbouringAddresses_Differ()
    {
        var seen = new HashSet<ulong>();
        for (ulong seed = 0; seed < 20; seed++)
            for (ulong index = 0; index < 20; index++)
                Assert.True(seen.Add(new Rng(seed, index).NextUInt64()));
    }

    [Fact]
    public void Child_IgnoresWhatWasDrawn()
    {
        var parent = new Rng(1, 2);
        var before = parent.Child(5).NextUInt64();
        parent.NextUInt64();
        Assert.Equal(before, parent.Child(5).NextUInt64());
        Assert.NotEqual(before, parent.Child(6).NextUInt64());
        Assert.NotEqual(before, new Rng(1, 5).NextUInt64());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    public void NextInt32_IsUniform(int bound)
    {
        const int draws = 60_000;
        var rng = new Rng(11);
        var counts = new int[bound];
        for (var i = 0; i < draws; i++)
            counts[rng.NextInt32(bound)]++;
        var expected = (double)draws / bound;
        var chiSquare = counts.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.True(chiSquare < 30, $"chi-square {chiSquare}"); // 9 degrees of freedom: P(> 30) < 0.0005
    }

    [Fact]
    public void NextInt32_BoundNotPositive_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rng(0).NextInt32(0));

    [Fact]
    public void NextDouble_HasUniformMoments()
    {
        var rng = new Rng(5);
        var values = Enumerable.Range(0, 100_000).Select(_ => rng.NextDouble()).ToArray();
        Assert.All(values, value => Assert.InRange(value, 0, 1 - 1e-17));
        Assert.InRange(values.Average(), 0.496, 0.504);
        Assert.InRange(values.Average(value => (value - 0.5) * (value - 0.5)), 0.082, 0.0847);
    }

    [Fact]
    public void NextGaussian_HasNormalMoments()
    {
        var rng = new Rng(9);
        var values = Enumerable.Range(0, 100_000).Select(_ => rng.NextGaussian()).ToArray();
        Assert.InRange(values.Average(), -0.015, 0.015);
        Assert.InRange(values.Average(value => value * value), 0.98, 1.02);
        Assert.InRange(values.Average(value => value * value * value * value), 2.85, 3.15);
    }

    [Fact]
    public void Shuffle_KeepsEveryItem()
    {
        var items = Enumerable.Range(0, 50).ToArray();
        new Rng(3).Shuffle<int>(items);
        Assert.NotEqual(Enumerable.Range(0, 50), items);
        Assert.Equal(Enumerable.Range(0, 50), items.Order());
    }
}
