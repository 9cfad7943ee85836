using System.Net;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;

namespace Lode.Server;

/// <summary>
/// Keeps other web sites out of a server without sign-in: requests under a foreign host name (DNS rebinding) and
/// changes sent by a page of another origin are refused.
/// </summary>
internal sealed class RequestGuard(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "SAMEORIGIN";
        if (!IsLoopback(request.Host.Host))
            await RefuseAsync(context, $"This server is for this machine only; it does not answer to the name '{request.Host.Host}'.");
        else if (IsChange(request.Method) && IsForeign(request))
            await RefuseAsync(context, $"Cross-origin request blocked: {request.Headers.Origin} may not change anything here.");
        else
            await next(context);
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static bool IsChange(string method) => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    private static bool IsForeign(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    private static Task RefuseAsync(HttpContext context, string message)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsJsonAsync(new ErrorBody(ErrorDetail.Of(new LodeException(ErrorCode.PermissionDenied, message))), TrackingJson.Default.ErrorBody);
    }
}
