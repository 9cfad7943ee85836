using System.Buffers;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Lode.Server;

/// <summary>Files in and out over HTTP, streamed: never held in memory, whatever their size.</summary>
internal static class ArtifactTransfer
{
    private static readonly SearchValues<char> s_plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>
    /// A file as a download: ranges and conditions by its hash, never shown by the browser as a page of this server's own.
    /// </summary>
    /// <exception cref="LodeException">NotFound: there is no such file.</exception>
    public static async Task<FileStreamHttpResult> SendAsync(HttpContext context, IArtifactStore store, string path, CancellationToken ct)
    {
        var (artifact, stream) = await store.OpenAsync(path, ct);
        var headers = context.Response.Headers;
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(artifact.Name);
        // The second form is for what the first cannot hold.
        if (!artifact.Name.AsSpan().ContainsAnyExcept(s_plain))
            disposition.FileNameStar = default;
        headers.ContentDisposition = disposition.ToString();
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        headers.CacheControl = "no-cache";
        return TypedResults.Stream(stream, ArtifactContentTypes.Of(artifact.Name), null, DateTimeOffset.FromUnixTimeMilliseconds(artifact.WrittenAt), Tag(artifact), enableRangeProcessing: true);
    }

    /// <summary>Takes a request's body as a file, and says its hash in the answer's ETag.</summary>
    public static async Task<Artifact> ReceiveAsync(HttpContext context, IArtifactStore store, ServerOptions options, string path, CancellationToken ct)
    {
        // The server's bound on bodies is for requests that are held in memory.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = options.MaxUploadBytes;
        var artifact = await store.PutAsync(path, context.Request.Body, ct);
        context.Response.Headers.ETag = Tag(artifact).ToString();
        return artifact;
    }

    private static EntityTagHeaderValue Tag(Artifact artifact) => new($"\"{artifact.Hash}\"");
}
