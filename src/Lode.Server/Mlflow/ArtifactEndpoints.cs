using System.Text.Json;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>A run's artifacts, named by the run.</summary>
internal static class ArtifactEndpoints
{
    private const long MaxPageUpload = 10L << 20;
    private static readonly string[] s_reading = ["GET", "HEAD"];

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/artifacts/list", ListOfRunAsync);
        api.MapPost("/upload-artifact", UploadAsync).Streams();
    }

    /// <summary>Routes that have no prefix.</summary>
    public static void MapRoot(IEndpointRouteBuilder root)
    {
        root.MapMethods("/get-artifact", s_reading, GetAsync).Streams();
        root.MapMethods("/model-versions/get-artifact", s_reading, GetOfVersionAsync).Streams();
    }

    /// <summary>Writes what lies below a folder; nothing where there is nothing, or where the bytes lie elsewhere.</summary>
    /// <param name="store">The artifacts.</param>
    /// <param name="uri">The root that paths in the answer begin below.</param>
    /// <param name="path">The folder, below the root.</param>
    /// <param name="ct">Stops the read.</param>
    public static async Task<MlflowAnswer> ListAsync(IArtifactStore store, string uri, string path, CancellationToken ct)
    {
        IReadOnlyList<Artifact> files = ArtifactPath.OfUri(uri) is { } root ? await store.ListAsync(ArtifactPath.Join(root, path), ct) : [];
        return new MlflowAnswer(json =>
        {
            json.WriteString("root_uri"u8, uri);
            json.WriteFiles(files, path);
        });
    }

    /// <summary>Writes <c>files</c>, each path below <paramref name="folder"/>.</summary>
    public static void WriteFiles(this Utf8JsonWriter json, IReadOnlyList<Artifact> files, string folder)
    {
        if (files.Count == 0)
            return;
        json.WriteStartArray("files"u8);
        foreach (var file in files)
        {
            json.WriteStartObject();
            json.WriteString("path"u8, ArtifactPath.Join(folder, file.Name));
            json.WriteBoolean("is_dir"u8, file.IsFolder);
            if (!file.IsFolder)
                json.WriteNumber("file_size"u8, file.Size);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static async Task<MlflowAnswer> ListOfRunAsync(HttpRequest http, IRunStore runs, IArtifactStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var path = ArtifactUris.ParsePath(request.Text("path"));
        var run = await runs.GetRunAsync(RunEndpoints.Id(request), ct);
        return await ListAsync(store, run.ArtifactUri, path, ct);
    }

    private static async Task<FileStreamHttpResult> GetAsync(HttpContext context, IRunStore runs, IArtifactStore store, CancellationToken ct)
    {
        var (run, path) = (await runs.GetRunAsync(NamedRun(context.Request), ct), NamedPath(context.Request));
        return await ArtifactTransfer.SendAsync(context, store, ArtifactUris.Resolve(run.ArtifactUri, path), ct);
    }

    private static async Task<FileStreamHttpResult> GetOfVersionAsync(HttpContext context, IModelRegistry registry, IArtifactStore store, CancellationToken ct)
    {
        var query = context.Request.Query;
        var (name, version, path) = (query["name"].ToString(), query["version"].ToString(), NamedPath(context.Request));
        if (name.Length == 0)
            throw MlflowErrors.Missing("name");
        return await ArtifactTransfer.SendAsync(context, store, ArtifactUris.Resolve(await registry.GetLocationAsync(name, ModelRules.ParseVersion(version), ct), path), ct);
    }

    private static async Task<MlflowAnswer> UploadAsync(HttpContext context, IRunStore runs, IArtifactStore store, ServerOptions options, CancellationToken ct)
    {
        var (id, path) = (NamedRun(context.Request), NamedPath(context.Request));
        if (context.Request.ContentLength > MaxPageUpload)
            throw new LodeException(ErrorCode.InvalidArgument, $"Artifact size is too large. Max size is {MaxPageUpload >> 20}MB.");
        if (context.Request.ContentLength is null or 0)
            throw new LodeException(ErrorCode.InvalidArgument, "Request must specify data.");
        var run = await runs.GetRunAsync(id, ct);
        if (run.Lifecycle == Lifecycle.Deleted)
            throw new LodeException(ErrorCode.Conflict, $"The run {run.Id} must be in the 'active' state. Current state is deleted.");
        await ArtifactTransfer.ReceiveAsync(context, store, options, ArtifactUris.Resolve(run.ArtifactUri, path), ct);
        return MlflowAnswer.Empty;
    }

    private static RunId NamedRun(HttpRequest request)
    {
        var id = request.Query["run_id"].ToString() is { Length: > 0 } today ? today : request.Query["run_uuid"].ToString();
        return id.Length > 0 ? RunEndpoints.ParseId(id) : throw new LodeException(ErrorCode.InvalidArgument, "Request must specify run_uuid.");
    }

    private static string NamedPath(HttpRequest request) => ArtifactUris.ParsePath(request.Query["path"].ToString()) is { Length: > 0 } path ? path : throw new LodeException(ErrorCode.InvalidArgument, "Request must specify path.");
}
