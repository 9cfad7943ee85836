using System.Text;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>What paths of artifacts look like: relative, parts joined by <c>/</c>, the same on every system that may fetch them.</summary>
public static class ArtifactPath
{
    /// <summary>Longest path, in bytes of UTF-8: what a database's index takes.</summary>
    public const int MaxLength = 2000;

    private const string OwnScheme = "mlflow-artifacts:";

    /// <summary>A path without doubled slashes, <c>.</c> parts and slashes at its end. The tree's root is empty.</summary>
    /// <exception cref="LodeException">InvalidArgument: absolute, too long, with a <c>..</c> part, a backslash, a drive or the character NUL.</exception>
    public static string Parse(string text)
    {
        if (!TryParse(text, out var path))
            throw Invalid(text);
        return Encoding.UTF8.GetByteCount(path) <= MaxLength ? path : throw new LodeException(ErrorCode.InvalidArgument, $"A path has at most {MaxLength} bytes; got {Encoding.UTF8.GetByteCount(path)}.");
    }

    /// <summary>As <see cref="Parse"/>, for a path of any length; false where it leaves its place.</summary>
    public static bool TryParse(string text, out string path)
    {
        path = "";
        if (text.StartsWith('/') || text.Contains('\\', StringComparison.Ordinal) || text.Contains('\0', StringComparison.Ordinal) || HasDrive(text))
            return false;
        var parts = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        path = string.Join('/', parts.Where(part => part != "."));
        return Array.IndexOf(parts, "..") < 0;
    }

    /// <summary>The path of a file or folder below another.</summary>
    public static string Join(string folder, string path) => folder.Length == 0 ? path : path.Length == 0 ? folder : $"{folder}/{path}";

    /// <summary>The folder that a path lies in; empty for the root.</summary>
    public static string FolderOf(string path) => path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : "";

    /// <summary>Where in the tree an artifact URI points; null for one of another scheme, whose bytes lie elsewhere.</summary>
    /// <param name="uri">For example <c>mlflow-artifacts:/0/3f2a…/artifacts</c>.</param>
    public static string? OfUri(string uri)
    {
        if (!uri.StartsWith(OwnScheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var rest = uri.AsSpan(OwnScheme.Length);
        if (rest.StartsWith("//"))
        {
            // A host: the server's own, as the client reached it.
            rest = rest[2..];
            rest = rest.IndexOf('/') is var slash and >= 0 ? rest[slash..] : "";
        }
        return Parse(rest.TrimStart('/').ToString());
    }

    private static bool HasDrive(string text) => text.Length > 1 && text[1] == ':' && char.IsAsciiLetter(text[0]) && (text.Length == 2 || text[2] == '/');

    private static LodeException Invalid(string text) => new(ErrorCode.InvalidArgument,
        $"Invalid path '{(text.Length > 200 ? text[..200] + "…" : text).Replace("\0", "\\0", StringComparison.Ordinal)}': it must be relative, without '..', backslashes and drives.");
}
