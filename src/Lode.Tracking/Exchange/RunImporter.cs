using Lode.Core;

namespace Lode.Tracking;

/// <summary>
/// Brings projects and runs with their histories into a store, as they were elsewhere, in the order: a project, its runs, each with
/// its points. A run is complete or marked by the tag <see cref="MarkTag"/>, so that an import that broke off is taken up by the next;
/// what a run that is there already says is never changed.
/// </summary>
/// <remarks>Used by one thread. Several runs are under way to the store at once.</remarks>
/// <param name="store">Where to.</param>
/// <param name="progress">Told now and then; may be null.</param>
/// <param name="extends">True: a run that is there and went on where it comes from gets what is new.</param>
public sealed class RunImporter(IRunStore store, IProgress<ExchangeCounts>? progress, bool extends = false) : IAsyncDisposable
{
    /// <summary>The tag that a run has while it is imported.</summary>
    public const string MarkTag = "lode.importing";

    // Greater ids come from elsewhere's own way of numbering; all ids after them would be as great.
    private const long MaxKeptId = int.MaxValue;
    private const int BatchSize = 20_000;
    private const int AtOnce = 32;

    private readonly Dictionary<ProjectId, ProjectPlace> _projects = [];
    private readonly Dictionary<(string, string), long> _skipped = [];
    private readonly List<ImportClash> _clashes = [];
    private readonly List<string> _notes = [];
    private readonly List<Task> _underWay = [];
    private ExchangeCounts _counts;
    private ImportReport _report = new();
    private Run? _run;
    private Task _chain = Task.CompletedTask;
    private List<MetricPoint> _batch = [];

    /// <summary>Notes something that does not come.</summary>
    public void Skip(string what, string reason, long count = 1) => _skipped[(what, reason)] = _skipped.GetValueOrDefault((what, reason)) + count;

    /// <summary>Notes something that is different here, on purpose.</summary>
    public void Note(string line)
    {
        if (!_notes.Contains(line))
            _notes.Add(line);
    }

    /// <summary>Takes a project. One of that name is used as it is; else it is made, with its own id where that is free.</summary>
    public async Task AddProjectAsync(Project project, CancellationToken ct)
    {
        EndRun(ct);
        _counts = _counts with { Projects = _counts.Projects + 1 };
        var here = await store.FindProjectAsync(project.Name, ct).ConfigureAwait(false);
        if (here is not null && !await IsUntouchedAsync(here, ct).ConfigureAwait(false))
        {
            _projects[project.Id] = new ProjectPlace(here.Id, PlaceOf(project), PlaceOf(here));
            var lacking = project.Tags.Where(tag => !here.Tags.ContainsKey(tag.Key)).ToDictionary(tag => tag.Key, tag => (string?)tag.Value);
            if (lacking.Count > 0 && here.Lifecycle == Lifecycle.Active)
                await store.UpdateProjectAsync(here.Id, new ProjectChange { Tags = lacking }, ct).ConfigureAwait(false);
            foreach (var (key, value) in project.Tags)
            {
                if (here.Tags.TryGetValue(key, out var other) && other != value)
                    Note($"project '{project.Name}' keeps its tag {key}={other}; the import says {value}");
            }
            return;
        }
        var id = here?.Id ?? await FreeIdAsync(project, ct).ConfigureAwait(false);
        var put = await store.PutProjectAsync(project with { Id = id }, ct).ConfigureAwait(false);
        _projects[project.Id] = new ProjectPlace(put.Id, PlaceOf(project), PlaceOf(put));
        if (here is null)
            _report = _report with { Projects = _report.Projects + 1 };
        if (put.Id != project.Id)
            Note($"project '{project.Name}' has the id {put.Id} here; it was {project.Id}");
    }

    /// <summary>Takes a run, whose points may follow.</summary>
    /// <param name="run">With params and tags. Of metrics only <see cref="MetricSummary.Count"/> is looked at, to tell whether the run is here already.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>False: its points need not follow.</returns>
    public async Task<bool> BeginRunAsync(Run run, CancellationToken ct)
    {
        EndRun(ct);
        _counts = _counts with { Runs = _counts.Runs + 1 };
        if (!_projects.TryGetValue(run.ProjectId, out var project))
            throw new LodeException(ErrorCode.InvalidArgument, $"Run {run.Id} is in project {run.ProjectId}, which is not among those before it.");
        run = run with { ProjectId = project.Id, Tags = run.Tags.Where(tag => tag.Key != MarkTag).ToDictionary() };
        if (await FindAsync(run.Id, ct).ConfigureAwait(false) is { } here)
        {
            var isMarked = here.Tags.ContainsKey(MarkTag);
            here = here with { Tags = here.Tags.Where(tag => tag.Key != MarkTag).ToDictionary() };
            var goesOn = extends && RunDifference.Against(here, run) is null;
            if (goesOn && !isMarked)
                run = RunDifference.Extended(here, run);
            var difference = isMarked ? null : extends && !goesOn ? RunDifference.Against(here, run) : RunDifference.Of(here, run);
            if (!isMarked && (difference is null || !goesOn))
            {
                if (difference is not null)
                    _clashes.Add(new ImportClash($"run {run.Id}", difference));
                else
                    _report = _report with { Unchanged = _report.Unchanged + 1 };
                return false;
            }
            _report = isMarked ? _report with { Completed = _report.Completed + 1 } : _report with { Extended = _report.Extended + 1 };
        }
        else
        {
            _report = _report with { Runs = _report.Runs + 1 };
        }
        while (_underWay.Count >= AtOnce)
        {
            var ended = await Task.WhenAny(_underWay).ConfigureAwait(false);
            _underWay.Remove(ended);
            await ended.ConfigureAwait(false);
        }
        _run = run;
        var begun = run with { Status = RunStatus.Running, Lifecycle = Lifecycle.Active, DeletedAt = null, Tags = run.Tags.Append(new(MarkTag, "true")).ToDictionary() };
        _chain = BeginAsync(begun, ct);
        return true;
    }

    /// <summary>Where a project of the source is here.</summary>
    /// <exception cref="LodeException">InvalidArgument: it was not among those taken.</exception>
    public ProjectPlace PlaceOf(ProjectId there) => _projects.TryGetValue(there, out var place)
        ? place
        : throw new LodeException(ErrorCode.InvalidArgument, $"Project {there} is not among those that came before.");

    /// <summary>Where the files of a run lie here.</summary>
    public string ArtifactsOf(ProjectId there, RunId run) => $"{PlaceOf(there).Here}/{run}/artifacts";

    /// <summary>Where the files of a logged model lie here.</summary>
    public string ArtifactsOf(ProjectId there, string model) => $"{PlaceOf(there).Here}/models/{model}/artifacts";

    /// <summary>A registered model whose versions lie where their projects are here.</summary>
    internal ArchivedModel Moved(ArchivedModel model)
    {
        var moves = _projects.Values.Where(place => place.There != place.Here).ToDictionary(place => place.There, place => place.Here);
        string Move(string uri)
        {
            // The place of a project is all before the id of the run, or before /models/.
            for (var slash = uri.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = uri.IndexOf('/', slash + 1))
            {
                if (moves.TryGetValue(uri[..slash], out var here))
                    return here + uri[slash..];
            }
            return uri;
        }
        return moves.Count == 0 ? model : model with { Versions = [.. model.Versions.Select(version => version with { Source = Move(version.Source), Location = Move(version.Location) })] };
    }

    private static string PlaceOf(Project project) => (project.ArtifactLocation ?? $"mlflow-artifacts:/{project.Id}").TrimEnd('/');

    /// <summary>Takes a point of the run that was begun.</summary>
    public ValueTask AddAsync(MetricPoint point, CancellationToken ct)
    {
        _batch.Add(point);
        return _batch.Count < BatchSize ? ValueTask.CompletedTask : new ValueTask(SendAsync(ct));
    }

    /// <summary>Completes what was begun and says what came of all.</summary>
    public async Task<ImportReport> EndAsync(CancellationToken ct)
    {
        EndRun(ct);
        await Task.WhenAll(_underWay).ConfigureAwait(false);
        _underWay.Clear();
        return _report with
        {
            Points = _counts.Points,
            Clashes = _clashes,
            Skipped = [.. _skipped.Select(skip => new ImportSkip(skip.Key.Item1, skip.Key.Item2, skip.Value)).OrderByDescending(skip => skip.Count)],
            Notes = _notes,
        };
    }

    /// <summary>Waits for what is under way. What was begun and not ended stays marked, for the next import to complete.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var task in _underWay.Append(_chain))
        {
            try
            {
                await task.ConfigureAwait(false);
            }
            catch (Exception error) when (error is LodeException or OperationCanceledException)
            {
                // Told already, or nobody listens any more.
            }
        }
    }

    private async Task SendAsync(CancellationToken ct)
    {
        // One batch is on its way while the next is read.
        await _chain.ConfigureAwait(false);
        var (run, batch) = (_run!.Id, _batch);
        _batch = new List<MetricPoint>(BatchSize);
        _counts = _counts with { Points = _counts.Points + batch.Count };
        _chain = store.LogAsync(run, new RunBatch { Metrics = batch }, ct);
        progress?.Report(_counts);
    }

    private void EndRun(CancellationToken ct)
    {
        if (_run is not { } run)
            return;
        if (_batch.Count > 0)
        {
            var (before, batch) = (_chain, _batch);
            _batch = [];
            _counts = _counts with { Points = _counts.Points + batch.Count };
            _chain = LogAfterAsync(before, run.Id, batch, ct);
        }
        _underWay.Add(PutAfterAsync(_chain, run, ct));
        (_run, _chain) = (null, Task.CompletedTask);
        progress?.Report(_counts);
    }

    private async Task BeginAsync(Run run, CancellationToken ct)
    {
        await store.PutRunAsync(run, ct).ConfigureAwait(false);
        if (run.Lineage is { Datasets.Count: > 0 } or { ModelInputs.Count: > 0 } or { ModelOutputs.Count: > 0 })
            await store.LogLineageAsync(run.Id, run.Lineage, ct).ConfigureAwait(false);
    }

    private async Task LogAfterAsync(Task before, RunId run, List<MetricPoint> batch, CancellationToken ct)
    {
        await before.ConfigureAwait(false);
        await store.LogAsync(run, new RunBatch { Metrics = batch }, ct).ConfigureAwait(false);
    }

    private async Task PutAfterAsync(Task before, Run run, CancellationToken ct)
    {
        await before.ConfigureAwait(false);
        await store.PutRunAsync(run, ct).ConfigureAwait(false);
    }

    private async Task<Run?> FindAsync(RunId id, CancellationToken ct)
    {
        try
        {
            return await store.GetRunAsync(id, ct).ConfigureAwait(false);
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>A project that nobody has used: Default in a new store, or one whose import broke off at once.</summary>
    private async Task<bool> IsUntouchedAsync(Project project, CancellationToken ct) => project.Tags.Count == 0
        && (await store.SearchRunsAsync(new RunQuery { Projects = [project.Id], View = LifecycleView.All, Limit = 1 }, ct).ConfigureAwait(false)).Runs.Count == 0;

    private async Task<ProjectId> FreeIdAsync(Project project, CancellationToken ct)
    {
        if (project.Id.Value <= MaxKeptId)
        {
            try
            {
                await store.GetProjectAsync(project.Id, ct).ConfigureAwait(false);
            }
            catch (LodeException error) when (error.Code == ErrorCode.NotFound)
            {
                return project.Id;
            }
        }
        return (await store.CreateProjectAsync(new NewProject { Name = project.Name }, ct).ConfigureAwait(false)).Id;
    }
}

/// <summary>Where a project of the source is here.</summary>
/// <param name="Id">Its id here.</param>
/// <param name="There">Where its files lay, a URI.</param>
/// <param name="Here">Where they lie here.</param>
public sealed record ProjectPlace(ProjectId Id, string There, string Here);
