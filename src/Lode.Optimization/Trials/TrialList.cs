using System.Collections;

namespace Lode.Optimization;

/// <summary>
/// Trials in a list that grows and whose entries are replaced, of which a snapshot is nearly free: chunks are shared
/// with the snapshots and copied when an entry that a snapshot shows is replaced.
/// </summary>
/// <remarks>
/// Snapshot O(1); replacing an entry O(chunk + n / chunk) at most once per snapshot and chunk, otherwise O(1).
/// <b>Threads.</b> One at a time; snapshots are immutable.
/// </remarks>
internal sealed class TrialList
{
    private const int ChunkSize = 256;

    private Trial[][] _chunks = new Trial[4][];
    private long[] _chunkEpoch = new long[4];
    private long _directoryEpoch;

    // Counts snapshots; what was made in an earlier epoch may be shown by one.
    private long _epoch;
    private int _shown;

    public int Count { get; private set; }

    public Trial this[int index]
    {
        get => index < Count ? _chunks[index / ChunkSize][index % ChunkSize] : throw new ArgumentOutOfRangeException(nameof(index));
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            Write(index, value);
        }
    }

    public void Add(Trial trial)
    {
        var chunk = Count / ChunkSize;
        if (chunk == _chunks.Length)
        {
            Array.Resize(ref _chunks, chunk * 2);
            Array.Resize(ref _chunkEpoch, chunk * 2);
            _directoryEpoch = _epoch;
        }
        if (_chunks[chunk] is null)
        {
            // No snapshot looks at this place of a directory that it shares.
            _chunks[chunk] = new Trial[ChunkSize];
            _chunkEpoch[chunk] = _epoch;
        }
        Write(Count++, trial);
    }

    /// <summary>Drops all trials from a place on.</summary>
    public void Truncate(int count) => Count = Math.Min(Count, count);

    public IReadOnlyList<Trial> Snapshot()
    {
        _epoch++;
        _shown = Math.Max(_shown, Count);
        return new Snapped(_chunks, Count);
    }

    /// <summary>How many trials two lists have in common from the start on, the very same objects. O(n / chunk) for two snapshots of one study.</summary>
    public static int SharedPrefix(IReadOnlyList<Trial> first, IReadOnlyList<Trial> second)
    {
        var (same, limit) = (0, Math.Min(first.Count, second.Count));
        while (same < limit)
        {
            // A chunk that two snapshots share is the same as far as both show it.
            if (same % ChunkSize == 0 && first is Snapped a && second is Snapped b && a.SharesChunk(b, same / ChunkSize))
                same = Math.Min(limit, same + ChunkSize);
            else if (ReferenceEquals(first[same], second[same]))
                same++;
            else
                break;
        }
        return same;
    }

    /// <summary>The list itself where it is known never to change, else a copy.</summary>
    public static IReadOnlyList<Trial> Kept(IReadOnlyList<Trial> trials) => trials is Snapped ? trials : [.. trials];

    private void Write(int index, Trial trial)
    {
        var chunk = index / ChunkSize;
        if (index < _shown && _chunkEpoch[chunk] < _epoch)
        {
            if (_directoryEpoch < _epoch)
            {
                _chunks = (Trial[][])_chunks.Clone();
                _directoryEpoch = _epoch;
            }
            _chunks[chunk] = (Trial[])_chunks[chunk].Clone();
            _chunkEpoch[chunk] = _epoch;
        }
        _chunks[chunk][index % ChunkSize] = trial;
    }

    private sealed class Snapped(Trial[][] chunks, int count) : IReadOnlyList<Trial>
    {
        private readonly Trial[][] _chunks = chunks;

        public int Count => count;

        public bool SharesChunk(Snapped other, int chunk) => ReferenceEquals(_chunks[chunk], other._chunks[chunk]);

        public Trial this[int index] => (uint)index < (uint)count ? _chunks[index / ChunkSize][index % ChunkSize] : throw new ArgumentOutOfRangeException(nameof(index));

        public IEnumerator<Trial> GetEnumerator()
        {
            for (var i = 0; i < count; i++)
                yield return _chunks[i / ChunkSize][i % ChunkSize];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

/// <summary>The first trials of a snapshot.</summary>
internal sealed class Prefix(IReadOnlyList<Trial> trials, int count) : IReadOnlyList<Trial>
{
    public int Count => count;

    public Trial this[int index] => index < count ? trials[index] : throw new ArgumentOutOfRangeException(nameof(index));

    public IEnumerator<Trial> GetEnumerator() => trials.Take(count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
