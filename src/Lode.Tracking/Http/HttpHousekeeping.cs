using System.Net.Http.Json;

namespace Lode.Tracking;

/// <summary>The housekeeping of another process, asked for through the native API.</summary>
/// <param name="http">Its base address is the server's; the caller keeps and disposes it.</param>
public sealed class HttpHousekeeping(HttpClient http) : IHousekeeping
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    private readonly NativeApi _api = new(http);

    /// <inheritdoc/>
    public Task<StorageUse> GetUseAsync(CancellationToken ct) => _api.SendAsync(HttpMethod.Get, "storage", null, s_json.StorageUse, ct);

    /// <inheritdoc/>
    public Task<CollectReport> CollectAsync(CollectQuery query, CancellationToken ct) =>
        _api.SendAsync(HttpMethod.Post, "gc", JsonContent.Create(query, s_json.CollectQuery), s_json.CollectReport, ct);
}
