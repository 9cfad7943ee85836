using System.Net.Http.Headers;

namespace Lode.Tracking;

/// <summary>Makes clients of servers.</summary>
public static class LodeHttp
{
    /// <summary>The environment variable that holds the server's token, for servers and for clients.</summary>
    public const string TokenVariable = "LODE_TOKEN";

    /// <summary>A client of a server, for <see cref="HttpRunStore"/>; the caller disposes it.</summary>
    /// <param name="address">The server, for example <c>http://127.0.0.1:5633/</c>.</param>
    /// <param name="token">What the server wants to be shown; null = what <see cref="TokenVariable"/> holds, else nothing.</param>
    public static HttpClient ClientFor(Uri address, string? token = null)
    {
        // A server that listens on every address is reached on this machine's own.
        if (address.Host is "0.0.0.0" or "[::]")
            address = new UriBuilder(address) { Host = address.Host == "0.0.0.0" ? "127.0.0.1" : "[::1]" }.Uri;
        return WithToken(new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(100) }, token);
    }

    /// <summary>A client of several servers of one store; the caller disposes it, and the handler after it.</summary>
    /// <param name="servers">Chooses among them.</param>
    /// <param name="timeout">How long an answer may take.</param>
    public static HttpClient ClientFor(FailoverHandler servers, TimeSpan timeout) => WithToken(new HttpClient(servers, disposeHandler: false) { BaseAddress = servers.Current, Timeout = timeout }, null);

    private static HttpClient WithToken(HttpClient http, string? token)
    {
        token ??= Environment.GetEnvironmentVariable(TokenVariable)?.Trim();
        if (!string.IsNullOrEmpty(token))
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }
}
