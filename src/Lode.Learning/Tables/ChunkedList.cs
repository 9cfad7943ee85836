namespace Lode.Learning;

/// <summary>A list that grows without copying and takes no more than it holds, up to a chunk.</summary>
internal sealed class ChunkedList<T> where T : unmanaged
{
    private const int LargestChunk = 1 << 16;

    private readonly List<T[]> _full = [];
    private T[] _chunk = [];
    private int _used;

    public int Count { get; private set; }

    public void Add(T value)
    {
        if (_used == _chunk.Length)
            Grow();
        _chunk[_used++] = value;
        Count++;
    }

    public void Add(T value, int times)
    {
        for (var i = 0; i < times; i++)
            Add(value);
    }

    /// <summary>All values; the list is empty afterwards.</summary>
    public T[] Take()
    {
        var values = GC.AllocateUninitializedArray<T>(Count);
        var at = 0;
        foreach (var chunk in _full)
        {
            chunk.CopyTo(values, at);
            at += chunk.Length;
        }
        _chunk.AsSpan(0, _used).CopyTo(values.AsSpan(at));
        _full.Clear();
        (_chunk, _used, Count) = ([], 0, 0);
        return values;
    }

    private void Grow()
    {
        if (_chunk.Length > 0)
            _full.Add(_chunk);
        _chunk = new T[Math.Min(LargestChunk, Math.Max(256, Count))];
        _used = 0;
    }
}
