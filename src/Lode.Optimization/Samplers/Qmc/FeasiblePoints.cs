using System.Runtime.CompilerServices;

namespace Lode.Optimization;

/// <summary>
/// Which points of a sequence keep to the constraints of a space, in their order. Remembers what it has found out, so that a study of n
/// trials looks at each point once; what it answers does not depend on what it remembers.
/// </summary>
/// <remarks><b>Threads.</b> Safe to call concurrently.</remarks>
internal sealed class FeasiblePoints
{
    // So many points are looked at for each that is wanted; sparser spaces are left to the study's repair.
    private const long LooksPerPoint = 1000;

    private readonly ConditionalWeakTable<SearchSpace, Dictionary<ulong, Found>> _found = [];

    /// <summary>The place of the <paramref name="n"/>-th feasible point, from 0; -1 when there are fewer, -2 when it is too far to look for.</summary>
    /// <param name="space">The space.</param>
    /// <param name="seed">Which sequence: the same seed, the same points.</param>
    /// <param name="n">Range: ≥ 0.</param>
    /// <param name="length">The number of points of the sequence.</param>
    /// <param name="point">The point at a place; shape [d].</param>
    public long PlaceOf(SearchSpace space, ulong seed, long n, long length, Func<long, double[]> point)
    {
        if (space.Constraints.Count == 0)
            return n < length ? n : -1;
        var sequences = _found.GetOrCreateValue(space);
        Found found;
        lock (sequences)
            if (!sequences.TryGetValue(seed, out found!))
                sequences[seed] = found = new Found();
        var horizon = Math.Min(length, LooksPerPoint * (n + 1));
        lock (found)
        {
            for (; found.Places.Count <= n && found.Next < horizon; found.Next++)
                if (space.IsFeasible(point(found.Next)))
                    found.Places.Add(found.Next);
            if (found.Places.Count > n && found.Places[(int)n] < horizon)
                return found.Places[(int)n];
        }
        return horizon == length ? -1 : -2;
    }

    private sealed class Found
    {
        public List<long> Places { get; } = [];

        public long Next { get; set; }
    }
}
