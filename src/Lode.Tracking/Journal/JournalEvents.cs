namespace Lode.Tracking;

/// <summary>What a piece of a journal says, in the order in which a store applies it.</summary>
/// <remarks>
/// A journal is newline-delimited JSON, one event a line, append-only. Events, by field <c>e</c>:
/// <c>start</c> {t, project, name?, user?}, <c>params</c> {params:{k:v}}, <c>metrics</c> {t, step, metrics:{k:number or "NaN", "Infinity", "-Infinity"}},
/// <c>tags</c> {tags:{k:v or null}}, <c>heartbeat</c> {t}, <c>resume</c> {t}, <c>rewind</c> {t, step}, <c>finish</c> {t, status}. Times are
/// milliseconds since 1970 UTC. A run may have several journals, its segments, each by a program of its own.
/// Events of other names are passed over, so that older stores take newer journals.
/// </remarks>
public sealed class JournalPiece
{
    /// <summary>The start event, where this piece holds it.</summary>
    public JournalStart? Start { get; set; }

    /// <summary>Everything logged.</summary>
    public List<MetricPoint> Metrics { get; } = [];

    /// <summary>The keys of the last metrics event, by place.</summary>
    internal List<string> MetricKeys { get; } = [];

    /// <summary>Params, in order.</summary>
    public List<KeyValuePair<string, string>> Params { get; } = [];

    /// <summary>Tags, in order; null removes.</summary>
    public List<KeyValuePair<string, string?>> Tags { get; } = [];

    /// <summary>What start, resume and finish events say of the run's status, in order.</summary>
    public List<JournalState> States { get; } = [];

    /// <summary>What rewind events cut off.</summary>
    public List<JournalRewind> Rewinds { get; } = [];

    /// <summary>Bytes of whole lines read.</summary>
    public int Consumed { get; set; }

    /// <summary>Lines that were not understood.</summary>
    public int Skipped { get; set; }
}

/// <summary>The first event of a run.</summary>
/// <param name="Time">Milliseconds since 1970 UTC.</param>
/// <param name="Project">The project's name; made where missing.</param>
/// <param name="Name">The run's name; null = made from the id.</param>
/// <param name="User">Who started it.</param>
public sealed record JournalStart(long Time, string Project, string? Name, string User);

/// <summary>From when on a run is in a status.</summary>
/// <param name="Time">Milliseconds since 1970 UTC.</param>
/// <param name="Status">Running, or how it ended.</param>
public sealed record JournalState(long Time, RunStatus Status);

/// <summary>Points with a later step and an earlier time are no more, whenever they arrive.</summary>
/// <param name="Time">Milliseconds since 1970 UTC; points of that time stay.</param>
/// <param name="Step">The last step that stays.</param>
public sealed record JournalRewind(long Time, long Step)
{
    /// <summary>Whether it drops a point.</summary>
    public bool Drops(MetricPoint point) => point.Step > Step && point.Time < Time;
}
