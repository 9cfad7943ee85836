using Lode.Core;
using Lode.Learning;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>A model file as a person names it: a file, a run that made one, or a registered version.</summary>
internal static class ModelSource
{
    /// <summary>Where a search puts its model among its run's files.</summary>
    public const string RunPath = "model/model.lode";

    private const string RegistryScheme = "models:/";

    /// <summary>What an argument's help says.</summary>
    public const string Help = "A model file; a run that made one (@last, a name, an id); models:/NAME@ALIAS or models:/NAME/3.";

    /// <summary>The model, checked by its hash.</summary>
    /// <exception cref="LodeException">NotFound: no such file, run or version. InvalidArgument: it is no model file, of a later version, or damaged.</exception>
    public static async Task<ModelBundle> OpenAsync(CommandContext context, string reference, string? project, CancellationToken ct) =>
        ModelBundle.FromBytes(await ReadAsync(context, reference, project, ct));

    /// <summary>The file's bytes.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public static async Task<byte[]> ReadAsync(CommandContext context, string reference, string? project, CancellationToken ct)
    {
        if (File.Exists(reference))
            return await ReadFileAsync(reference, ct);
        if (Directory.Exists(reference))
            throw new LodeException(ErrorCode.InvalidArgument, $"'{reference}' is a folder; a model file is needed.");
        if (IsPath(reference))
            throw new LodeException(ErrorCode.NotFound, $"There is no file '{reference}'.", "A model is written by `lode automl --out FILE`; or name a run, for example @last.");
        await using var access = await context.OpenStoreAsync(ct);
        return reference.StartsWith(RegistryScheme, StringComparison.Ordinal)
            ? await OfVersionAsync(access, reference, ct)
            : await OfRunAsync(access, reference, project, ct);
    }

    /// <summary>Whether it can only mean a file.</summary>
    public static bool IsPath(string reference) => !reference.StartsWith(RegistryScheme, StringComparison.Ordinal) && !reference.StartsWith('@')
        && (reference.EndsWith(".lode", StringComparison.OrdinalIgnoreCase) || reference.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal));

    private static async Task<byte[]> ReadFileAsync(string path, CancellationToken ct)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, ct);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LodeException(error is UnauthorizedAccessException ? ErrorCode.PermissionDenied : ErrorCode.Unavailable, $"The file '{path}' cannot be read: {error.Message.TrimEnd('.')}.", null, error);
        }
    }

    private static async Task<byte[]> OfRunAsync(StoreAccess access, string reference, string? project, CancellationToken ct)
    {
        var run = await RunReference.ResolveAsync(access.Store, await CommandContext.ProjectsAsync(access.Store, project, ct), reference, ct);
        // A candidate's model is its search's.
        if (run.Tags.GetValueOrDefault("lode.kind") == "automl-candidate" && RunId.TryParse(run.Tags.GetValueOrDefault(RunTags.Parent), null, out var parent))
            run = await access.Store.GetRunAsync(parent, ct);
        var root = ArtifactPath.OfUri(run.ArtifactUri) ?? throw new LodeException(ErrorCode.NotImplemented, $"The artifacts of run '{run.Name}' lie at {run.ArtifactUri}, outside this server.", "Fetch the model from there.");
        return await ReadArtifactAsync(access, ArtifactPath.Join(root, RunPath), ct)
            ?? throw new LodeException(ErrorCode.NotFound, $"Run '{run.Name}' has no model at {RunPath}.", "`lode artifact ls` lists its files; fetch a model with `lode artifact get`.");
    }

    private static async Task<byte[]> OfVersionAsync(StoreAccess access, string reference, CancellationToken ct)
    {
        var version = await ModelReference.Parse(reference[RegistryScheme.Length..].TrimStart('/')).ResolveAsync(access.Registry, ct);
        var root = ArtifactPath.OfUri(version.Source) ?? throw new LodeException(ErrorCode.NotImplemented, $"{version.Model}/{version.Version} lies at {version.Source}, outside this server.", "Fetch it from there and name the file.");
        foreach (var path in (string[])["", "model.lode", RunPath])
        {
            if (await ReadArtifactAsync(access, ArtifactPath.Join(root, path), ct) is { } bytes)
                return bytes;
        }
        throw new LodeException(ErrorCode.NotFound, $"{version.Model}/{version.Version} holds no model.lode.", "Only models of `lode automl` predict here; `lode model show` says where it comes from.");
    }

    private static async Task<byte[]?> ReadArtifactAsync(StoreAccess access, string path, CancellationToken ct)
    {
        if (await access.Artifacts.FindAsync(path, ct) is not { IsFolder: false })
            return null;
        await using var content = (await access.Artifacts.OpenAsync(path, ct)).Stream;
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, ct);
        return bytes.ToArray();
    }
}
