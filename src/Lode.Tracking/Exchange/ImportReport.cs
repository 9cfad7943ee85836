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

    /// <summary>Runs that were there and had gone on where they came from; what is new came too.</summary>
    public int Extended { get; init; }

    /// <summary>Logged models that were made.</summary>
    public int LoggedModels { get; init; }

    /// <summary>Registered models that were made.</summary>
    public int RegisteredModels { get; init; }

    /// <summary>Logged and registered models that were there already, the same.</summary>
    public int UnchangedModels { get; init; }

    /// <summary>Files that were written.</summary>
    public int Files { get; init; }

    /// <summary>Bytes of those files.</summary>
    public long FileBytes { get; init; }

    /// <summary>Files that were there already, the same.</summary>
    public int UnchangedFiles { get; init; }

    /// <summary>Files whose bytes are missing or damaged, and why; a line each.</summary>
    public IReadOnlyList<string> Damaged { get; init; } = [];

    /// <summary>Things that are there already and differ; they were left as they are.</summary>
    public IReadOnlyList<ImportClash> Clashes { get; init; } = [];

    /// <summary>What did not come, and why; equal ones counted together.</summary>
    public IReadOnlyList<ImportSkip> Skipped { get; init; } = [];

    /// <summary>What is different here from the source, on purpose; one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Something that is here already, and differs.</summary>
/// <param name="What">For example <c>run 0123…</c>, <c>file 1/0123…/artifacts/a.txt</c>, <c>registered model 'churn'</c>.</param>
/// <param name="Difference">What differs first, for example <c>status: finished here, failed there</c>.</param>
public sealed record ImportClash(string What, string Difference);

/// <summary>Things that did not come.</summary>
/// <param name="What">Their kind, or the one thing.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Count">How many.</param>
public sealed record ImportSkip(string What, string Reason, long Count);
