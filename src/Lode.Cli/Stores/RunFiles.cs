using System.Globalization;
using System.Security.Cryptography;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>One run's artifacts, and the local files they come from and go to.</summary>
/// <param name="store">All artifacts.</param>
/// <param name="root">Where the run's begin.</param>
/// <param name="run">The run's name, for messages.</param>
internal sealed class RunFiles(IArtifactStore store, string root, string run)
{
    public async Task ListAsync(CommandContext context, string path, CancellationToken ct)
    {
        var files = await store.ListAsync(Below(path), ct);
        if (files.Count == 0 && path.Length > 0 && await store.FindAsync(Below(path), ct) is not { IsFolder: true })
            throw await NoSuchAsync(path, ct);
        if (context.Json)
        {
            context.Terminal.Json(new ArtifactList([.. files.Select(file => file with { Path = file.Path[(root.Length + 1)..] })]), TrackingJson.Default.ArtifactList);
            return;
        }
        var table = new TextTable("NAME", "BYTES", "SHA-256").Numeric(1);
        foreach (var file in files)
            table.Add(file.IsFolder ? file.Name + "/" : file.Name, file.IsFolder ? "" : file.Size.ToString(CultureInfo.InvariantCulture), file.Hash?[..12] ?? "");
        table.Write(context.Terminal);
    }

    public async Task GetAsync(CommandContext context, string path, string? target, CancellationToken ct)
    {
        var found = await store.FindAsync(Below(path), ct) ?? throw await NoSuchAsync(path, ct);
        var place = Path.GetFullPath(target ?? (ArtifactPath.Parse(path).Length > 0 ? found.Name : run));
        var (files, bytes) = await FetchAsync(found, place, ct);
        Answer(context, place, files, bytes);
    }

    public async Task PutAsync(CommandContext context, string source, string? path, CancellationToken ct)
    {
        var full = Path.GetFullPath(source);
        var target = Below(path ?? Path.GetFileName(full));
        if (target == root && !Directory.Exists(full))
            throw new LodeException(ErrorCode.InvalidArgument, "An artifact's path must not be empty.");
        var (files, bytes) = (0, 0L);
        if (File.Exists(full))
            (files, bytes) = (1, await SendAsync(full, target, ct));
        else if (Directory.Exists(full))
        {
            foreach (var file in Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                bytes += await SendAsync(file, ArtifactPath.Join(target, Path.GetRelativePath(full, file).Replace(Path.DirectorySeparatorChar, '/')), ct);
                files++;
            }
        }
        else
            throw new LodeException(ErrorCode.NotFound, $"there is no file '{source}'");
        Answer(context, target.Length > root.Length ? target[(root.Length + 1)..] : "", files, bytes);
    }

    public async Task RemoveAsync(CommandContext context, string path, CancellationToken ct)
    {
        if (Below(path) == root)
            throw new LodeException(ErrorCode.InvalidArgument, "An artifact's path must not be empty.");
        if (!await store.DeleteAsync(Below(path), ct))
            throw await NoSuchAsync(path, ct);
        if (context.Json)
            context.Terminal.Json(new FilesAnswer(path, null, null), CliJson.Default.FilesAnswer);
        else
            context.Terminal.Out.WriteLine($"deleted {path}");
    }

    private static void Answer(CommandContext context, string path, int files, long bytes)
    {
        if (context.Json)
            context.Terminal.Json(new FilesAnswer(path, files, bytes), CliJson.Default.FilesAnswer);
        else
            context.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {files} file{(files == 1 ? "" : "s")}, {bytes} bytes"));
    }

    private string Below(string path) => ArtifactPath.Join(root, ArtifactPath.Parse(path.Replace(Path.DirectorySeparatorChar, '/')));

    private async Task<(int Files, long Bytes)> FetchAsync(Artifact artifact, string place, CancellationToken ct)
    {
        if (!artifact.IsFolder)
            return (1, await ReceiveAsync(artifact, place, ct));
        var (files, bytes) = (0, 0L);
        Directory.CreateDirectory(place);
        foreach (var child in await store.ListAsync(artifact.Path, ct))
        {
            var (more, size) = await FetchAsync(child, Path.Combine(place, child.Name), ct);
            (files, bytes) = (files + more, bytes + size);
        }
        return (files, bytes);
    }

    private async Task<long> ReceiveAsync(Artifact artifact, string place, CancellationToken ct)
    {
        var part = place + ".part";
        try
        {
            if (Path.GetDirectoryName(place) is { Length: > 0 } folder)
                Directory.CreateDirectory(folder);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (var content = (await store.OpenAsync(artifact.Path, ct)).Stream)
            await using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous))
            {
                var buffer = new byte[1 << 18];
                while (await content.ReadAsync(buffer, ct) is var length and > 0)
                {
                    hash.AppendData(buffer, 0, length);
                    await file.WriteAsync(buffer.AsMemory(0, length), ct);
                }
            }
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != artifact.Hash)
                throw new LodeException(ErrorCode.DataLoss, $"'{artifact.Name}' has other bytes than were stored.", "`lode doctor` says what else is damaged.");
            File.Move(part, place, overwrite: true);
            return artifact.Size;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LodeException(error is UnauthorizedAccessException ? ErrorCode.PermissionDenied : ErrorCode.Unavailable, $"Cannot write '{place}': {error.Message.TrimEnd('.')}.", null, error);
        }
        finally
        {
            if (File.Exists(part))
                File.Delete(part);
        }
    }

    private async Task<long> SendAsync(string file, string path, CancellationToken ct)
    {
        try
        {
            await using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            return (await store.PutAsync(path, content, ct)).Size;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LodeException(error is UnauthorizedAccessException ? ErrorCode.PermissionDenied : ErrorCode.Unavailable, $"Cannot read '{file}': {error.Message.TrimEnd('.')}.", null, error);
        }
    }

    private async Task<LodeException> NoSuchAsync(string path, CancellationToken ct)
    {
        var names = (await store.ListAsync(ArtifactPath.FolderOf(Below(path)), ct)).Select(file => file.Path[(root.Length + 1)..]);
        return new LodeException(ErrorCode.NotFound, $"run '{run}' has no artifact '{path}'", DidYouMean.Nearest(path, names) is { } near ? $"did you mean '{near}'?" : "`lode artifact ls` lists them");
    }
}

/// <summary>The answer to <c>lode artifact get</c>, <c>put</c> and <c>rm</c> with <c>--json</c>.</summary>
/// <param name="Path">Where the files went, or what was deleted.</param>
/// <param name="Files">How many were carried.</param>
/// <param name="Bytes">How many of theirs.</param>
internal sealed record FilesAnswer(string Path, int? Files, long? Bytes);
