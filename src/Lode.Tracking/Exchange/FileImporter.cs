using System.Security.Cryptography;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>Brings files into a store. A file that is there already is never changed.</summary>
/// <remarks>Used by one thread.</remarks>
/// <param name="store">Where to.</param>
public sealed class FileImporter(IArtifactStore store)
{
    private readonly List<ImportClash> _clashes = [];
    private readonly List<string> _damaged = [];
    private int _files;
    private int _unchanged;
    private long _bytes;

    /// <summary>Takes a file of an export.</summary>
    /// <param name="target">Its path here.</param>
    /// <param name="file">What the export says of it.</param>
    /// <param name="contents">Its bytes.</param>
    /// <param name="ct">Stops it.</param>
    internal async Task AddAsync(string target, ExportedFile file, ContentFolder contents, CancellationToken ct)
    {
        if (await store.FindAsync(target, ct).ConfigureAwait(false) is { } here)
        {
            Compare(here, file.Hash);
            return;
        }
        if (await contents.ProblemAsync(file.Hash, file.Size, ct).ConfigureAwait(false) is { } problem)
        {
            _damaged.Add($"{target}: {problem}");
            return;
        }
        await using var stream = contents.Open(file.Hash);
        await PutAsync(target, stream, ct).ConfigureAwait(false);
    }

    /// <summary>Takes a local file.</summary>
    /// <param name="target">Its path here.</param>
    /// <param name="path">The local file.</param>
    /// <param name="ct">Stops it.</param>
    public async Task AddAsync(string target, string path, CancellationToken ct)
    {
        try
        {
            await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            if (await store.FindAsync(target, ct).ConfigureAwait(false) is { } here)
                Compare(here, here.IsFolder || here.Size != stream.Length ? "" : Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, ct).ConfigureAwait(false)));
            else
                await PutAsync(target, stream, ct).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _damaged.Add($"{target}: {path} cannot be read: {error.Message.TrimEnd('.')}");
        }
    }

    /// <summary>Adds what came of it to a report.</summary>
    public ImportReport End(ImportReport report) => report with
    {
        Files = _files,
        FileBytes = _bytes,
        UnchangedFiles = _unchanged,
        Clashes = [.. report.Clashes, .. _clashes],
        Damaged = _damaged,
    };

    private void Compare(Artifact here, string hash)
    {
        if (here.Hash == hash)
            _unchanged++;
        else
            _clashes.Add(new ImportClash($"file {here.Path}", here.IsFolder ? "a folder here, a file there" : "other bytes"));
    }

    private async Task PutAsync(string target, Stream stream, CancellationToken ct)
    {
        try
        {
            var put = await store.PutAsync(target, stream, ct).ConfigureAwait(false);
            (_files, _bytes) = (_files + 1, _bytes + put.Size);
        }
        catch (LodeException error) when (error.Code is ErrorCode.Conflict or ErrorCode.InvalidArgument)
        {
            _clashes.Add(new ImportClash($"file {target}", error.Message.TrimEnd('.')));
        }
    }
}
