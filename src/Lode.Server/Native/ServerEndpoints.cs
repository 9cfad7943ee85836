using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Lode.Server.Native;

/// <summary>What the server says of itself.</summary>
internal static class ServerEndpoints
{
    public static void Map(IEndpointRouteBuilder root, IEndpointRouteBuilder api, ServerOptions options, DateTimeOffset startedAt)
    {
        var info = new ServerInfo("lode", options.Version, options.DataFolder, startedAt.ToUnixTimeMilliseconds());
        api.MapGet("/server", () => TypedResults.Json(info, TrackingJson.Default.ServerInfo)).Says<ServerInfo>("What the server says of itself.");
        root.MapGet("/health", () => TypedResults.Text("OK")).OpenToAll().Says<string>("OK while the server answers.", "text/plain");
        root.MapGet("/version", () => TypedResults.Text(options.Version)).OpenToAll().Says<string>("The server's version.", "text/plain");
        // Unknown paths under /api are errors for programs, not pages for people.
        root.Map("/api/{**rest}", Unknown).ExcludeFromDescription();
    }

    private static Task Unknown(HttpContext context)
    {
        var (request, allowed) = (context.Request, context.RequestServices.GetRequiredService<WrongMethod>().Allowed(context.Request.Path));
        if (allowed.Length == 0)
            throw new LodeException(ErrorCode.NotFound, $"There is no {request.Method} {request.Path}.");
        context.Response.Headers.Allow = allowed;
        return ErrorAnswers.AnswerAsync(context, new LodeException(ErrorCode.InvalidArgument, $"{request.Path} is for {allowed}; got {request.Method}."), StatusCodes.Status405MethodNotAllowed);
    }
}
