using Lode.Core;

namespace Lode.Tracking;

/// <summary>Remembers projects, runs and metrics.</summary>
/// <remarks>
/// <b>Threads.</b> All members may be called concurrently. <b>Values.</b> Results are snapshots.
/// <b>Durability.</b> A write that has returned survives a kill of the process and of the machine; a refused or cancelled one has changed nothing.
/// <b>Retry.</b> Every write may be sent again: appends store an equal thing once, changes set what they say.
/// <b>Refusals.</b> <see cref="LodeException"/>: NotFound for an unknown id, Conflict for a write to something in the trash,
/// InvalidArgument for names and values that break the rules in <see cref="NameRules"/>; more at each member.
/// <b>Check.</b> Every implementation passes RunStoreContract.
/// </remarks>
public interface IRunStore
{
    /// <summary>Makes a project.</summary>
    /// <exception cref="LodeException">AlreadyExists: a project has that name, perhaps in the trash.</exception>
    Task<Project> CreateProjectAsync(NewProject project, CancellationToken ct);

    /// <summary>The project of that id, in use or in the trash. Only <see cref="SearchProjectsAsync"/> surely counts its runs.</summary>
    Task<Project> GetProjectAsync(ProjectId id, CancellationToken ct);

    /// <summary>The project of that name, in use or in the trash; null when there is none.</summary>
    Task<Project?> FindProjectAsync(string name, CancellationToken ct);

    /// <summary>Projects that pass a filter.</summary>
    Task<ProjectPage> SearchProjectsAsync(ProjectQuery query, CancellationToken ct);

    /// <summary>Changes a project; returns it as it is then.</summary>
    /// <exception cref="LodeException">AlreadyExists: the new name is taken. Conflict: renaming one in the trash.</exception>
    Task<Project> UpdateProjectAsync(ProjectId id, ProjectChange change, CancellationToken ct);

    /// <summary>Makes a run, status running. Sent again with the same id, returns the run as it is.</summary>
    Task<Run> CreateRunAsync(NewRun run, CancellationToken ct);

    /// <summary>The run of that id, in use or in the trash.</summary>
    Task<Run> GetRunAsync(RunId id, CancellationToken ct);

    /// <summary>Changes a run; returns it as it is then.</summary>
    Task<Run> UpdateRunAsync(RunId id, RunChange change, CancellationToken ct);

    /// <summary>
    /// Puts a project as it was elsewhere, with its id, times, lifecycle and tags; one of that id is replaced. For imports: its runs
    /// stay as they are.
    /// </summary>
    /// <exception cref="LodeException">AlreadyExists: another project has that name.</exception>
    Task<Project> PutProjectAsync(Project project, CancellationToken ct);

    /// <summary>
    /// Puts a run as it was elsewhere, with its id, times, status, lifecycle, params and tags; one of that id is replaced, in the
    /// trash too. For imports: its metrics stay as they are, and its place and version are given by the store.
    /// </summary>
    Task<Run> PutRunAsync(Run run, CancellationToken ct);

    /// <summary>Logs params, metrics and tags, all or none.</summary>
    /// <exception cref="LodeException">InvalidArgument: a param was written before with another value. Conflict: a tag to revise is not as it was.</exception>
    Task LogAsync(RunId id, RunBatch batch, CancellationToken ct);

    /// <summary>Adds to what a run read and made. A dataset that the project has keeps its source, schema and profile; one that the run has keeps its tags.</summary>
    Task LogLineageAsync(RunId id, RunLineage lineage, CancellationToken ct);

    /// <summary>What datasets the runs of some projects read, by project, name, digest and context.</summary>
    /// <param name="projects">The projects.</param>
    /// <param name="limit">At least 1.</param>
    /// <param name="ct">Stops the read.</param>
    Task<IReadOnlyList<DatasetSummary>> ListDatasetsAsync(IReadOnlyList<ProjectId> projects, int limit, CancellationToken ct);

    /// <summary>Runs that pass a filter, in order, a page of them.</summary>
    Task<RunPage> SearchRunsAsync(RunQuery query, CancellationToken ct);

    /// <summary>The params, metrics and tags that the runs passing a filter have, and how much they differ.</summary>
    Task<IReadOnlyList<RunColumn>> ListColumnsAsync(ProjectId project, RunFilter filter, CancellationToken ct);

    /// <summary>A metric's points ordered by time, step, value; empty for a metric that the run lacks.</summary>
    /// <param name="id">The run.</param>
    /// <param name="key">The metric.</param>
    /// <param name="offset">Points to pass over, at least 0.</param>
    /// <param name="limit">Points to return at most, at least 1.</param>
    /// <param name="ct">Stops the read.</param>
    Task<IReadOnlyList<MetricPoint>> GetHistoryAsync(RunId id, string key, int offset, int limit, CancellationToken ct);

    /// <summary>Histories for charts, decimated so that no extreme is lost. Pairs of run and key without points are left out.</summary>
    Task<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken ct);

    /// <summary>
    /// Drops the points of all metrics that have a later step, and answers with the run as it is then. Sent again, it also drops
    /// what was logged in between. Of journals that programs have yet to send, such points are dropped too where they were logged before
    /// this moment, by the store's clock and theirs; what they log from now on is new, whatever its step.
    /// </summary>
    Task<Run> RewindAsync(RunId id, long step, CancellationToken ct);

    /// <summary>
    /// Makes a run, scheduled, in the same project, with what another was given and its points up to a step: params, tags, metrics; tags
    /// <see cref="RunOrigin.Parent"/> and <see cref="RunOrigin.ForkStep"/> say where it comes from.
    /// Sent again with the same id, returns the run as it is.
    /// </summary>
    /// <param name="source">Which run.</param>
    /// <param name="step">The last step to take over.</param>
    /// <param name="id">The new run's id, made with <see cref="RunId.New"/>.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="LodeException">AlreadyExists: that id is another run's.</exception>
    Task<Run> ForkAsync(RunId source, long step, RunId id, CancellationToken ct);

    /// <summary>
    /// Takes bytes of a segment of a run's journal from <paramref name="offset"/> on. Whole lines are applied, together and once; a torn last
    /// line is left for next time. Bytes that were taken before are passed over. A start event makes the run and, where missing, its project.
    /// Segments may come in any order and through each other.
    /// </summary>
    /// <returns>How many bytes of this segment are taken now: send from there next. Less than <paramref name="offset"/> when bytes are missing.</returns>
    /// <exception cref="LodeException">NotFound: bytes that hold no start event, of an unknown run; send them again when another segment has made it.
    /// InvalidArgument: the segment has no such name as <see cref="JournalSegment"/> allows.</exception>
    Task<JournalReceipt> AppendJournalAsync(RunId id, string segment, long offset, ReadOnlyMemory<byte> bytes, CancellationToken ct);

    /// <summary>Runs changed after <paramref name="version"/>, oldest change first, at most <paramref name="limit"/>.</summary>
    /// <param name="scope">Only this project's or this run's; default = all.</param>
    /// <param name="version">The version last seen; 0 = from the beginning.</param>
    /// <param name="limit">At least 1.</param>
    /// <param name="ct">Stops the read.</param>
    Task<RunChanges> GetChangesAsync(ChangeScope scope, long version, int limit, CancellationToken ct);
}

/// <summary>What a store says to a piece of a journal.</summary>
/// <param name="Offset">Bytes of this segment taken so far.</param>
/// <param name="SkippedLines">Lines of this piece that were not understood and were passed over.</param>
/// <param name="Purged">The run was purged: nothing of its journal is taken any more, and it need not be kept.</param>
public sealed record JournalReceipt(long Offset, int SkippedLines, bool Purged = false);

/// <summary>Which runs a watcher wants to hear of.</summary>
/// <param name="Project">Only this project's; null = any.</param>
/// <param name="Run">Only this one; null = any.</param>
public readonly record struct ChangeScope(ProjectId? Project = null, RunId? Run = null);

/// <summary>Runs that changed, and how far that goes.</summary>
/// <param name="Runs">As they are now, by version.</param>
/// <param name="Version">The cursor to ask from next.</param>
public sealed record RunChanges(IReadOnlyList<Run> Runs, long Version);
