using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>
/// A real store behind a bad network: some journal pieces never arrive, and the answers to some that do arrive are lost.
/// </summary>
public sealed class FlakyStore(IRunStore inner, ulong seed) : IRunStore
{
    private readonly Rng _rng = new(seed);
    private int _sent;

    /// <summary>True: nothing gets through.</summary>
    public bool Down { get; set; }

    /// <summary>Journal pieces that were sent, arrived or not.</summary>
    public int Sent => _sent;

    public async Task<JournalReceipt> AppendJournalAsync(RunId id, string segment, long offset, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        Interlocked.Increment(ref _sent);
        double luck;
        lock (_rng)
            luck = _rng.NextDouble();
        if (Down || luck < 0.2)
            throw new LodeException(ErrorCode.Unavailable, "lost on the way");
        var receipt = await inner.AppendJournalAsync(id, segment, offset, bytes, ct);
        return luck < 0.4 ? throw new LodeException(ErrorCode.Unavailable, "answer lost") : receipt;
    }

    public Task<Project> CreateProjectAsync(NewProject project, CancellationToken ct) => inner.CreateProjectAsync(project, ct);

    public Task<Project> GetProjectAsync(ProjectId id, CancellationToken ct) => inner.GetProjectAsync(id, ct);

    public Task<Project?> FindProjectAsync(string name, CancellationToken ct) => inner.FindProjectAsync(name, ct);

    public Task<ProjectPage> SearchProjectsAsync(ProjectQuery query, CancellationToken ct) => inner.SearchProjectsAsync(query, ct);

    public Task<Project> UpdateProjectAsync(ProjectId id, ProjectChange change, CancellationToken ct) => inner.UpdateProjectAsync(id, change, ct);

    public Task<Run> CreateRunAsync(NewRun run, CancellationToken ct) => inner.CreateRunAsync(run, ct);

    public Task<Run> GetRunAsync(RunId id, CancellationToken ct) => inner.GetRunAsync(id, ct);

    public Task<Run> UpdateRunAsync(RunId id, RunChange change, CancellationToken ct) => inner.UpdateRunAsync(id, change, ct);

    public Task<Project> PutProjectAsync(Project project, CancellationToken ct) => inner.PutProjectAsync(project, ct);

    public Task<Run> PutRunAsync(Run run, CancellationToken ct) => inner.PutRunAsync(run, ct);

    public Task LogAsync(RunId id, RunBatch batch, CancellationToken ct) => inner.LogAsync(id, batch, ct);

    public Task LogLineageAsync(RunId id, RunLineage lineage, CancellationToken ct) => inner.LogLineageAsync(id, lineage, ct);

    public Task<IReadOnlyList<DatasetSummary>> ListDatasetsAsync(IReadOnlyList<ProjectId> projects, int limit, CancellationToken ct) => inner.ListDatasetsAsync(projects, limit, ct);

    public Task<RunPage> SearchRunsAsync(RunQuery query, CancellationToken ct) => inner.SearchRunsAsync(query, ct);

    public Task<IReadOnlyList<RunColumn>> ListColumnsAsync(ProjectId project, RunFilter filter, CancellationToken ct) => inner.ListColumnsAsync(project, filter, ct);

    public Task<IReadOnlyList<MetricPoint>> GetHistoryAsync(RunId id, string key, int offset, int limit, CancellationToken ct) => inner.GetHistoryAsync(id, key, offset, limit, ct);

    public Task<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken ct) => inner.GetSeriesAsync(query, ct);

    public Task<Run> RewindAsync(RunId id, long step, CancellationToken ct) => inner.RewindAsync(id, step, ct);

    public Task<Run> ForkAsync(RunId source, long step, RunId id, CancellationToken ct) => inner.ForkAsync(source, step, id, ct);

    public Task<RunChanges> GetChangesAsync(ChangeScope scope, long version, int limit, CancellationToken ct) => inner.GetChangesAsync(scope, version, limit, ct);
}
