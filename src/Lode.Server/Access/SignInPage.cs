using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Lode.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server;

/// <summary>Where people type the token: a form without script, that leaves a session's cookie behind.</summary>
internal static class SignInPage
{
    public const string Path = "/sign-in";
    private const int MaxForm = 16 << 10;

    private const string Style =
        "body{font:16px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;color-scheme:light dark}"
        + "form{display:grid;gap:.75rem;width:min(20rem,90vw)}h1{font-size:1.25rem;margin:0}input,button{font:inherit;padding:.5rem .75rem}p{margin:0}";

    private static readonly string s_contentPolicy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void Map(IEndpointRouteBuilder root, AccessToken? token, SessionCookie? session)
    {
        root.MapGet(Path, context => ShowAsync(context, token)).OpenToAll();
        root.MapPost(Path, context => SignInAsync(context, token, session)).OpenToAll();
        root.MapPost("/sign-out", SignOutAsync).OpenToAll();
    }

    /// <summary>Whether a request is a person's browser asking for a page.</summary>
    public static bool Suits(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && !request.Path.StartsWithSegments("/api") && !request.Path.StartsWithSegments("/ajax-api")
        && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    public static void SendThere(HttpContext context) =>
        context.Response.Redirect($"{Path}?to={UrlEncoder.Default.Encode(context.Request.Path + context.Request.QueryString)}");

    private static Task ShowAsync(HttpContext context, AccessToken? token)
    {
        if (token is not null)
            return WriteAsync(context, Target(context.Request.Query["to"]), null);
        context.Response.Redirect("/");
        return Task.CompletedTask;
    }

    private static Task SignOutAsync(HttpContext context)
    {
        SessionCookie.Take(context);
        SendOn(context, Path);
        return Task.CompletedTask;
    }

    private static async Task SignInAsync(HttpContext context, AccessToken? token, SessionCookie? session)
    {
        var request = context.Request;
        if (token is null || session is null)
        {
            SendOn(context, "/");
            return;
        }
        var form = await ReadAsync(request, context.RequestAborted);
        var target = Target(form["to"]);
        if (!token.Matches(form["token"].ToString().Trim()))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await WriteAsync(context, target, "That is not this server's token.");
            return;
        }
        session.Give(context);
        SendOn(context, target);
    }

    private static async Task<IFormCollection> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength is null or > MaxForm || request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
            throw new LodeException(ErrorCode.InvalidArgument, "The sign-in form is sent as application/x-www-form-urlencoded with the field 'token'.");
        try
        {
            return await request.ReadFormAsync(ct);
        }
        catch (InvalidDataException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"The sign-in form is not understood: {error.Message}");
        }
    }

    private static void SendOn(HttpContext context, string target)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = target;
    }

    // Only a path of this server: what begins with two slashes, or a slash and a backslash, browsers take for another host.
    private static string Target(string? to) =>
        to is ['/', ..] && !(to.Length > 1 && to[1] is '/' or '\\') && to.All(letter => letter is >= ' ' and < '\x7f' and not '\\') && !to.StartsWith(Path, StringComparison.Ordinal) ? to : "/";

    private static Task WriteAsync(HttpContext context, string target, string? trouble)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = s_contentPolicy;
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in · Lode</title><style>{Style}</style></head>
            <body><main><form method="post" action="{Path}">
            <h1>Sign in to Lode</h1>
            {(trouble is null ? "" : $"<p role=\"alert\">{trouble}</p>")}
            <label for="token">Token</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
            <input type="hidden" name="to" value="{HtmlEncoder.Default.Encode(target)}">
            <button>Sign in</button>
            <p><small>The server was started with it: <code>lode up --token</code> or <code>LODE_TOKEN</code>.</small></p>
            </form></main></body></html>
            """);
    }
}
