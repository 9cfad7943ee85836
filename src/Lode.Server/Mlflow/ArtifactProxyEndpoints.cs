using System.Globalization;
using System.Text.Json;
using Lode.Core;
using Lode.Storage;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>
/// The tree of artifacts as MLflow's clients reach it for URIs <c>mlflow-artifacts:/…</c>. An upload in parts keeps its parts as
/// files of that tree, in a folder of its own, until it is complete.
/// </summary>
internal static class ArtifactProxyEndpoints
{
    private const int MaxParts = 10_000;

    public static void Map(IEndpointRouteBuilder proxy)
    {
        proxy.MapGet("/artifacts", ListAsync);
        proxy.MapMethods("/artifacts/{**path}", ["GET", "HEAD"], GetAsync).Streams();
        proxy.MapPut("/artifacts/{**path}", PutAsync).Streams();
        proxy.MapDelete("/artifacts/{**path}", DeleteAsync);
        proxy.MapPost("/mpu/create/{**path}", CreateUploadAsync);
        proxy.MapPost("/mpu/complete/{**path}", CompleteUploadAsync).Streams();
        proxy.MapPost("/mpu/abort/{**path}", AbortUploadAsync);
        proxy.MapGet("/presigned/{**path}", MlflowAnswer (string? path) => throw new LodeException(ErrorCode.NotImplemented, $"There are no presigned downloads here; GET the artifact '{path}' itself."));
    }

    private static async Task<MlflowAnswer> ListAsync(HttpRequest http, IArtifactStore store, CancellationToken ct)
    {
        var files = await store.ListAsync(ArtifactUris.ParsePath(http.Query["path"].ToString()), ct);
        return new MlflowAnswer(json => json.WriteFiles([.. files.Where(file => file.Path != SqlArtifactStore.UploadFolder)], ""));
    }

    private static Task<FileStreamHttpResult> GetAsync(string? path, HttpContext context, IArtifactStore store, CancellationToken ct) => ArtifactTransfer.SendAsync(context, store, ArtifactUris.ParsePath(path), ct);

    private static async Task<MlflowAnswer> PutAsync(string? path, HttpContext context, IArtifactStore store, ServerOptions options, CancellationToken ct)
    {
        await ArtifactTransfer.ReceiveAsync(context, store, options, ArtifactUris.ParsePath(path), ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> DeleteAsync(string? path, IArtifactStore store, CancellationToken ct)
    {
        var parsed = ArtifactUris.ParsePath(path);
        if (parsed.Length == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "Invalid path: the root cannot be deleted.");
        return await store.DeleteAsync(parsed, ct) ? MlflowAnswer.Empty : throw new LodeException(ErrorCode.NotFound, $"No such artifact: '{parsed}'.");
    }

    private static async Task<MlflowAnswer> CreateUploadAsync(string? path, HttpRequest http, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        Target(path, request);
        var parts = request.RequiredInteger("num_parts");
        if (parts is < 1 or > MaxParts)
            throw new LodeException(ErrorCode.InvalidArgument, $"num_parts is 1 to {MaxParts}; got {parts}.");
        var upload = RunId.New();
        var address = $"{http.Scheme}://{http.Host}{http.Path.Value![..http.Path.Value!.IndexOf("/mpu/create", StringComparison.OrdinalIgnoreCase)]}/artifacts/";
        return new MlflowAnswer(json =>
        {
            json.WriteString("upload_id"u8, upload.ToString());
            json.WriteStartArray("credentials"u8);
            for (var i = 1; i <= parts; i++)
            {
                json.WriteStartObject();
                json.WriteString("url"u8, address + PartPath(upload, i));
                json.WriteNumber("part_number"u8, i);
                json.WriteStartObject("headers"u8);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    private static async Task<MlflowAnswer> CompleteUploadAsync(string? path, HttpRequest http, IArtifactStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (target, upload) = (Target(path, request), Upload(request));
        var sources = new List<string>();
        foreach (var (number, etag) in Parts(request.List("parts")))
        {
            var part = await store.FindAsync(PartPath(upload, number), ct);
            if (part?.Hash is not { } hash || hash != etag)
                throw new LodeException(ErrorCode.InvalidArgument, part is null ? $"Part {number} of upload {upload} was not uploaded." : $"Part {number} of upload {upload} has ETag \"{part.Hash}\"; got \"{etag}\".");
            sources.Add(part.Path);
        }
        await using (var whole = new JoinedStream(sources.Select(source => (Func<Task<Stream>>)(async () => (await store.OpenAsync(source, ct)).Stream))))
            await store.PutAsync(target, whole, ct);
        await store.DeleteAsync(Folder(upload), ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> AbortUploadAsync(string? path, HttpRequest http, IArtifactStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        Target(path, request);
        await store.DeleteAsync(Folder(Upload(request)), ct);
        return MlflowAnswer.Empty;
    }

    /// <summary>The file meant: the request's path has the folder, its body the file as the client knows it, of which the name counts.</summary>
    private static string Target(string? folder, MlflowRequest request)
    {
        var file = request.RequiredText("path");
        return ArtifactPath.Join(ArtifactUris.ParsePath(folder), ArtifactUris.ParsePath(file[(file.LastIndexOfAny(['/', '\\']) + 1)..]));
    }

    private static RunId Upload(MlflowRequest request)
    {
        var text = request.RequiredText("upload_id");
        return RunId.TryParse(text, null, out var upload) ? upload : throw new LodeException(ErrorCode.NotFound, $"There is no upload '{text}'.");
    }

    private static string Folder(RunId upload) => ArtifactPath.Join(SqlArtifactStore.UploadFolder, upload.ToString());

    private static string PartPath(RunId upload, long number) => ArtifactPath.Join(Folder(upload), number.ToString(CultureInfo.InvariantCulture));

    private static SortedDictionary<long, string> Parts(JsonElement list)
    {
        var parts = new SortedDictionary<long, string>();
        if (list.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in list.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Object && ProtoJson.Find(item, "part_number", out var found) && ProtoJson.TryInteger(found, out var number) && number is >= 1 and <= MaxParts
                    && ProtoJson.Find(item, "etag", out found) && ProtoJson.TryText(found, out var etag) && parts.TryAdd(number, etag.Trim('"')))
                    continue;
                throw MlflowErrors.Invalid(item, "parts");
            }
        }
        return parts.Count > 0 ? parts : throw MlflowErrors.Missing("parts");
    }
}
