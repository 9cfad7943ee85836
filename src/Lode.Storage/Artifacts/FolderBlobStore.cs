using System.Runtime.CompilerServices;
using Lode.Core;

namespace Lode.Storage;

/// <summary>Blobs as files: <c>FOLDER/ab/abcdef…</c>, read-only, each put there by a rename.</summary>
/// <param name="folder">Made where missing, when the first blob comes.</param>
public sealed class FolderBlobStore(string folder) : IBlobStore
{
    private const int HashLength = 64;

    /// <inheritdoc/>
    public string DraftFolder { get; } = Path.Combine(folder, "drafts");

    /// <inheritdoc/>
    public Task PlaceAsync(BlobDraft draft, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        BlobErrors.Guard(folder, () =>
        {
            var file = FileOf(draft.Hash);
            var shard = Path.GetDirectoryName(file)!;
            var isNew = !Directory.Exists(shard);
            Directory.CreateDirectory(shard);
            File.Move(draft.File, file, overwrite: true);
            // A rename is durable when the folder is.
            FolderSync.Flush(shard);
            if (isNew)
                FolderSync.Flush(folder);
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(string hash, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult<Stream>(new FileStream(FileOf(hash), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LodeException(ErrorCode.DataLoss, $"The bytes of blob {hash} are missing from '{folder}'.", "Upload the file again, or restore the folder from a backup.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LodeException(ErrorCode.Unavailable, $"Cannot read blob {hash} in '{folder}': {error.Message.TrimEnd('.')}.", null, error);
        }
    }

    /// <inheritdoc/>
    public bool Contains(string hash) => File.Exists(FileOf(hash));

    /// <inheritdoc/>
    public void Delete(string hash) => BlobErrors.Guard(folder, () =>
    {
        if (Directory.Exists(Path.Combine(folder, hash[..2])))
            File.Delete(FileOf(hash));
    });

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredBlob> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        if (!Directory.Exists(folder))
            yield break;
        foreach (var shard in new DirectoryInfo(folder).EnumerateDirectories("??"))
        {
            foreach (var file in shard.EnumerateFiles())
            {
                ct.ThrowIfCancellationRequested();
                if (file.Name.Length == HashLength)
                    yield return new StoredBlob(file.Name, file.Length);
            }
        }
    }

    private string FileOf(string hash) => Path.Combine(folder, hash[..2], hash);
}
