using Lode.Core;

namespace Lode.Tracking;

/// <summary>What differs between two snapshots of one run: what is null or absent stayed as it was.</summary>
public sealed record RunDelta
{
    /// <summary>The run.</summary>
    public required RunId Id { get; init; }

    /// <summary>The later snapshot's version.</summary>
    public required long Version { get; init; }

    /// <summary>Always true: tells a delta from a whole run where both may come.</summary>
    public bool Delta { get; init; } = true;

    /// <summary>The new name.</summary>
    public string? Name { get; init; }

    /// <summary>The new status.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>The new lifecycle.</summary>
    public Lifecycle? Lifecycle { get; init; }

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long? EndedAt { get; init; }

    /// <summary>Params that were added.</summary>
    public IReadOnlyDictionary<string, string>? Params { get; init; }

    /// <summary>Tags that were set.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Tags that were removed.</summary>
    public IReadOnlyList<string>? RemovedTags { get; init; }

    /// <summary>Summaries of the metrics that have new points.</summary>
    public IReadOnlyDictionary<string, MetricSummary>? Metrics { get; init; }

    /// <summary>The way from one snapshot to a later one; null where only the whole run can say it (what was known became unknown, or the run's origin changed).</summary>
    public static RunDelta? Between(Run before, Run now)
    {
        if ((before.EndedAt is not null && now.EndedAt is null) || before.StartedAt != now.StartedAt || before.User != now.User || before.ProjectId != now.ProjectId
            || before.ArtifactUri != now.ArtifactUri || before.Params.Keys.Any(key => !now.Params.ContainsKey(key)) || before.Metrics.Keys.Any(key => !now.Metrics.ContainsKey(key)))
        {
            return null;
        }
        List<string> removed = [.. before.Tags.Keys.Where(key => !now.Tags.ContainsKey(key))];
        return new RunDelta
        {
            Id = now.Id,
            Version = now.Version,
            Name = before.Name == now.Name ? null : now.Name,
            Status = before.Status == now.Status ? null : now.Status,
            Lifecycle = before.Lifecycle == now.Lifecycle ? null : now.Lifecycle,
            EndedAt = before.EndedAt == now.EndedAt ? null : now.EndedAt,
            Params = Changed(before.Params, now.Params),
            Tags = Changed(before.Tags, now.Tags),
            RemovedTags = removed.Count > 0 ? removed : null,
            Metrics = Changed(before.Metrics, now.Metrics),
        };
    }

    private static Dictionary<string, T>? Changed<T>(IReadOnlyDictionary<string, T> before, IReadOnlyDictionary<string, T> now)
    {
        Dictionary<string, T>? changed = null;
        foreach (var (key, value) in now)
        {
            if (!before.TryGetValue(key, out var old) || !EqualityComparer<T>.Default.Equals(old, value))
                (changed ??= new Dictionary<string, T>(StringComparer.Ordinal))[key] = value;
        }
        return changed;
    }
}
