using System.Buffers;
using System.Security.Cryptography;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>The bytes of an export's files, each content once under its hash: <c>FOLDER/ab/abcdef…</c>.</summary>
/// <param name="folder">Made where missing, when the first file comes.</param>
internal sealed class ContentFolder(string folder)
{
    private const int HashLength = 64;
    private const int BufferSize = 1 << 18;
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    /// <summary>Adds a file's bytes; what is there already is not written again.</summary>
    /// <exception cref="LodeException">DataLoss: the store has other bytes than its hash says. PermissionDenied or Unavailable: the folder cannot be written.</exception>
    public async Task AddAsync(IArtifactStore store, Artifact artifact, CancellationToken ct)
    {
        var place = PathOf(artifact.Hash!);
        if (new FileInfo(place) is { Exists: true } there && there.Length == artifact.Size)
            return;
        var draft = $"{place}.{Environment.ProcessId}.partial";
        await using var source = (await store.OpenAsync(artifact.Path, ct).ConfigureAwait(false)).Stream;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(place)!);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous))
            {
                var buffer = new byte[BufferSize];
                while (await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false) is var length and > 0)
                {
                    hash.AppendData(buffer, 0, length);
                    await file.WriteAsync(buffer.AsMemory(0, length), ct).ConfigureAwait(false);
                }
            }
            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != artifact.Hash)
                throw new LodeException(ErrorCode.DataLoss, $"The artifact '{artifact.Path}' has other bytes than were stored.", "`lode doctor` says what else is damaged; --no-artifacts exports without files.");
            File.Move(draft, place, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw DataFolder.CannotWrite(place, error);
        }
        finally
        {
            if (File.Exists(draft))
                File.Delete(draft);
        }
    }

    /// <summary>Why a content cannot be taken; null where its bytes are there, whole.</summary>
    public async Task<string?> ProblemAsync(string hash, long size, CancellationToken ct)
    {
        if (hash.Length != HashLength || hash.AsSpan().ContainsAnyExcept(s_digits))
            return $"'{hash}' is no hash";
        try
        {
            await using var stream = Open(hash);
            return stream.Length != size ? $"{PathOf(hash)} has {stream.Length} bytes where {size} were exported"
                : Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, ct).ConfigureAwait(false)) != hash ? $"{PathOf(hash)} has other bytes than were exported"
                : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"{PathOf(hash)} is missing";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{PathOf(hash)} cannot be read: {error.Message.TrimEnd('.')}";
        }
    }

    public FileStream Open(string hash) => new(PathOf(hash), FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);

    private string PathOf(string hash) => System.IO.Path.Combine(folder, hash[..2], hash);
}
