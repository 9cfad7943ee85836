using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Lode.Core;

namespace Lode.Learning;

/// <summary>Reads what <see cref="BundleWriter"/> wrote, and refuses anything else before it takes memory for it.</summary>
/// <remarks>All members throw <see cref="LodeException"/> (InvalidArgument) where the bytes end too early or cannot be what is asked for.</remarks>
/// <param name="bytes">What was written.</param>
public sealed class BundleReader(ReadOnlyMemory<byte> bytes)
{
    private int _at;

    /// <summary>Bytes not read yet.</summary>
    public int Left => bytes.Length - _at;

    /// <summary>One byte: 0 or 1.</summary>
    public bool ReadBoolean() => Take(1)[0] switch { 0 => false, 1 => true, var other => throw Broken($"a byte is {other} where 0 or 1 belongs") };

    /// <summary>Four bytes.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    /// <summary>A whole number in a range.</summary>
    /// <param name="least">The smallest allowed.</param>
    /// <param name="most">The largest allowed.</param>
    public int ReadInt32(int least, int most)
    {
        var value = ReadInt32();
        return value >= least && value <= most ? value : throw Broken($"{value} is not in {least} … {most}");
    }

    /// <summary>Eight bytes.</summary>
    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <summary>A text.</summary>
    public string ReadString() => Encoding.UTF8.GetString(Take(Count(1)));

    /// <summary>A list of texts.</summary>
    public string[] ReadStrings()
    {
        var values = new string[Count(4)];
        for (var i = 0; i < values.Length; i++)
            values[i] = ReadString();
        return values;
    }

    /// <summary>A list of values.</summary>
    public double[] ReadDoubles() => List<double>();

    /// <summary>A list of values, of a length that is known.</summary>
    public double[] ReadDoubles(int length)
    {
        var values = ReadDoubles();
        return values.Length == length ? values : throw Broken($"{values.Length} numbers stand where {length} belong");
    }

    /// <summary>A list of values.</summary>
    public float[] ReadSingles() => List<float>();

    /// <summary>A list of values.</summary>
    public int[] ReadInt32s() => List<int>();

    /// <summary>A list of bytes.</summary>
    public byte[] ReadBytes() => List<byte>();

    /// <summary>Values by name.</summary>
    public Dictionary<string, T> ReadByName<T>(Func<T> read)
    {
        var count = Count(4);
        var values = new Dictionary<string, T>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var name = ReadString();
            if (!values.TryAdd(name, read()))
                throw Broken($"'{name}' stands twice");
        }
        return values;
    }

    /// <summary>Columns with their kinds.</summary>
    public TableSchema ReadSchema()
    {
        var columns = new ColumnSchema[Count(8)];
        for (var i = 0; i < columns.Length; i++)
        {
            var (name, kind) = (ReadString(), (ColumnKind)ReadInt32());
            columns[i] = Enum.IsDefined(kind) ? new ColumnSchema(name, kind) : throw Broken($"column '{name}' is of the unknown kind {(int)kind}");
        }
        return new TableSchema(columns);
    }

    /// <summary>A thing of any kind of <see cref="BundleKinds"/>.</summary>
    /// <typeparam name="T">What it must be.</typeparam>
    public T ReadThing<T>() where T : class, IBundled
    {
        var kind = ReadString();
        var length = Count(1);
        var reader = new BundleReader(bytes.Slice(_at, length));
        _at += length;
        var thing = BundleKinds.Read(kind, reader) as T ?? throw Broken($"a '{kind}' stands where it does not belong");
        return reader.Left == 0 ? thing : throw Broken($"{reader.Left} bytes are left over behind '{kind}'");
    }

    /// <summary>The error for bytes that cannot be right.</summary>
    /// <param name="what">What is wrong.</param>
    public static LodeException Broken(string what) => new(ErrorCode.InvalidArgument, $"The model bundle is damaged: {what}.", "Get the file again from where it was made.");

    private T[] List<T>() where T : unmanaged
    {
        var size = Marshal.SizeOf<T>();
        var count = Count(size);
        return MemoryMarshal.Cast<byte, T>(Take(count * size)).ToArray();
    }

    private int Count(int size)
    {
        var count = ReadInt32();
        return count >= 0 && (long)count * size <= Left ? count : throw Broken($"a list of {count} does not fit into the {Left} bytes left");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Left)
            throw Broken("it ends too early");
        _at += count;
        return bytes.Span.Slice(_at - count, count);
    }
}
