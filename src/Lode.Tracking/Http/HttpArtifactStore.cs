using Lode.Core;

namespace Lode.Tracking;

/// <summary>An artifact store on another process, spoken to through the native API.</summary>
/// <param name="http">Its base address is the server's, and its timeout long enough for the files; the caller keeps and disposes it.</param>
public sealed class HttpArtifactStore(HttpClient http) : IArtifactStore
{
    private static readonly TrackingJson s_json = TrackingJson.Default;

    private readonly NativeApi _api = new(http);

    /// <inheritdoc/>
    public async Task<Artifact> PutAsync(string path, Stream content, CancellationToken ct)
    {
        // Not disposed with the request: the stream is the caller's.
        using var body = new StreamContent(new KeptOpen(content));
        return await _api.SendAsync(HttpMethod.Put, FileAddress(path), body, s_json.Artifact, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<Artifact?> FindAsync(string path, CancellationToken ct)
    {
        try
        {
            return await _api.SendAsync(HttpMethod.Get, "artifacts/info?path=" + Uri.EscapeDataString(ArtifactPath.Parse(path)), null, s_json.Artifact, ct).ConfigureAwait(false);
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<OpenArtifact> OpenAsync(string path, CancellationToken ct)
    {
        var response = await _api.OpenAsync(FileAddress(path), ct).ConfigureAwait(false);
        var content = response.Content;
        var artifact = new Artifact
        {
            Path = ArtifactPath.Parse(path),
            Hash = response.Headers.ETag?.Tag.Trim('"'),
            Size = content.Headers.ContentLength ?? 0,
            WrittenAt = content.Headers.LastModified?.ToUnixTimeMilliseconds() ?? 0,
        };
        return new OpenArtifact(artifact, await content.ReadAsStreamAsync(ct).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Artifact>> ListAsync(string folder, CancellationToken ct) =>
        (await _api.SendAsync(HttpMethod.Get, "artifacts?folder=" + Uri.EscapeDataString(ArtifactPath.Parse(folder)), null, s_json.ArtifactList, ct).ConfigureAwait(false)).Artifacts;

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string path, CancellationToken ct)
    {
        try
        {
            await _api.SendAsync<object>(HttpMethod.Delete, FileAddress(path), null, null, ct).ConfigureAwait(false);
            return true;
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return false;
        }
    }

    private static string FileAddress(string path) => "artifacts/files/" + string.Join('/', ArtifactPath.Parse(path).Split('/').Select(Uri.EscapeDataString));

    /// <summary>Reads another stream and leaves it open.</summary>
    private sealed class KeptOpen(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position { get => inner.Position; set => inner.Position = value; }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
