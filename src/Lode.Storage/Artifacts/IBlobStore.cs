using Lode.Core;

namespace Lode.Storage;

/// <summary>Keeps bytes under their SHA-256. Which of them are needed is not its business.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently, from several processes.</remarks>
public interface IBlobStore
{
    /// <summary>A local folder for bytes on their way in.</summary>
    string DraftFolder { get; }

    /// <summary>Takes a draft in, whole or not at all; durable when it returns. What was there under its hash, perhaps damaged, is replaced.</summary>
    /// <exception cref="LodeException">Unavailable or PermissionDenied: it cannot be written.</exception>
    Task PlaceAsync(BlobDraft draft, CancellationToken ct);

    /// <summary>Opens a blob; the stream can seek.</summary>
    /// <exception cref="LodeException">DataLoss: it is not there.</exception>
    Task<Stream> OpenAsync(string hash, CancellationToken ct);

    /// <summary>Whether a blob is there.</summary>
    bool Contains(string hash);

    /// <summary>Removes a blob, if it is there. Streams that are open stay readable.</summary>
    void Delete(string hash);

    /// <summary>Every blob there is.</summary>
    IAsyncEnumerable<StoredBlob> ListAsync(CancellationToken ct);
}

/// <summary>A blob that lies in a store.</summary>
/// <param name="Hash">64 lower-case hexadecimal digits.</param>
/// <param name="Size">Bytes.</param>
public readonly record struct StoredBlob(string Hash, long Size);
