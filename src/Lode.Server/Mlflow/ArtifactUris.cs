using Lode.Core;
using Lode.Tracking;

namespace Lode.Server.Mlflow;

/// <summary>MLflow's rules for paths of artifacts in requests.</summary>
internal static class ArtifactUris
{
    private const int MaxDecodings = 16;

    /// <summary>A path as a request says it: URL-decoded until nothing changes, so that nothing forbidden hides in it.</summary>
    /// <exception cref="LodeException">InvalidArgument: as <see cref="ArtifactPath.Parse"/>, or it holds a <c>#</c>; in MLflow's words, which clients compare.</exception>
    public static string ParsePath(string? text)
    {
        var path = text ?? "";
        for (var i = 0; Uri.UnescapeDataString(path) is var decoded && decoded != path; i++)
            path = i < MaxDecodings ? decoded : throw Invalid();
        return !path.Contains('#', StringComparison.Ordinal) && ArtifactPath.TryParse(path, out var parsed) ? parsed : throw Invalid();
    }

    /// <summary>Where in our tree a path below an artifact URI lies.</summary>
    /// <exception cref="LodeException">InvalidArgument: the URI is of another scheme, whose bytes the client fetches itself.</exception>
    public static string Resolve(string uri, string path) => ArtifactPath.OfUri(uri) is { } root
        ? ArtifactPath.Join(root, path)
        : throw new LodeException(ErrorCode.InvalidArgument, $"The artifacts lie at {uri}, outside this server.", "Fetch them from there.");

    private static LodeException Invalid() => new(ErrorCode.InvalidArgument, "Invalid path");
}
