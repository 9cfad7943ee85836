using Lode.Core;

namespace Lode.Tracking;

/// <summary>What came of an import.</summary>
public sealed record ImportReport
{
    /// <summary>Projects that were made.</summary>
    public int Projects { get; init; }

    /// <summary>Runs that were made.</summary>
    public int Runs { get; init; }

    /// <summary>Runs that an earlier import had begun and this one completed.</summary>
    public int Completed { get; init; }

    /// <summary>Runs that were there already, the same in everything.</summary>
    public int Unchanged { get; init; }

    /// <summary>Metric points that were sent; those that were there already are not stored twice.</summary>
    public long Points { get; init; }

    /// <summary>Runs that are there already and differ; they were left as they are.</summary>
    public IReadOnlyList<ImportClash> Clashes { get; init; } = [];

    /// <summary>What did not come, and why; equal ones counted together.</summary>
    public IReadOnlyList<ImportSkip> Skipped { get; init; } = [];

    /// <summary>What is different here from the source, on purpose; one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A run that is here already, and differs.</summary>
/// <param name="Run">Its id.</param>
/// <param name="Difference">What differs first, for example <c>status: finished here, failed there</c>.</param>
public sealed record ImportClash(RunId Run, string Difference);

/// <summary>Things that did not come.</summary>
/// <param name="What">Their kind, or the one thing.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Count">How many.</param>
public sealed record ImportSkip(string What, string Reason, long Count);
