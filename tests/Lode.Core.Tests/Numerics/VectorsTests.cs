namespace Lode.Core.Tests.Numerics;

public sealed class VectorsTests
{
    [Fact]
    public void DotAndAddScaled_AnyLength_EqualTheLoop()
    {
        var rng = new Rng(1);
        for (var n = 0; n < 70; n++)
        {
            var a = Enumerable.Range(0, n).Select(_ => rng.NextGaussian()).ToArray();
            var b = Enumerable.Range(0, n + 3).Select(_ => rng.NextGaussian()).ToArray();
            Assert.Equal(a.Zip(b, (x, y) => x * y).Sum(), Vectors.Dot(a, b), 1e-12);
            var sum = b.ToArray();
            Vectors.AddScaled(2.5, a, sum);
            for (var i = 0; i < b.Length; i++)
                Assert.Equal(b[i] + (i < n ? 2.5 * a[i] : 0), sum[i], 1e-12);
        }
    }

    [Fact]
    public void Dot_SecondTooShort_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => Vectors.Dot([1, 2], [1]));
}
