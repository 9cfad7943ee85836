using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.TestKit;

namespace Lode.Storage.Tests.Series;

public sealed class ChunkCodecTests
{
    private static readonly double[] s_odd = [0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, 1e-308, 9007199254740993, 0.1 + 0.2];
    private static readonly long[] s_oddLongs = [0, 1, -1, long.MinValue, long.MaxValue, long.MinValue + 1, int.MaxValue, 1L << 40];

    private static Gen<double> Doubles(int style) => style switch
    {
        0 => Gen.Elements(s_odd),
        1 => Gen.Choose(int.MinValue, int.MaxValue).Two().Select(pair => BitConverter.Int64BitsToDouble(((long)pair.Item1 << 32) | (uint)pair.Item2)),
        2 => Gen.Choose(-1_000_000, 1_000_000).Select(mantissa => mantissa / 1e5),
        3 => Gen.Choose(0, 1 << 24).Select(mantissa => (double)(mantissa / 3e7f)),
        4 => Gen.Choose(0, 3).Select(choice => 0.001 * choice),
        _ => Gen.Frequency((20, Gen.Choose(0, 1000).Select(number => number / 8.0)), (1, Gen.Elements(s_odd))),
    };

    private static Gen<long> Longs(int style) => style switch
    {
        0 => Gen.Elements(s_oddLongs),
        1 => Gen.Choose(int.MinValue, int.MaxValue).Two().Select(pair => ((long)pair.Item1 << 32) | (uint)pair.Item2),
        2 => Gen.Choose(0, 5).Select(number => (long)number),
        _ => Gen.Frequency((30, Gen.Choose(0, 100).Select(number => 1_700_000_000_000 + number)), (1, Gen.Elements(s_oddLongs))),
    };

    private static Gen<Sample[]> Chunks() =>
        from length in Gen.Frequency((3, Gen.Choose(1, 20)), (2, Gen.Choose(1, 700)), (1, Gen.Elements(255, 256, 257, 512, 513, ChunkCodec.MaxPoints)))
        from styles in Gen.Choose(0, 5).Three()
        from steps in Longs(styles.Item1 % 4).ArrayOf(length)
        from times in Longs(styles.Item2 % 4).ArrayOf(length)
        from values in Doubles(styles.Item3).ArrayOf(length)
        select Sorted(steps.Select((step, i) => new Sample(step, times[i], values[i])).ToArray());

    private static Sample[] Sorted(Sample[] points) => points[..Sample.SortDistinct(points)];

    private static (long, long, long) Exactly(Sample point) => (point.Step, point.Time, BitConverter.DoubleToInt64Bits(point.Value));

    [Fact]
    public void Read_GivesBackWhatWasWritten_BitForBit() => Check.One(FixedSeed.Cases(200), Prop.ForAll(Chunks().ToArbitrary(), points =>
        ChunkCodec.Read(ChunkCodec.Write(points)).ReadAll().Select(Exactly).SequenceEqual(points.Select(Exactly))));

    [Fact]
    public void Read_BlocksSayTheirExtremesAndLast() => Check.One(FixedSeed.Cases(200), Prop.ForAll(Chunks().ToArbitrary(), points =>
    {
        var chunk = ChunkCodec.Read(ChunkCodec.Write(points));
        for (var i = 0; i < chunk.Blocks.Length; i++)
        {
            var block = chunk.Blocks[i];
            var part = points.AsSpan(i * ChunkCodec.BlockPoints, block.Count).ToArray();
            var numbers = part.Select(point => point.Value).Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).ToArray();
            Assert.Equal((part[0].Step, Exactly(part[^1]), numbers.Min(), numbers.Max()), (block.FirstStep, Exactly(block.Last), block.Min, block.Max));
        }
    }));

    [Fact]
    public void Read_AnyChangedByte_IsNoticed()
    {
        var bytes = ChunkCodec.Write([.. Enumerable.Range(0, 300).Select(i => new Sample(i, i * 10, Math.Sin(i)))]);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x10;
            Assert.Equal(ErrorCode.DataLoss, Assert.Throws<LodeException>(() => ChunkCodec.Read(bytes)).Code);
            bytes[i] ^= 0x10;
        }
        Assert.Equal(ErrorCode.DataLoss, Assert.Throws<LodeException>(() => ChunkCodec.Read(bytes[..10])).Code);
        Assert.Equal(ErrorCode.DataLoss, Assert.Throws<LodeException>(() => ChunkCodec.Read([])).Code);
    }

    [Fact]
    public void Write_FormatOfVersion1_IsFrozen() => Assert.Equal(
        "010427020AD00F0000000000001CC00000000000001CC00000000065CDCD41840200200889E8070000E80300610102000000000000F8FF0403FF328B91DFC04AAD90DFC04A0097226140",
        Convert.ToHexString(ChunkCodec.Write([new(1, 500, 2.5), new(1, 500, 1e9), new(3, 1000, double.NaN), new(11, 1000, -7)])));

    [Theory]
    [InlineData(0, 5.0)] // rounded to six significant digits
    [InlineData(1, 5.0)] // floats of 32 bits
    [InlineData(2, 7.5)] // all bits of a double
    public void Write_ALossCurveWithNoise_TakesFewBytesAPoint(int style, double most)
    {
        var rng = new Rng(3);
        var points = new Sample[ChunkCodec.MaxPoints];
        long time = 1_700_000_000_000;
        for (var i = 0; i < points.Length; i++)
        {
            time += 80 + rng.NextInt32(40);
            var loss = (2.3 * Math.Exp(-i / 2000.0) + 0.3) * (1 + 0.05 * rng.NextGaussian());
            points[i] = new Sample(i, time, style switch { 0 => double.Parse(loss.ToString("G6", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture), 1 => (float)loss, _ => loss });
        }
        Assert.InRange((double)ChunkCodec.Write(points).Length / points.Length, 0, most);
    }
}
