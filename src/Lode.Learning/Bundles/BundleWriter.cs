using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Lode.Learning;

/// <summary>Writes numbers and texts one after the other, little-endian, lists with their length before them.</summary>
public sealed class BundleWriter
{
    private readonly bool _counts;
    private byte[] _bytes = new byte[256];
    private int _length;

    /// <summary>A writer to which things are written.</summary>
    public BundleWriter()
    {
    }

    private BundleWriter(bool counts) => _counts = counts;

    /// <summary>How many bytes a thing takes in a file, its kind and length included.</summary>
    public static long Measure(IBundled thing)
    {
        var writer = new BundleWriter(counts: true);
        writer.WriteThing(thing);
        return writer._length;
    }

    /// <summary>What was written so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>One byte: 0 or 1.</summary>
    public void WriteBoolean(bool value) => Take(1)[0] = value ? (byte)1 : (byte)0;

    /// <summary>Four bytes.</summary>
    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    /// <summary>Eight bytes, every bit kept.</summary>
    public void WriteDouble(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(8), value);

    /// <summary>The number of bytes, then UTF-8.</summary>
    public void WriteString(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        WriteInt32(count);
        Encoding.UTF8.GetBytes(value, Take(count));
    }

    /// <summary>The bytes alone.</summary>
    internal void WriteRaw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>The number of texts, then each.</summary>
    public void WriteStrings(IReadOnlyList<string> values)
    {
        WriteInt32(values.Count);
        foreach (var value in values)
            WriteString(value);
    }

    /// <summary>The number of values, then each.</summary>
    public void WriteDoubles(ReadOnlySpan<double> values) => List(values);

    /// <summary>The number of values, then each.</summary>
    public void WriteSingles(ReadOnlySpan<float> values) => List(values);

    /// <summary>The number of values, then each.</summary>
    public void WriteInt32s(ReadOnlySpan<int> values) => List(values);

    /// <summary>The number of bytes, then each.</summary>
    public void WriteBytes(ReadOnlySpan<byte> values) => List(values);

    /// <summary>The number of entries, then each name with its value, in ordinal order of the names.</summary>
    public void WriteByName<T>(IReadOnlyDictionary<string, T> values, Action<T> write)
    {
        WriteInt32(values.Count);
        foreach (var name in values.Keys.Order(StringComparer.Ordinal))
        {
            WriteString(name);
            write(values[name]);
        }
    }

    /// <summary>The number of columns, then each name with its kind.</summary>
    public void WriteSchema(TableSchema schema)
    {
        WriteInt32(schema.Columns.Count);
        foreach (var column in schema.Columns)
        {
            WriteString(column.Name);
            WriteInt32((int)column.Kind);
        }
    }

    /// <summary>Its kind, then what it writes, with the number of bytes before it.</summary>
    public void WriteThing(IBundled thing)
    {
        WriteString(thing.Kind);
        var at = _length;
        WriteInt32(0);
        thing.Write(this);
        if (!_counts)
            BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(at), _length - at - 4);
    }

    private void List<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        WriteInt32(values.Length);
        var bytes = MemoryMarshal.AsBytes(values);
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Bundles are written on little-endian machines.");
        bytes.CopyTo(Take(bytes.Length));
    }

    private Span<byte> Take(int count)
    {
        if (_counts)
        {
            // Every part may take the place of the one before it.
            if (count > _bytes.Length)
                _bytes = new byte[Math.Max(count, 2 * _bytes.Length)];
            _length += count;
            return _bytes.AsSpan(0, count);
        }
        if (_length + (long)count > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(2L * _bytes.Length, _length + (long)count)));
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
