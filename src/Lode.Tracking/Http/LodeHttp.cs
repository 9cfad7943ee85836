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
        token ??= Environment.GetEnvironmentVariable(TokenVariable)?.Trim();
        // A server that listens on every address is reached on this machine's own.
        if (address.Host is "0.0.0.0" or "[::]")
            address = new UriBuilder(address) { Host = address.Host == "0.0.0.0" ? "127.0.0.1" : "[::1]" }.Uri;
        var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(100) };
        if (!string.IsNullOrEmpty(token))
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }
}
