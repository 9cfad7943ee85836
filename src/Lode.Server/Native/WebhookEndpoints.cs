using Lode.Storage;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>How webhooks fare; they are made and changed through MLflow's API.</summary>
internal static class WebhookEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/webhooks/{id}/deliveries", ListDeliveriesAsync)
        .Says<WebhookDeliveries>("How a webhook's deliveries fared, newest first.")
        .Asks("limit", "integer", "Deliveries to return at most, 1 to 1,000; default 100.");

    private static async Task<JsonHttpResult<WebhookDeliveries>> ListDeliveriesAsync(string id, HttpRequest request, SqlWebhooks webhooks, CancellationToken ct) =>
        TypedResults.Json(new WebhookDeliveries(await webhooks.ListDeliveriesAsync(id, request.Query.Count("limit", 100, 1, 1000), ct)), TrackingJson.Default.WebhookDeliveries);
}
