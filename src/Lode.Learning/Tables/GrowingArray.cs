namespace Lode.Learning;

/// <summary>Values that come one by one, in one array; where its room was said beforehand, nothing is ever copied.</summary>
internal sealed class GrowingArray<T> where T : unmanaged
{
    // What a copy may take besides the values themselves.
    private const long MostCopied = 1L << 26;

    private T[] _values = [];

    public int Count { get; private set; }

    public Span<T> Values => _values.AsSpan(0, Count);

    public void Add(T value)
    {
        if (Count == _values.Length)
            Reserve(Math.Max(64, 2 * Count));
        _values[Count++] = value;
    }

    public void Add(T value, int times)
    {
        if (times > _values.Length - Count)
            Reserve(Count + times);
        _values.AsSpan(Count, times).Fill(value);
        Count += times;
    }

    /// <summary>Makes room for so many values in all.</summary>
    /// <returns>Bytes that were in use and are garbage now.</returns>
    public long Reserve(int room)
    {
        if (room <= _values.Length)
            return 0;
        var released = Count * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
        // Pages that nobody writes to are never resident, so room that is not used costs next to nothing.
        var values = GC.AllocateUninitializedArray<T>(room);
        Values.CopyTo(values);
        _values = values;
        return released;
    }

    /// <summary>All values, perhaps with room behind them; the list is empty afterwards.</summary>
    public (T[] Values, int Count) Take()
    {
        var (values, count) = (_values, Count);
        (_values, Count) = ([], 0);
        var unused = values.Length - count;
        if (unused > count / 8 && (unused > count || count * (long)System.Runtime.CompilerServices.Unsafe.SizeOf<T>() <= MostCopied))
            values = values[..count];
        return (values, count);
    }
}
