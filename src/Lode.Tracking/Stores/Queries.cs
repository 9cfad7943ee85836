using Lode.Core;

namespace Lode.Tracking;

/// <summary>Which projects to find, and how to order them.</summary>
public sealed record ProjectQuery
{
    /// <summary>Clauses over name, created, updated and tags; default none.</summary>
    public RunFilter Filter { get; init; } = RunFilter.All;

    /// <summary>Default: newest first.</summary>
    public IReadOnlyList<RunOrder> Order { get; init; } = [];

    /// <summary>Default: only those in use.</summary>
    public LifecycleView View { get; init; } = LifecycleView.Active;

    /// <summary>Projects to pass over; at least 0.</summary>
    public int Offset { get; init; }

    /// <summary>Projects to return at most; 1 to 50,000, default 1,000.</summary>
    public int Limit { get; init; } = 1000;

    /// <summary>Whether to count each project's runs, which looks at all of them; default yes.</summary>
    public bool Counts { get; init; } = true;
}

/// <summary>Projects found.</summary>
/// <param name="Projects">In order.</param>
/// <param name="Total">How many pass the filter in all.</param>
public sealed record ProjectPage(IReadOnlyList<Project> Projects, int Total);

/// <summary>Which runs to find, and how to order them.</summary>
public sealed record RunQuery
{
    /// <summary>The projects to look in; empty finds nothing.</summary>
    public required IReadOnlyList<ProjectId> Projects { get; init; }

    /// <summary>Clauses that must all hold; default none.</summary>
    public RunFilter Filter { get; init; } = RunFilter.All;

    /// <summary>After these always: newest start first, then id. Runs that lack a value come last either way.</summary>
    public IReadOnlyList<RunOrder> Order { get; init; } = [];

    /// <summary>Default: only runs in use.</summary>
    public LifecycleView View { get; init; } = LifecycleView.Active;

    /// <summary>Runs to pass over; at least 0.</summary>
    public int Offset { get; init; }

    /// <summary>Runs to return at most; 1 to 50,000, default 100.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>Whether to count all that pass, which costs more than the page where there are many; default no.</summary>
    public bool Counts { get; init; }
}

/// <summary>Runs found.</summary>
/// <param name="Runs">In order.</param>
/// <param name="More">Whether others come after these.</param>
/// <param name="Total">How many pass the filter in all; null unless it was asked for.</param>
/// <param name="All">How many there are without the filter; null unless it was asked for.</param>
public sealed record RunPage(IReadOnlyList<Run> Runs, bool More, int? Total, int? All);

/// <summary>A param, metric or tag as a column of a table of runs.</summary>
/// <param name="Field">As in filters: <c>params.lr</c>, <c>metrics.loss</c>, <c>tags.team</c>.</param>
/// <param name="Runs">How many runs have it.</param>
/// <param name="Distinct">How many different values they have (of metrics: last values).</param>
public sealed record RunColumn(string Field, int Runs, int Distinct);

/// <summary>Which histories a chart needs, and how finely.</summary>
public sealed record SeriesQuery
{
    /// <summary>1 to 100 runs.</summary>
    public required IReadOnlyList<RunId> Runs { get; init; }

    /// <summary>1 to 100 metrics.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Entries a series at most; 1 to 10,000, default 1,000.</summary>
    public int Buckets { get; init; } = 1000;

    /// <summary>First step; null = from the first.</summary>
    public long? From { get; init; }

    /// <summary>Last step, included; null = to the last.</summary>
    public long? To { get; init; }
}
