using System.Buffers;
using System.Security.Cryptography;
using Lode.Core;

namespace Lode.Storage;

/// <summary>Bytes that came in, in a local file of their own, hashed on the way and flushed to the disk. Disposing removes what was not placed.</summary>
public sealed class BlobDraft : IDisposable
{
    private const int BufferSize = 1 << 18;

    private BlobDraft(string file) => File = file;

    /// <summary>The local file.</summary>
    public string File { get; }

    /// <summary>The SHA-256 of the bytes, 64 lower-case hexadecimal digits.</summary>
    public string Hash { get; private set; } = "";

    /// <summary>Bytes.</summary>
    public long Size { get; private set; }

    /// <summary>Writes a stream to its end into a new draft; holds a quarter of a megabyte of it at a time.</summary>
    /// <param name="folder">Where drafts lie; made where missing.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="ct">Stops the write; nothing is left then.</param>
    /// <exception cref="LodeException">Unavailable or PermissionDenied: the folder cannot be written.</exception>
    public static async Task<BlobDraft> WriteAsync(string folder, Stream content, CancellationToken ct)
    {
        var draft = new BlobDraft(Path.Combine(folder, RunId.New() + ".draft"));
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var file = BlobErrors.Guard(folder, () =>
            {
                Directory.CreateDirectory(folder);
                return new FileStream(draft.File, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            });
            while (await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false) is var length and > 0)
            {
                hash.AppendData(buffer, 0, length);
                await BlobErrors.GuardAsync(folder, () => file.WriteAsync(buffer.AsMemory(0, length), ct)).ConfigureAwait(false);
                draft.Size += length;
            }
            BlobErrors.Guard(folder, () => file.Flush(flushToDisk: true));
            draft.Hash = Convert.ToHexStringLower(hash.GetHashAndReset());
            return draft;
        }
        catch
        {
            draft.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Removes the file, unless it was moved away.</summary>
    public void Dispose()
    {
        try
        {
            System.IO.File.Delete(File);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A collection removes old drafts.
        }
    }
}
