using System.Globalization;
using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>A trial's checkpoint: the files that it goes on from when it is given out again, among its run's artifacts.</summary>
/// <param name="stores">Where they go.</param>
/// <param name="study">The trial's study.</param>
/// <param name="trial">The trial, as it was given out.</param>
/// <param name="folder">Its own checkpoint folder: what lies here is kept, and what was kept is laid here.</param>
/// <param name="patterns">Other files to keep.</param>
internal sealed class TrialCheckpoint(AgentStores stores, StudyId study, TrialInfo trial, string folder, IReadOnlyList<string> patterns)
{
    private const string Place = "checkpoints";

    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(1);

    private string _seen = "";
    private string? _last = trial.Checkpoint;
    private string? _root;
    private int _count;

    /// <summary>Lays what was kept into the folder.</summary>
    /// <exception cref="LodeException">Unavailable: the server is away. Others: it is not there, or the disk takes nothing.</exception>
    public async Task RestoreAsync(CancellationToken ct)
    {
        if (_last is null || await RootAsync(ct).ConfigureAwait(false) is not { } root)
            return;
        foreach (var file in await FilesAsync(ArtifactPath.Join(root, _last), ct).ConfigureAwait(false))
        {
            var target = Path.Combine(folder, file[(root.Length + _last.Length + 2)..]);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await using var kept = (await stores.Artifacts.OpenAsync(file, ct).ConfigureAwait(false)).Stream;
            await using var content = File.Create(target);
            await kept.CopyToAsync(content, ct).ConfigureAwait(false);
        }
        _seen = Look(TimeSpan.Zero, DateTimeOffset.MaxValue)?.Seen ?? "";
    }

    /// <summary>Keeps the files where they changed.</summary>
    /// <param name="step">How far the program is, as it said itself; null = it has not said.</param>
    /// <param name="now">The file system's clock; null = the program has ended, so nobody writes any more.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="LodeException">Conflict: the lease is lost. Unavailable: the server is away.</exception>
    public async Task KeepAsync(long? step, DateTimeOffset? now, CancellationToken ct)
    {
        if (Look(s_settled, now ?? DateTimeOffset.MaxValue) is not { Files.Count: > 0 } found || found.Seen == _seen || await RootAsync(ct).ConfigureAwait(false) is not { } root)
            return;
        var path = string.Create(CultureInfo.InvariantCulture, $"{Place}/{trial.Attempt}-{++_count}");
        foreach (var (name, file) in found.Files)
        {
            await using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await stores.Artifacts.PutAsync($"{root}/{path}/{name}", content, ct).ConfigureAwait(false);
        }
        // Written to meanwhile: half of it may be of the next one.
        if (Look(TimeSpan.Zero, DateTimeOffset.MaxValue)?.Seen == found.Seen)
        {
            await stores.Studies.CheckpointAsync(study, trial.Number, new CheckpointRequest { Attempt = trial.Attempt, Path = path, Step = step }, ct).ConfigureAwait(false);
            (_seen, path, _last) = (found.Seen, _last, path);
        }
        if (path is null)
            return;
        foreach (var old in await FilesAsync(ArtifactPath.Join(root, path), ct).ConfigureAwait(false))
            await stores.Artifacts.DeleteAsync(old, ct).ConfigureAwait(false);
    }

    // Where its run's artifacts are; null where that is out of the server's reach. Few trials have checkpoints, so it is asked for late.
    private async Task<string?> RootAsync(CancellationToken ct) => _root ??= ArtifactPath.OfUri((await stores.Runs.GetRunAsync(trial.Run!.Value, ct).ConfigureAwait(false)).ArtifactUri);

    // Null while one of them is being written, or goes while it is looked at.
    private (SortedDictionary<string, string> Files, string Seen)? Look(TimeSpan settled, DateTimeOffset now)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
                files[Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/')] = file;
            foreach (var file in patterns.SelectMany(Globs.Find))
                files[Path.IsPathRooted(file) || file.StartsWith("..", StringComparison.Ordinal) ? Path.GetFileName(file) : file] = file;
            var seen = new StringBuilder();
            foreach (var (name, file) in files)
            {
                var info = new FileInfo(file);
                if (now != DateTimeOffset.MaxValue && now - info.LastWriteTimeUtc < settled)
                    return null;
                seen.Append(CultureInfo.InvariantCulture, $"{name}\n{info.Length}\n{info.LastWriteTimeUtc.Ticks}\n");
            }
            return (files, seen.ToString());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<string>> FilesAsync(string path, CancellationToken ct)
    {
        var files = new List<string>();
        foreach (var entry in await stores.Artifacts.ListAsync(path, ct).ConfigureAwait(false))
        {
            if (entry.IsFolder)
                files.AddRange(await FilesAsync(entry.Path, ct).ConfigureAwait(false));
            else
                files.Add(entry.Path);
        }
        return files;
    }
}
