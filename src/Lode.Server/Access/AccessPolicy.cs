using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Lode.Server;

/// <summary>Says who sent a request. The one place where users and their roles will come in.</summary>
/// <remarks><b>Threads.</b> One instance serves all requests. <b>Cost.</b> Asked on every request, so it must not wait.</remarks>
internal interface IAccessPolicy
{
    /// <summary>The sender; null when nobody that may come in.</summary>
    Caller? Identify(HttpRequest request);
}

/// <summary>Who sent a request.</summary>
/// <param name="Name">For people.</param>
internal sealed record Caller(string Name);

/// <summary>Everybody may come in.</summary>
internal sealed class OpenAccess : IAccessPolicy
{
    private static readonly Caller s_anyone = new("anyone");

    public Caller? Identify(HttpRequest request) => s_anyone;
}

/// <summary>Who shows the token may come in: as a bearer token, as the password of basic authentication with any user name, or by a session's cookie.</summary>
internal sealed class TokenAccess(AccessToken token, SessionCookie session) : IAccessPolicy
{
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";
    private static readonly Caller s_holder = new("token");

    public Caller? Identify(HttpRequest request)
    {
        var sent = request.Headers.Authorization;
        if (sent.Count == 0)
            return session.IsIn(request) ? s_holder : null;
        var text = sent[0].AsSpan();
        if (text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return token.Matches(text[Bearer.Length..].Trim()) ? s_holder : null;
        return text.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) && IsPassword(text[Basic.Length..].Trim()) ? s_holder : null;
    }

    private bool IsPassword(ReadOnlySpan<char> credentials)
    {
        if (credentials.Length > 4096)
            return false;
        var bytes = ArrayPool<byte>.Shared.Rent(4096 * 3);
        try
        {
            if (Base64.DecodeFromUtf8InPlace(bytes.AsSpan(0, Encoding.UTF8.GetBytes(credentials, bytes)), out var count) != OperationStatus.Done)
                return false;
            var colon = bytes.AsSpan(0, count).IndexOf((byte)':');
            return colon >= 0 && token.Matches(Encoding.UTF8.GetString(bytes, colon + 1, count - colon - 1));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        }
    }
}
