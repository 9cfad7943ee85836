using System.Numerics;
using System.Runtime.InteropServices;
using Lode.Core;

namespace Lode.Storage;

/// <summary>
/// The format of sealed points, version 1; docs/storage.md says it byte by byte. Points stand in order of step, time, value, in
/// blocks of 256 that can be read each for itself and whose extremes stand in front.
/// </summary>
internal static class ChunkCodec
{
    /// <summary>Points of a chunk at most.</summary>
    public const int MaxPoints = 4096;

    /// <summary>Points of each block but the last.</summary>
    public const int BlockPoints = 256;

    private const byte Version = 1;
    private const int ChecksumBytes = 4;

    [ThreadStatic]
    private static Buffers? s_buffers;

    /// <param name="points">1 to <see cref="MaxPoints"/>, in order of step, time, value.</param>
    public static byte[] Write(ReadOnlySpan<Sample> points)
    {
        var (head, body) = s_buffers ??= new Buffers();
        head.Clear();
        body.Clear();
        head.Byte(Version);
        head.Varint((ulong)points.Length);
        var (step, time) = (0L, 0L);
        for (var start = 0; start < points.Length; start += BlockPoints)
        {
            var block = points[start..Math.Min(points.Length, start + BlockPoints)];
            var before = body.Length;
            WriteBlock(body, block);
            var summary = Summarise(block);
            head.Varint((ulong)(body.Length - before));
            head.Signed(unchecked(summary.FirstStep - step));
            head.Varint(unchecked((ulong)summary.Last.Step - (ulong)summary.FirstStep));
            head.Signed(unchecked(summary.Last.Time - time));
            head.Double(summary.Last.Value);
            head.Double(summary.Min);
            head.Double(summary.Max);
            (step, time) = (summary.Last.Step, summary.Last.Time);
        }
        var bytes = new byte[head.Length + body.Length + ChecksumBytes];
        head.Written.CopyTo(bytes);
        body.Written.CopyTo(bytes.AsSpan(head.Length));
        MemoryMarshal.Write(bytes.AsSpan(bytes.Length - ChecksumBytes), Checksum(bytes.AsSpan(0, bytes.Length - ChecksumBytes)));
        return bytes;
    }

    /// <summary>Reads what stands in front of the blocks.</summary>
    /// <exception cref="LodeException">DataLoss: the bytes are not what was written. Conflict: a newer Lode wrote them.</exception>
    public static Chunk Read(byte[] bytes)
    {
        try
        {
            if (bytes.Length < 2 + ChecksumBytes || MemoryMarshal.Read<uint>(bytes.AsSpan(bytes.Length - ChecksumBytes)) != Checksum(bytes.AsSpan(0, bytes.Length - ChecksumBytes)))
                throw Damaged();
            var reader = new ByteReader(bytes);
            var version = reader.Byte();
            if (version != Version)
                throw new LodeException(ErrorCode.Conflict, $"A metric's history is stored in format {version}; this lode knows {Version}.", "It was written by a newer lode: use that one.");
            var count = reader.Count();
            if (count is < 1 or > MaxPoints)
                throw Damaged();
            var blocks = new ChunkBlock[(count + BlockPoints - 1) / BlockPoints];
            var (at, step, time) = (0, 0L, 0L);
            for (var i = 0; i < blocks.Length; i++)
            {
                var length = reader.Count();
                var first = unchecked(step + reader.Signed());
                step = unchecked((long)((ulong)first + reader.Varint()));
                time = unchecked(time + reader.Signed());
                var last = new Sample(step, time, reader.Double());
                blocks[i] = new ChunkBlock(at, Math.Min(BlockPoints, count - i * BlockPoints), first, last, reader.Double(), reader.Double());
                at += length;
            }
            return new Chunk(bytes, reader.Position, count, blocks);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or OverflowException)
        {
            throw Damaged();
        }
    }

    /// <summary>Reads a block's points.</summary>
    /// <param name="block">The bytes from its beginning on.</param>
    /// <param name="points">Receives them; as many as the block has.</param>
    public static void ReadBlock(ReadOnlySpan<byte> block, Span<Sample> points)
    {
        Span<long> steps = stackalloc long[points.Length];
        Span<long> times = stackalloc long[points.Length];
        Span<double> values = stackalloc double[points.Length];
        var reader = new ByteReader(block);
        IntegerColumn.Read(ref reader, steps);
        IntegerColumn.Read(ref reader, times);
        ValueColumn.Read(ref reader, values);
        for (var i = 0; i < points.Length; i++)
            points[i] = new Sample(steps[i], times[i], values[i]);
    }

    private static void WriteBlock(ByteWriter writer, ReadOnlySpan<Sample> points)
    {
        Span<long> numbers = stackalloc long[points.Length];
        Span<double> values = stackalloc double[points.Length];
        for (var i = 0; i < points.Length; i++)
            (numbers[i], values[i]) = (points[i].Step, points[i].Value);
        IntegerColumn.Write(writer, numbers);
        for (var i = 0; i < points.Length; i++)
            numbers[i] = points[i].Time;
        IntegerColumn.Write(writer, numbers);
        ValueColumn.Write(writer, values);
    }

    private static ChunkBlock Summarise(ReadOnlySpan<Sample> points)
    {
        var (min, max) = (double.NaN, double.NaN);
        foreach (var point in points)
            (min, max) = (Extremes.Min(min, point.Value), Extremes.Max(max, point.Value));
        return new ChunkBlock(0, points.Length, points[0].Step, points[^1], min, max);
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            sum = BitOperations.Crc32C(sum, MemoryMarshal.Read<ulong>(bytes));
            bytes = bytes[8..];
        }
        foreach (var one in bytes)
            sum = BitOperations.Crc32C(sum, one);
        return ~sum;
    }

    public static LodeException Damaged() => new(ErrorCode.DataLoss, "A piece of a metric's history is damaged: its checksum is wrong.", "Look at the disk; restore the database from a backup.");

    private sealed record Buffers(ByteWriter Head, ByteWriter Body)
    {
        public Buffers()
            : this(new ByteWriter(), new ByteWriter())
        {
        }
    }
}

/// <summary>What a chunk says of a block.</summary>
/// <param name="At">Where its bytes begin, from the first block's on.</param>
/// <param name="Count">Points; 1 to <see cref="ChunkCodec.BlockPoints"/>.</param>
/// <param name="FirstStep">Least step.</param>
/// <param name="Last">Its last point by step, time, value.</param>
/// <param name="Min">Smallest number; NaN where there is none.</param>
/// <param name="Max">Greatest number; NaN where there is none.</param>
internal readonly record struct ChunkBlock(int At, int Count, long FirstStep, Sample Last, double Min, double Max);

/// <summary>A chunk whose blocks are read when they are wanted.</summary>
internal sealed class Chunk(byte[] bytes, int bodyAt, int count, ChunkBlock[] blocks)
{
    public int Count => count;

    public ReadOnlySpan<ChunkBlock> Blocks => blocks;

    /// <summary>Reads one block.</summary>
    /// <param name="index">Which.</param>
    /// <param name="points">Receives as many points as it has.</param>
    public void ReadBlock(int index, Span<Sample> points) => ChunkCodec.ReadBlock(bytes.AsSpan(bodyAt + blocks[index].At), points);

    /// <summary>All points, in order of step, time, value.</summary>
    public Sample[] ReadAll()
    {
        var points = new Sample[count];
        ReadAll(points);
        return points;
    }

    /// <summary>The same, into as many places as there are points.</summary>
    /// <exception cref="LodeException">DataLoss: there are not so many.</exception>
    public void ReadAll(Span<Sample> points)
    {
        if (points.Length != count)
            throw ChunkCodec.Damaged();
        for (var i = 0; i < blocks.Length; i++)
            ReadBlock(i, points.Slice(i * ChunkCodec.BlockPoints, blocks[i].Count));
    }
}
