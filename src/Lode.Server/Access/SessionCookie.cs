using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Lode.Server;

/// <summary>
/// A browser's proof that it showed the token: an end of validity, signed with a key made from the token. Nothing is remembered by the
/// server, so a restart ends no session and a new token ends all of them.
/// </summary>
internal sealed class SessionCookie(AccessToken token, TimeProvider time)
{
    private const string Name = "lode_session";
    private static readonly TimeSpan s_validity = TimeSpan.FromDays(7);

    public void Give(HttpContext context)
    {
        var until = time.GetUtcNow().Add(s_validity).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        context.Response.Cookies.Append(Name, $"{until}.{Signature(until)}", Options(context.Request, s_validity));
    }

    public static void Take(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context.Request, null));

    public bool IsIn(HttpRequest request)
    {
        if (request.Cookies[Name] is not { } cookie || cookie.IndexOf('.', StringComparison.Ordinal) is var dot && dot < 0)
            return false;
        var until = cookie[..dot];
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(cookie[(dot + 1)..]), Encoding.UTF8.GetBytes(Signature(until)))
            && long.TryParse(until, NumberStyles.None, CultureInfo.InvariantCulture, out var end) && end > time.GetUtcNow().ToUnixTimeSeconds();
    }

    private string Signature(string until) => Base64Url.EncodeToString(token.Sign(Encoding.UTF8.GetBytes(until)));

    // A proxy that speaks TLS says so; a browser then keeps the cookie off plain connections.
    private static CookieOptions Options(HttpRequest request, TimeSpan? age) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps || request.Headers["X-Forwarded-Proto"] == "https",
        Path = "/",
        MaxAge = age,
    };
}
