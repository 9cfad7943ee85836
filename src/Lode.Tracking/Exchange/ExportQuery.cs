namespace Lode.Tracking;

/// <summary>What to export.</summary>
public sealed record ExportQuery
{
    /// <summary>These projects, as they are; their runs come with them.</summary>
    public required IReadOnlyList<Project> Projects { get; init; }

    /// <summary>Clauses that must all hold of a run; default none.</summary>
    public RunFilter Filter { get; init; } = RunFilter.All;

    /// <summary>Default: the trash too, so that an export is complete.</summary>
    public LifecycleView View { get; init; } = LifecycleView.All;

    /// <summary>Whether the model registry, which belongs to no project, comes too; default no.</summary>
    public bool Registry { get; init; }

    /// <summary>The folder for the bytes of files; null = files do not come.</summary>
    public string? FileFolder { get; init; }
}

/// <summary>How far an export or import is, or how much it was.</summary>
/// <param name="Projects">Projects written or read.</param>
/// <param name="Runs">Runs written or read.</param>
/// <param name="Points">Metric points written or read.</param>
/// <param name="LoggedModels">Logged models written or read.</param>
/// <param name="RegisteredModels">Registered models written or read.</param>
/// <param name="Files">Files written or read.</param>
public readonly record struct ExchangeCounts(int Projects, int Runs, long Points, int LoggedModels = 0, int RegisteredModels = 0, long Files = 0);
