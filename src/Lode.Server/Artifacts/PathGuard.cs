using Lode.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Lode.Server;

/// <summary>Refuses paths with <c>..</c> parts: the server would resolve them before anybody sees them, and answer for another path than was asked.</summary>
internal sealed class PathGuard(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return HasParent(query < 0 ? target : target[..query])
            ? throw new LodeException(ErrorCode.InvalidArgument, "Invalid path: it must not hold '..'.")
            : next(context);
    }

    private static bool HasParent(string path)
    {
        if (!path.Contains("..", StringComparison.Ordinal) && !path.Contains("%2e", StringComparison.OrdinalIgnoreCase))
            return false;
        return Uri.UnescapeDataString(path).Split('/').Contains("..");
    }
}
