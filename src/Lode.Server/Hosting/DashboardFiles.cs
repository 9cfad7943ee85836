using System.Collections.Frozen;
using System.Reflection;
using Lode.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticFiles;

namespace Lode.Server;

/// <summary>The dashboard, out of the program itself. Every path that is no file and no API is a page of the dashboard's own.</summary>
internal static class DashboardFiles
{
    private const string Prefix = "dashboard/";

    // Everything from here and nothing from elsewhere: no script, font or picture of another host can be asked for.
    private const string ContentPolicy = "default-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'";

    private static readonly FrozenDictionary<string, string> s_files = typeof(DashboardFiles).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..], name => name);

    private static readonly FileExtensionContentTypeProvider s_types = new();

    public static void Map(IEndpointRouteBuilder root) => root.MapGet("/{**path}", Send);

    private static FileStreamHttpResult Send(string? path, HttpContext context)
    {
        var headers = context.Response.Headers;
        if (path is not null && s_files.TryGetValue(path, out var resource) && path != "index.html")
        {
            // Names of built files carry their content's hash.
            headers.CacheControl = path.StartsWith("assets/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
            return TypedResults.Stream(Open(resource), s_types.TryGetContentType(path, out var type) ? type : "application/octet-stream");
        }
        if (path is not null && path.StartsWith("assets/", StringComparison.Ordinal))
            throw new LodeException(ErrorCode.NotFound, $"There is no file /{path}.");
        if (!s_files.TryGetValue("index.html", out var index))
            throw new LodeException(ErrorCode.NotImplemented, "This lode was built without its dashboard.", "Build it with Node.js 20 or newer on the path.");
        headers.CacheControl = "no-cache";
        headers.ContentSecurityPolicy = ContentPolicy;
        return TypedResults.Stream(Open(index), "text/html; charset=utf-8");
    }

    private static Stream Open(string resource) => Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
}
