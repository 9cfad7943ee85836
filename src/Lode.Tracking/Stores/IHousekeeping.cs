using Lode.Core;

namespace Lode.Tracking;

/// <summary>Knows what takes how much, and frees what nobody needs any more.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently. <b>Check.</b> Every implementation passes HousekeepingContract.</remarks>
public interface IHousekeeping
{
    /// <summary>What takes how much.</summary>
    Task<StorageUse> GetUseAsync(CancellationToken ct);

    /// <summary>
    /// Purges what lies in the trash, with everything that belongs to it, for good, and gives the space back to the disk. Writes go on
    /// meanwhile. What was purged before it is stopped stays purged.
    /// </summary>
    /// <exception cref="LodeException">NotFound: a run that is named is unknown. Conflict: it is not in the trash (allowed in a dry run).</exception>
    Task<CollectReport> CollectAsync(CollectQuery query, CancellationToken ct);
}

/// <summary>What to purge.</summary>
public sealed record CollectQuery
{
    /// <summary>Only these runs, which must be in the trash; null = everything there. A dry run also counts runs that are in use.</summary>
    public IReadOnlyList<RunId>? Runs { get; init; }

    /// <summary>Only this project and its runs; null = any.</summary>
    public ProjectId? Project { get; init; }

    /// <summary>Only what has been in the trash for at least this many seconds; at least 0, null = 30 days.</summary>
    public long? OlderThan { get; init; }

    /// <summary>True: nothing is changed; the answer says what would be.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What was purged, or in a dry run would be.</summary>
public sealed record CollectReport
{
    /// <summary>Runs.</summary>
    public int Runs { get; init; }

    /// <summary>Projects.</summary>
    public int Projects { get; init; }

    /// <summary>Metric points of those runs.</summary>
    public long Points { get; init; }

    /// <summary>Models that those runs logged, or that were logged in those projects.</summary>
    public int LoggedModels { get; init; }

    /// <summary>Journal files of those runs.</summary>
    public int Journals { get; init; }

    /// <summary>Contents of artifacts that nothing names any more.</summary>
    public int Blobs { get; init; }

    /// <summary>What all this takes, in bytes: rows are estimated. Contents of artifacts count where nothing else names them and they were written over an hour ago.</summary>
    public long Bytes { get; init; }

    /// <summary>By how much the files on disk shrank, in bytes; 0 in a dry run. Less than <see cref="Bytes"/> where others wrote meanwhile.</summary>
    public long FreedBytes { get; init; }

    /// <summary>Runs that must stay, and why; at most 1,000 are listed.</summary>
    public IReadOnlyList<KeptRun> Kept { get; init => field = value ?? field; } = [];
}

/// <summary>A run in the trash that is not purged.</summary>
/// <param name="Run">The run.</param>
/// <param name="Reason">Why, to be read after the run's name.</param>
public sealed record KeptRun(RunId Run, string Reason);

/// <summary>What takes how much, in bytes.</summary>
public sealed record StorageUse
{
    /// <summary>The database with its log.</summary>
    public long Database { get; init; }

    /// <summary>The part of <see cref="Database"/> that holds nothing and can be given back.</summary>
    public long Free { get; init; }

    /// <summary>Journals that are being written or were not taken.</summary>
    public long Journals { get; init; }

    /// <summary>Contents of artifacts, each counted once.</summary>
    public long Artifacts { get; init; }

    /// <summary>Each project's part, greatest first.</summary>
    public IReadOnlyList<ProjectUse> Projects { get; init => field = value ?? field; } = [];
}

/// <summary>What a project takes.</summary>
public sealed record ProjectUse
{
    /// <summary>The project.</summary>
    public required ProjectId Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is in the trash itself.</summary>
    public Lifecycle Lifecycle { get; init => field = value == 0 ? field : value; } = Lifecycle.Active;

    /// <summary>Runs in use.</summary>
    public int Runs { get; init; }

    /// <summary>Runs in the trash.</summary>
    public int Trashed { get; init; }

    /// <summary>Metric points of all of them.</summary>
    public long Points { get; init; }

    /// <summary>Metric points of those in the trash.</summary>
    public long TrashedPoints { get; init; }

    /// <summary>Bytes of their rows, estimated.</summary>
    public long Bytes { get; init; }
}
