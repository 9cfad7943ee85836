using System.Buffers;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlModelRegistry
{
    private const string ModelsScheme = "models:/";

    private static readonly SearchValues<char> s_schemeLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    /// <summary>Where a new version's files lie, and which run made it.</summary>
    private static (string Location, string? Run) Resolve(SqlSession sql, NewModelVersion version)
    {
        var (source, run) = (version.Source, version.RunId);
        if (string.IsNullOrEmpty(source))
            throw new LodeException(ErrorCode.InvalidArgument, "Missing value for required parameter 'source'.");
        if (IsPrompt(version))
            return (source, run);
        (string ArtifactUri, string? Run)? own = version.ModelId is { Length: > 0 } id ? FindLogged(sql, id) : null;
        if (LocalPath(source) is { } path)
            RefuseForeign(path, version, own is { } place ? place.ArtifactUri : RunArtifacts(sql, version.RunId));
        else
            RefuseRelative(source);
        run = string.IsNullOrEmpty(run) ? own?.Run ?? run : run;
        if (!source.StartsWith(ModelsScheme, StringComparison.Ordinal))
            return (source, run);
        var target = source[ModelsScheme.Length..].Trim('/');
        if (target.Contains('/', StringComparison.Ordinal) || target.Contains('@', StringComparison.Ordinal))
            return (OtherVersion(sql, source, target), run);
        var logged = FindLogged(sql, target);
        return (logged.ArtifactUri, string.IsNullOrEmpty(run) ? logged.Run ?? run : run);
    }

    private static string OtherVersion(SqlSession sql, string source, string target)
    {
        var split = target.LastIndexOfAny(['/', '@']);
        var (name, end) = (target[..split], target[(split + 1)..]);
        if (target[split] == '@')
        {
            var id = sql.Scalar<long?>("SELECT id FROM registered_model WHERE name = @0", name) ?? throw NoModel(name);
            return Location(sql, name, AliasTarget(sql, id, name, end) ?? throw new LodeException(ErrorCode.NotFound, $"Registered model alias {end} not found."));
        }
        return long.TryParse(end, out var version)
            ? Location(sql, name, version)
            : throw new LodeException(ErrorCode.InvalidArgument, $"Invalid model version source: '{source}'. It must be models:/ID, models:/NAME/VERSION or models:/NAME@ALIAS.");
    }

    private static string? RunArtifacts(SqlSession sql, string? run) => string.IsNullOrEmpty(run)
        ? null
        : sql.Scalar<string>($"SELECT {SqlSearch.ArtifactUri} FROM run r JOIN project p ON p.id = r.project_id WHERE r.uuid = @0", run)
            ?? throw new LodeException(ErrorCode.NotFound, $"Run with id={run} not found");

    /// <summary>Whoever may name any local path could have the server read it out to him.</summary>
    private static void RefuseForeign(string path, NewModelVersion version, string? artifacts)
    {
        if (artifacts is not null && LocalPath(artifacts) is { } allowed)
        {
            var (inner, outer) = (Path.GetFullPath(path), Path.GetFullPath(allowed).TrimEnd('/'));
            if (inner == outer || inner.StartsWith(outer + "/", StringComparison.Ordinal))
                return;
        }
        throw new LodeException(ErrorCode.InvalidArgument,
            $"Invalid model version source: '{version.Source}'. To use a local path as a model version source, the run_id (or model_id) request parameter has to be specified "
            + "and the local path has to be contained within the artifact directory of that run (or logged model).");
    }

    private static void RefuseRelative(string source)
    {
        var plain = source;
        // Escapes may hide dots, and escapes may hide escapes.
        for (var next = Unescape(plain); next != plain; next = Unescape(plain))
            plain = next;
        var path = plain[(plain.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (path.StartsWith("//", StringComparison.Ordinal))
            path = path.IndexOf('/', 2) is var slash and > 0 ? path[slash..] : "";
        path = path.Split('?', '#')[0];
        if (path.StartsWith('/') && !plain.Contains('\0', StringComparison.Ordinal) && !plain.Split('/', '\\').Contains("..") && !path.Split('/').Contains("."))
            return;
        throw new LodeException(ErrorCode.InvalidArgument, $"Invalid model version source: '{source}'. If supplying a source as an http, https, ftp, object store or mlflow-artifacts URI, its path must be absolute and hold no relative references.");
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    /// <summary>The path that a local source means; null for other URIs.</summary>
    private static string? LocalPath(string source)
    {
        var colon = source.IndexOf(':', StringComparison.Ordinal);
        // One letter is a drive.
        var hasScheme = colon > 1 && source.AsSpan(0, colon).IndexOfAnyExcept(s_schemeLetters) < 0;
        if (!hasScheme)
            return source;
        if (!source.AsSpan(0, colon).Equals("file", StringComparison.OrdinalIgnoreCase))
            return null;
        var path = source[(colon + 1)..];
        if (path.StartsWith("//", StringComparison.Ordinal))
            path = path.IndexOf('/', 2) is var slash and > 0 ? path[slash..] : "/";
        return Uri.UnescapeDataString(path);
    }

    private static bool IsPrompt(NewModelVersion version) => version.Tags.ContainsKey(ModelRules.PromptTag);
}
