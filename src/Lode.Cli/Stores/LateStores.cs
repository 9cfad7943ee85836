using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>A store that is being opened: whoever asks it waits.</summary>
internal sealed class LateRunStore(Task<IRunStore> store) : IRunStore
{
    public async Task<Project> CreateProjectAsync(NewProject project, CancellationToken ct) => await (await store.ConfigureAwait(false)).CreateProjectAsync(project, ct).ConfigureAwait(false);

    public async Task<Project> GetProjectAsync(ProjectId id, CancellationToken ct) => await (await store.ConfigureAwait(false)).GetProjectAsync(id, ct).ConfigureAwait(false);

    public async Task<Project?> FindProjectAsync(string name, CancellationToken ct) => await (await store.ConfigureAwait(false)).FindProjectAsync(name, ct).ConfigureAwait(false);

    public async Task<ProjectPage> SearchProjectsAsync(ProjectQuery query, CancellationToken ct) => await (await store.ConfigureAwait(false)).SearchProjectsAsync(query, ct).ConfigureAwait(false);

    public async Task<Project> UpdateProjectAsync(ProjectId id, ProjectChange change, CancellationToken ct) => await (await store.ConfigureAwait(false)).UpdateProjectAsync(id, change, ct).ConfigureAwait(false);

    public async Task<Run> CreateRunAsync(NewRun run, CancellationToken ct) => await (await store.ConfigureAwait(false)).CreateRunAsync(run, ct).ConfigureAwait(false);

    public async Task<Run> GetRunAsync(RunId id, CancellationToken ct) => await (await store.ConfigureAwait(false)).GetRunAsync(id, ct).ConfigureAwait(false);

    public async Task<Run> UpdateRunAsync(RunId id, RunChange change, CancellationToken ct) => await (await store.ConfigureAwait(false)).UpdateRunAsync(id, change, ct).ConfigureAwait(false);

    public async Task<Project> PutProjectAsync(Project project, CancellationToken ct) => await (await store.ConfigureAwait(false)).PutProjectAsync(project, ct).ConfigureAwait(false);

    public async Task<Run> PutRunAsync(Run run, CancellationToken ct) => await (await store.ConfigureAwait(false)).PutRunAsync(run, ct).ConfigureAwait(false);

    public async Task LogAsync(RunId id, RunBatch batch, CancellationToken ct) => await (await store.ConfigureAwait(false)).LogAsync(id, batch, ct).ConfigureAwait(false);

    public async Task LogLineageAsync(RunId id, RunLineage lineage, CancellationToken ct) => await (await store.ConfigureAwait(false)).LogLineageAsync(id, lineage, ct).ConfigureAwait(false);

    public async Task<IReadOnlyList<DatasetSummary>> ListDatasetsAsync(IReadOnlyList<ProjectId> projects, int limit, CancellationToken ct) => await (await store.ConfigureAwait(false)).ListDatasetsAsync(projects, limit, ct).ConfigureAwait(false);

    public async Task<RunPage> SearchRunsAsync(RunQuery query, CancellationToken ct) => await (await store.ConfigureAwait(false)).SearchRunsAsync(query, ct).ConfigureAwait(false);

    public async Task<IReadOnlyList<RunColumn>> ListColumnsAsync(ProjectId project, RunFilter filter, CancellationToken ct) => await (await store.ConfigureAwait(false)).ListColumnsAsync(project, filter, ct).ConfigureAwait(false);

    public async Task<IReadOnlyList<MetricPoint>> GetHistoryAsync(RunId id, string key, int offset, int limit, CancellationToken ct) => await (await store.ConfigureAwait(false)).GetHistoryAsync(id, key, offset, limit, ct).ConfigureAwait(false);

    public async Task<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken ct) => await (await store.ConfigureAwait(false)).GetSeriesAsync(query, ct).ConfigureAwait(false);

    public async Task<Run> RewindAsync(RunId id, long step, CancellationToken ct) => await (await store.ConfigureAwait(false)).RewindAsync(id, step, ct).ConfigureAwait(false);

    public async Task<Run> ForkAsync(RunId source, long step, RunId id, CancellationToken ct) => await (await store.ConfigureAwait(false)).ForkAsync(source, step, id, ct).ConfigureAwait(false);

    public async Task<JournalReceipt> AppendJournalAsync(RunId id, string segment, long offset, ReadOnlyMemory<byte> bytes, CancellationToken ct) => await (await store.ConfigureAwait(false)).AppendJournalAsync(id, segment, offset, bytes, ct).ConfigureAwait(false);

    public async Task<RunChanges> GetChangesAsync(ChangeScope scope, long version, int limit, CancellationToken ct) => await (await store.ConfigureAwait(false)).GetChangesAsync(scope, version, limit, ct).ConfigureAwait(false);
}

/// <summary>The same for files.</summary>
internal sealed class LateArtifactStore(Task<IArtifactStore> store) : IArtifactStore
{
    public async Task<Artifact> PutAsync(string path, Stream content, CancellationToken ct) => await (await store.ConfigureAwait(false)).PutAsync(path, content, ct).ConfigureAwait(false);

    public async Task<Artifact?> FindAsync(string path, CancellationToken ct) => await (await store.ConfigureAwait(false)).FindAsync(path, ct).ConfigureAwait(false);

    public async Task<OpenArtifact> OpenAsync(string path, CancellationToken ct) => await (await store.ConfigureAwait(false)).OpenAsync(path, ct).ConfigureAwait(false);

    public async Task<IReadOnlyList<Artifact>> ListAsync(string folder, CancellationToken ct) => await (await store.ConfigureAwait(false)).ListAsync(folder, ct).ConfigureAwait(false);

    public async Task<bool> DeleteAsync(string path, CancellationToken ct) => await (await store.ConfigureAwait(false)).DeleteAsync(path, ct).ConfigureAwait(false);
}
