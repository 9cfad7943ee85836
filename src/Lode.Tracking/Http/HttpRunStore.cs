using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>A store on another process, spoken to through the native API.</summary>
/// <param name="http">Its base address is the server's; the caller keeps and disposes it.</param>
public sealed class HttpRunStore(HttpClient http) : IRunStore
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    private readonly NativeApi _api = new(http);

    /// <inheritdoc/>
    public Task<Project> CreateProjectAsync(NewProject project, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, "projects", Json(project, s_json.NewProject), s_json.Project, ct);

    /// <inheritdoc/>
    public Task<Project> GetProjectAsync(ProjectId id, CancellationToken ct) => SendAsync(HttpMethod.Get, $"projects/{id}", null, s_json.Project, ct);

    /// <inheritdoc/>
    public async Task<Project?> FindProjectAsync(string name, CancellationToken ct)
    {
        try
        {
            return await SendAsync(HttpMethod.Get, "projects/by-name" + new Query().Add("name", name), null, s_json.Project, ct).ConfigureAwait(false);
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public Task<ProjectPage> SearchProjectsAsync(ProjectQuery query, CancellationToken ct) =>
        SendAsync(HttpMethod.Get, "projects" + new Query().AddSearch(query.Filter, query.Order, query.View, query.Offset, query.Limit), null, s_json.ProjectPage, ct);

    /// <inheritdoc/>
    public Task<Project> UpdateProjectAsync(ProjectId id, ProjectChange change, CancellationToken ct) =>
        SendAsync(HttpMethod.Patch, $"projects/{id}", Json(change, s_json.ProjectChange), s_json.Project, ct);

    /// <inheritdoc/>
    public Task<Run> CreateRunAsync(NewRun run, CancellationToken ct) => SendAsync(HttpMethod.Post, "runs", Json(run, s_json.NewRun), s_json.Run, ct);

    /// <inheritdoc/>
    public Task<Run> GetRunAsync(RunId id, CancellationToken ct) => SendAsync(HttpMethod.Get, $"runs/{id}", null, s_json.Run, ct);

    /// <inheritdoc/>
    public Task<Run> UpdateRunAsync(RunId id, RunChange change, CancellationToken ct) =>
        SendAsync(HttpMethod.Patch, $"runs/{id}", Json(new RunPatch(change.Name, change.Status, change.EndedAt, change.Lifecycle), s_json.RunPatch), s_json.Run, ct);

    /// <inheritdoc/>
    public Task<Project> PutProjectAsync(Project project, CancellationToken ct) => SendAsync(HttpMethod.Put, $"projects/{project.Id}", Json(project, s_json.Project), s_json.Project, ct);

    /// <inheritdoc/>
    public Task<Run> PutRunAsync(Run run, CancellationToken ct) => SendAsync(HttpMethod.Put, $"runs/{run.Id}", Json(run, s_json.Run), s_json.Run, ct);

    /// <inheritdoc/>
    public Task LogAsync(RunId id, RunBatch batch, CancellationToken ct) => SendAsync<object>(HttpMethod.Post, $"runs/{id}/batch", Json(batch, s_json.RunBatch), null, ct);

    /// <inheritdoc/>
    public Task LogLineageAsync(RunId id, RunLineage lineage, CancellationToken ct) =>
        SendAsync<object>(HttpMethod.Post, $"runs/{id}/lineage", Json(lineage, s_json.RunLineage), null, ct);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DatasetSummary>> ListDatasetsAsync(IReadOnlyList<ProjectId> projects, int limit, CancellationToken ct)
    {
        var query = new Query().Add("limit", limit);
        foreach (var project in projects)
            query.Add("project", project.ToString());
        return (await SendAsync(HttpMethod.Get, "datasets" + query, null, s_json.DatasetList, ct).ConfigureAwait(false)).Datasets;
    }

    /// <inheritdoc/>
    public Task<RunPage> SearchRunsAsync(RunQuery query, CancellationToken ct)
    {
        var text = new Query();
        foreach (var project in query.Projects)
            text.Add("project", project.ToString());
        if (!query.Counts)
            text.Add("counts", "false");
        return SendAsync(HttpMethod.Get, "runs" + text.AddSearch(query.Filter, query.Order, query.View, query.Offset, query.Limit), null, s_json.RunPage, ct);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RunColumn>> ListColumnsAsync(ProjectId project, RunFilter filter, CancellationToken ct) =>
        (await SendAsync(HttpMethod.Get, $"projects/{project}/columns" + new Query().Add("q", filter.ToString()), null, s_json.RunColumns, ct).ConfigureAwait(false)).Columns;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MetricPoint>> GetHistoryAsync(RunId id, string key, int offset, int limit, CancellationToken ct) =>
        (await SendAsync(HttpMethod.Get, $"runs/{id}/history" + new Query().Add("key", key).Add("offset", offset).Add("limit", limit), null, s_json.MetricHistory, ct).ConfigureAwait(false)).Points;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken ct)
    {
        var text = new Query().Add("buckets", query.Buckets);
        foreach (var run in query.Runs)
            text.Add("run", run.ToString());
        foreach (var key in query.Keys)
            text.Add("key", key);
        if (query.From is { } from)
            text.Add("from", from);
        if (query.To is { } to)
            text.Add("to", to);
        return (await SendAsync(HttpMethod.Get, "metrics" + text, null, s_json.SeriesPage, ct).ConfigureAwait(false)).Series;
    }

    /// <inheritdoc/>
    public Task<Run> RewindAsync(RunId id, long step, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, $"runs/{id}/rewind", Json(new RunRewind { Step = step }, s_json.RunRewind), s_json.Run, ct);

    /// <inheritdoc/>
    public Task<Run> ForkAsync(RunId source, long step, RunId id, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, $"runs/{source}/fork", Json(new RunFork { Step = step, Id = id }, s_json.RunFork), s_json.Run, ct);

    /// <inheritdoc/>
    public Task<JournalReceipt> AppendJournalAsync(RunId id, string segment, long offset, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        var body = new ReadOnlyMemoryContent(bytes);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        var query = new Query().Add("offset", offset);
        if (segment.Length > 0)
            query.Add("segment", segment);
        return SendAsync(HttpMethod.Post, $"runs/{id}/journal" + query, body, s_json.JournalReceipt, ct);
    }

    /// <inheritdoc/>
    public Task<RunChanges> GetChangesAsync(ChangeScope scope, long version, int limit, CancellationToken ct)
    {
        var text = new Query().Add("since", version).Add("limit", limit);
        if (scope.Project is { } project)
            text.Add("project", project.ToString());
        if (scope.Run is { } run)
            text.Add("run", run.ToString());
        return SendAsync(HttpMethod.Get, "changes" + text, null, s_json.RunChanges, ct);
    }

    // With its length, unlike JsonContent: servers and proxies take that better than pieces.
    private static ByteArrayContent Json<T>(T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T>? type, CancellationToken ct) => _api.SendAsync(method, path, body, type, ct);

    private sealed class Query
    {
        private readonly StringBuilder _text = new();

        public Query Add(string key, string value)
        {
            _text.Append(_text.Length == 0 ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
            return this;
        }

        public Query Add(string key, long value) => Add(key, value.ToString(CultureInfo.InvariantCulture));

        public Query AddSearch(RunFilter filter, IReadOnlyList<RunOrder> order, LifecycleView view, int offset, int limit)
        {
            if (filter.Clauses.Count > 0)
                Add("q", filter.ToString());
            foreach (var key in order)
                Add("sort", key.ToString());
            return Add("view", view.ToString().ToLowerInvariant()).Add("offset", offset).Add("limit", limit);
        }

        public override string ToString() => _text.ToString();
    }
}
