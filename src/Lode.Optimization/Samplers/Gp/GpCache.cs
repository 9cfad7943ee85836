namespace Lode.Optimization;

/// <summary>
/// What proposals worked out, for the next ones of the same studies: parameters by the trials that they were fitted on, and the last models.
/// It saves time and changes nothing: a kept result is used only where working it out again would give the same numbers.
/// </summary>
/// <remarks><b>Threads.</b> All members may be called concurrently.</remarks>
internal sealed class GpCache
{
    private const int Kept = 8;
    private readonly Lock _gate = new();
    private readonly LinkedList<Entry> _entries = new();

    /// <summary>The fit for the first trials of these data.</summary>
    public GpFit Fit(GpData data, int trained, Func<GpFit> work)
    {
        if (Find(data, trained) is { } entry)
            return entry.Fit;
        var fit = work();
        lock (_gate)
        {
            _entries.AddFirst(new Entry(data, trained, fit));
            if (_entries.Count > Kept)
                _entries.RemoveLast();
        }
        return fit;
    }

    /// <summary>A model with these parameters whose points are the first of those that are wanted; null when there is none.</summary>
    public GpModel? Model(GpFit fit, int model, ReadOnlySpan<double> raw)
    {
        lock (_gate)
        {
            foreach (var entry in _entries)
                if (ReferenceEquals(entry.Fit, fit) && entry.Models.TryGetValue(model, out var known))
                    return known.Raw.Length <= raw.Length && Same(known.Raw, raw[..known.Raw.Length]) ? known : null;
        }
        return null;
    }

    /// <summary>Keeps a model for the next proposal.</summary>
    public void Keep(GpFit fit, int number, GpModel model)
    {
        lock (_gate)
        {
            foreach (var entry in _entries)
                if (ReferenceEquals(entry.Fit, fit))
                    entry.Models[number] = model;
        }
    }

    private Entry? Find(GpData data, int trained)
    {
        lock (_gate)
        {
            foreach (var entry in _entries)
            {
                if (!entry.Matches(data, trained))
                    continue;
                _entries.Remove(entry);
                _entries.AddFirst(entry);
                return entry;
            }
        }
        return null;
    }

    private static bool Same(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        if (a.Length != b.Length)
            return false;
        for (var i = 0; i < a.Length; i++)
            if (!a[i].Equals(b[i])) // NaN, an absent parameter, equals itself
                return false;
        return true;
    }

    private sealed class Entry(GpData data, int trained, GpFit fit)
    {
        private readonly double[] _raw = data.Raw[..(trained * data.Embedding.Dims.Length)];
        private readonly double[] _losses = data.Losses[..trained];
        private readonly double[][] _constraints = Array.ConvertAll(data.Constraints, outcome => outcome[..trained]);

        public GpFit Fit { get; } = fit;

        public Dictionary<int, GpModel> Models { get; } = [];

        public bool Matches(GpData other, int count) => count == _losses.Length && other.Embedding.Dims.Length * count == _raw.Length
            && other.Embedding.Kinds.AsSpan().SequenceEqual(data.Embedding.Kinds) && other.Embedding.Warped.AsSpan().SequenceEqual(data.Embedding.Warped)
            && other.Constraints.Length == _constraints.Length && Same(_losses, other.Losses.AsSpan(0, count)) && Same(_raw, other.Raw.AsSpan(0, _raw.Length))
            && _constraints.Zip(other.Constraints).All(pair => Same(pair.First, pair.Second.AsSpan(0, count)));
    }
}
