using System.Security.Cryptography;
using System.Text;
using Lode.Core;

namespace Lode.Server;

/// <summary>A server's secret: who shows it may do everything. It cannot be read back, printed or written to JSON.</summary>
public sealed class AccessToken
{
    /// <summary>Longest token, in characters.</summary>
    public const int MaxLength = 512;

    // Hashes have one length whatever is sent, so comparing them tells nothing of the token, not even its length.
    private readonly byte[] _hash;
    private readonly byte[] _sessionKey;

    private AccessToken(string text)
    {
        _hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        _sessionKey = HMACSHA256.HashData(Encoding.UTF8.GetBytes(text), "lode session"u8);
    }

    /// <summary>A token from what a user said; white space around it is dropped.</summary>
    /// <exception cref="LodeException">InvalidArgument: empty, longer than <see cref="MaxLength"/>, or with characters that a header cannot carry. The message does not hold the token.</exception>
    public static AccessToken Parse(string text)
    {
        var token = text.Trim();
        if (token.Length is 0 or > MaxLength || !token.All(letter => letter is > ' ' and < '\x7f'))
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"A token is 1 to {MaxLength} visible ASCII characters without spaces; got {token.Length} characters that are not.",
                "Make one with `openssl rand -hex 32`.");
        }
        return new AccessToken(token);
    }

    /// <summary>Whether this is the token; takes the same time whatever differs.</summary>
    public bool Matches(ReadOnlySpan<char> text)
    {
        if (text.Length > MaxLength)
            return false;
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(MaxLength)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(text, bytes)], hash);
        return CryptographicOperations.FixedTimeEquals(hash, _hash);
    }

    /// <summary>Signs something for this server to recognise later; another token's signature differs.</summary>
    internal byte[] Sign(ReadOnlySpan<byte> text) => HMACSHA256.HashData(_sessionKey, text);

    /// <summary>Never the token.</summary>
    public override string ToString() => "(token)";
}
