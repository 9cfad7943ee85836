using System.Collections;

namespace Lode.Optimization;

/// <summary>The first trials of a list that only grows, as a list: a snapshot without a copy.</summary>
internal sealed class TrialPrefix(List<Trial> trials, int count) : IReadOnlyList<Trial>
{
    public int Count => count;

    public Trial this[int index] => index < count ? trials[index] : throw new ArgumentOutOfRangeException(nameof(index));

    public IEnumerator<Trial> GetEnumerator()
    {
        for (var i = 0; i < count; i++)
            yield return trials[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
