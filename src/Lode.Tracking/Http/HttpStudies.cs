using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>The studies of another process, spoken to through the native API.</summary>
/// <param name="http">Its base address is the server's; the caller keeps and disposes it.</param>
public sealed class HttpStudies(HttpClient http) : IStudies
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    private readonly NativeApi _api = new(http);

    /// <inheritdoc/>
    public Task<StudyInfo> CreateAsync(NewStudy study, CancellationToken ct) => PostAsync("studies", study, s_json.NewStudy, s_json.StudyInfo, ct);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StudyInfo>> ListAsync(ProjectId? project, CancellationToken ct) =>
        (await _api.SendAsync(HttpMethod.Get, "studies" + (project is { } id ? $"?project={id}" : ""), null, s_json.StudyList, ct).ConfigureAwait(false)).Studies;

    /// <inheritdoc/>
    public Task<StudyInfo> GetAsync(StudyId id, CancellationToken ct) => _api.SendAsync(HttpMethod.Get, $"studies/{id}", null, s_json.StudyInfo, ct);

    /// <inheritdoc/>
    public Task<TrialPage> GetTrialsAsync(StudyId id, TrialQuery query, CancellationToken ct) => _api.SendAsync(
        HttpMethod.Get,
        string.Create(CultureInfo.InvariantCulture, $"studies/{id}/trials?order={(query.Order == TrialOrder.Best ? "best" : "number")}&offset={query.Offset}&limit={query.Limit}{(query.State is { } state ? $"&state={state.ToString().ToLowerInvariant()}" : "")}"),
        null, s_json.TrialPage, ct);

    /// <inheritdoc/>
    public Task<TrialInfo> GetTrialAsync(StudyId id, int number, CancellationToken ct) => _api.SendAsync(HttpMethod.Get, TrialPath(id, number), null, s_json.TrialInfo, ct);

    /// <inheritdoc/>
    public Task<StudyInfo> UpdateAsync(StudyId id, StudyPatch patch, CancellationToken ct) =>
        _api.SendAsync(HttpMethod.Patch, $"studies/{id}", Json(patch, s_json.StudyPatch), s_json.StudyInfo, ct);

    /// <inheritdoc/>
    public Task DeleteAsync(StudyId id, CancellationToken ct) => _api.SendAsync<object>(HttpMethod.Delete, $"studies/{id}", null, null, ct);

    /// <inheritdoc/>
    public Task<TrialInfo> EnqueueAsync(StudyId id, EnqueueRequest request, CancellationToken ct) => PostAsync($"studies/{id}/trials", request, s_json.EnqueueRequest, s_json.TrialInfo, ct);

    /// <inheritdoc/>
    public Task<AskAnswer> AskAsync(StudyId id, AskRequest request, CancellationToken ct) => PostAsync($"studies/{id}/ask", request, s_json.AskRequest, s_json.AskAnswer, ct);

    /// <inheritdoc/>
    public Task<TrialInfo> TellAsync(StudyId id, int number, TellRequest request, CancellationToken ct) => PostAsync(TrialPath(id, number) + "/tell", request, s_json.TellRequest, s_json.TrialInfo, ct);

    /// <inheritdoc/>
    public Task<TurnAnswer> TurnAsync(StudyId id, TurnRequest request, CancellationToken ct) => PostAsync($"studies/{id}/turn", request, s_json.TurnRequest, s_json.TurnAnswer, ct);

    /// <inheritdoc/>
    public Task<ReportAnswer> ReportAsync(StudyId id, int number, ReportRequest request, CancellationToken ct) =>
        PostAsync(TrialPath(id, number) + "/report", request, s_json.ReportRequest, s_json.ReportAnswer, ct);

    /// <inheritdoc/>
    public Task<HeartbeatAnswer> HeartbeatAsync(StudyId id, HeartbeatRequest request, CancellationToken ct) => PostAsync($"studies/{id}/heartbeat", request, s_json.HeartbeatRequest, s_json.HeartbeatAnswer, ct);

    /// <inheritdoc/>
    public Task CheckpointAsync(StudyId id, int number, CheckpointRequest request, CancellationToken ct) => PostAsync<CheckpointRequest, object>(TrialPath(id, number) + "/checkpoint", request, s_json.CheckpointRequest, null, ct);

    /// <inheritdoc/>
    public Task ReleaseAsync(StudyId id, int number, LeaseRequest request, CancellationToken ct) => PostAsync<LeaseRequest, object>(TrialPath(id, number) + "/release", request, s_json.LeaseRequest, null, ct);

    private static string TrialPath(StudyId id, int number) => string.Create(CultureInfo.InvariantCulture, $"studies/{id}/trials/{number}");

    private Task<TAnswer> PostAsync<TBody, TAnswer>(string path, TBody body, JsonTypeInfo<TBody> type, JsonTypeInfo<TAnswer>? answer, CancellationToken ct) =>
        _api.SendAsync(HttpMethod.Post, path, Json(body, type), answer, ct);

    private static ByteArrayContent Json<T>(T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, type)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}
