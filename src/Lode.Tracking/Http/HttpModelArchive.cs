using System.Globalization;
using System.Net.Http.Json;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>The archive of models of another process, asked for through the native API.</summary>
/// <param name="http">Its base address is the server's; the caller keeps and disposes it.</param>
public sealed class HttpModelArchive(HttpClient http) : IModelArchive
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    private readonly NativeApi _api = new(http);

    /// <inheritdoc/>
    public Task<LoggedModel?> FindLoggedAsync(string id, CancellationToken ct) => FindAsync($"logged-models/{Uri.EscapeDataString(id)}", s_json.LoggedModel, ct);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LoggedModel>> ListLoggedAsync(ProjectId project, string after, int limit, CancellationToken ct) =>
        (await _api.SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"logged-models?project={project}&after={Uri.EscapeDataString(after)}&limit={limit}"), null, s_json.LoggedModelList, ct).ConfigureAwait(false)).Models;

    /// <inheritdoc/>
    public Task PutLoggedAsync(LoggedModel model, CancellationToken ct) =>
        _api.SendAsync<LoggedModel>(HttpMethod.Put, $"logged-models/{Uri.EscapeDataString(model.Id)}", JsonContent.Create(model, s_json.LoggedModel), null, ct);

    /// <inheritdoc/>
    public Task<ArchivedModel?> FindRegisteredAsync(string name, CancellationToken ct) => FindAsync($"registered-models/{Uri.EscapeDataString(name)}", s_json.ArchivedModel, ct);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ArchivedModel>> ListRegisteredAsync(string after, int limit, CancellationToken ct) =>
        (await _api.SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"registered-models?after={Uri.EscapeDataString(after)}&limit={limit}"), null, s_json.ArchivedModelList, ct).ConfigureAwait(false)).Models;

    /// <inheritdoc/>
    public Task PutRegisteredAsync(ArchivedModel model, CancellationToken ct) =>
        _api.SendAsync<ArchivedModel>(HttpMethod.Put, $"registered-models/{Uri.EscapeDataString(model.Name)}", JsonContent.Create(model, s_json.ArchivedModel), null, ct);

    private async Task<T?> FindAsync<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        try
        {
            return await _api.SendAsync(HttpMethod.Get, path, null, type, ct).ConfigureAwait(false);
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return null;
        }
    }
}
