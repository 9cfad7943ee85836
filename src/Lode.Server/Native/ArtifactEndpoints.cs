using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>The tree of artifacts, whole and of one run.</summary>
internal static class ArtifactEndpoints
{
    private const string Bytes = "application/octet-stream";

    private static readonly string[] s_reading = ["GET", "HEAD"];
    private static readonly TrackingJson s_json = TrackingJson.Default;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/artifacts", ListAsync).Says<ArtifactList>("Files and folders right below a folder of the whole tree.").Asks("folder", "string", "The folder; default: the root.");
        api.MapGet("/artifacts/info", FindAsync).Says<Artifact>("A file or folder of the whole tree, without its bytes.").Asks("path", "string", "Its path.", required: true);
        api.MapMethods("/artifacts/files/{**path}", s_reading, GetAsync).Streams().Says<string>("A file's bytes; takes ranges.", Bytes);
        api.MapPut("/artifacts/files/{**path}", PutAsync).Streams().Takes(typeof(string), Bytes).Says<Artifact>("Writes a file, of any size.");
        api.MapDelete("/artifacts/files/{**path}", DeleteAsync).SaysNothing("Deletes a file, or a folder with all below it.");
        api.MapGet("/runs/{id}/artifacts", ListOfRunAsync).Says<ArtifactList>("A run's files and folders right below a folder.").Asks("folder", "string", "The folder; default: the run's root.");
        api.MapMethods("/runs/{id}/artifacts/{**path}", s_reading, GetOfRunAsync).Streams().Says<string>("The bytes of a run's file; takes ranges.", Bytes);
        api.MapPut("/runs/{id}/artifacts/{**path}", PutOfRunAsync).Streams().Takes(typeof(string), Bytes).Says<Artifact>("Writes a file of a run, of any size.");
        api.MapDelete("/runs/{id}/artifacts/{**path}", DeleteOfRunAsync).SaysNothing("Deletes a run's file, or a folder with all below it.");
    }

    private static async Task<JsonHttpResult<ArtifactList>> ListAsync(HttpRequest request, IArtifactStore store, CancellationToken ct) =>
        TypedResults.Json(new ArtifactList(await store.ListAsync(request.Query["folder"].ToString(), ct)), s_json.ArtifactList);

    private static async Task<JsonHttpResult<Artifact>> FindAsync(HttpRequest request, IArtifactStore store, CancellationToken ct)
    {
        var path = request.Query["path"].ToString();
        return TypedResults.Json(await store.FindAsync(path, ct) ?? throw NoSuch(path), s_json.Artifact);
    }

    private static Task<FileStreamHttpResult> GetAsync(string? path, HttpContext context, IArtifactStore store, CancellationToken ct) => ArtifactTransfer.SendAsync(context, store, path ?? "", ct);

    private static async Task<JsonHttpResult<Artifact>> PutAsync(string? path, HttpContext context, IArtifactStore store, ServerOptions options, CancellationToken ct) =>
        TypedResults.Json(await ArtifactTransfer.ReceiveAsync(context, store, options, path ?? "", ct), s_json.Artifact);

    private static async Task<NoContent> DeleteAsync(string? path, IArtifactStore store, CancellationToken ct) =>
        await store.DeleteAsync(path ?? "", ct) ? TypedResults.NoContent() : throw NoSuch(path ?? "");

    private static async Task<JsonHttpResult<ArtifactList>> ListOfRunAsync(string id, HttpRequest request, IRunStore runs, IArtifactStore store, CancellationToken ct)
    {
        var root = await RootAsync(runs, id, ct);
        var list = await store.ListAsync(ArtifactPath.Join(root, ArtifactPath.Parse(request.Query["folder"].ToString())), ct);
        // The run is said already: paths begin below it.
        return TypedResults.Json(new ArtifactList([.. list.Select(artifact => artifact with { Path = artifact.Path[(root.Length + 1)..] })]), s_json.ArtifactList);
    }

    private static async Task<FileStreamHttpResult> GetOfRunAsync(string id, string? path, HttpContext context, IRunStore runs, IArtifactStore store, CancellationToken ct) =>
        await GetAsync(await PathAsync(runs, id, path, ct), context, store, ct);

    private static async Task<JsonHttpResult<Artifact>> PutOfRunAsync(string id, string? path, HttpContext context, IRunStore runs, IArtifactStore store, ServerOptions options, CancellationToken ct) =>
        await PutAsync(await PathAsync(runs, id, path, ct), context, store, options, ct);

    private static async Task<NoContent> DeleteOfRunAsync(string id, string? path, IRunStore runs, IArtifactStore store, CancellationToken ct) =>
        await DeleteAsync(await PathAsync(runs, id, path, ct), store, ct);

    private static async Task<string> RootAsync(IRunStore runs, string id, CancellationToken ct)
    {
        var run = await runs.GetRunAsync(RunId.Parse(id), ct);
        return ArtifactPath.OfUri(run.ArtifactUri) ?? throw new LodeException(ErrorCode.NotImplemented, $"The artifacts of run {id} lie at {run.ArtifactUri}, outside this server.", "Fetch them from there.");
    }

    private static async Task<string> PathAsync(IRunStore runs, string id, string? path, CancellationToken ct)
    {
        var root = await RootAsync(runs, id, ct);
        return ArtifactPath.Parse(path ?? "") is { Length: > 0 } below
            ? ArtifactPath.Join(root, below)
            : throw new LodeException(ErrorCode.InvalidArgument, "An artifact's path must not be empty.");
    }

    private static LodeException NoSuch(string path) => new(ErrorCode.NotFound, $"No such artifact: '{path}'.");
}
