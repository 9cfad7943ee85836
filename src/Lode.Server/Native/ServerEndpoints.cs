using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>What the server says of itself.</summary>
internal static class ServerEndpoints
{
    public static void Map(IEndpointRouteBuilder root, IEndpointRouteBuilder api, ServerOptions options, DateTimeOffset startedAt)
    {
        var info = new ServerInfo("lode", options.Version, options.DataFolder, startedAt.ToUnixTimeMilliseconds());
        api.MapGet("/server", () => TypedResults.Json(info, TrackingJson.Default.ServerInfo));
        root.MapGet("/health", () => TypedResults.Text("OK"));
        root.MapGet("/version", () => TypedResults.Text(options.Version));
        // Unknown paths under /api are errors for programs, not pages for people.
        root.Map("/api/{**rest}", IResult (HttpContext context) => throw new LodeException(ErrorCode.NotFound, $"There is no {context.Request.Method} {context.Request.Path}."));
    }
}
