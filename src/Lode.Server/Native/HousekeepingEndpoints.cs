using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>What takes how much, and purging what lies in the trash.</summary>
internal static class HousekeepingEndpoints
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/storage", UseAsync).Says<StorageUse>("What takes how much.");
        api.MapPost("/gc", CollectAsync).Takes(typeof(CollectQuery)).Says<CollectReport>("Purges what lies in the trash, for good, and gives the space back to the disk.");
    }

    private static async Task<JsonHttpResult<StorageUse>> UseAsync(IHousekeeping housekeeping, CancellationToken ct) =>
        TypedResults.Json(await housekeeping.GetUseAsync(ct), s_json.StorageUse);

    private static async Task<JsonHttpResult<CollectReport>> CollectAsync(HttpRequest request, IHousekeeping housekeeping, CancellationToken ct) =>
        TypedResults.Json(await housekeeping.CollectAsync(await request.ReadAsync(s_json.CollectQuery, ct), ct), s_json.CollectReport);
}
