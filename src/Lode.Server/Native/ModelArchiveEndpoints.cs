using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Native;

/// <summary>Logged and registered models, whole, for exports and imports.</summary>
internal static class ModelArchiveEndpoints
{
    private const int MaxPage = 1000;

    private static readonly TrackingJson s_json = TrackingJson.Default;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/logged-models", ListLoggedAsync).Says<LoggedModelList>("A project's logged models by id.")
            .Asks("project", "integer", "The project's id.", required: true)
            .Asks("after", "string", "Only ids greater than this.")
            .Asks("limit", "integer", "Models to return at most, 1 to 1,000; default 100.");
        api.MapGet("/logged-models/{id}", FindLoggedAsync).Says<LoggedModel>("A logged model.");
        api.MapPut("/logged-models/{id}", PutLoggedAsync).Takes(typeof(LoggedModel)).SaysNothing("Puts a logged model as it was elsewhere.");
        api.MapGet("/registered-models", ListRegisteredAsync).Says<ArchivedModelList>("Registered models with all that belongs to them, in the order in which they were made.")
            .Asks("after", "string", "Only those made after the one of this name.")
            .Asks("limit", "integer", "Models to return at most, 1 to 1,000; default 100.");
        api.MapGet("/registered-models/{name}", FindRegisteredAsync).Says<ArchivedModel>("A registered model with all that belongs to it.");
        api.MapPut("/registered-models/{name}", PutRegisteredAsync).Takes(typeof(ArchivedModel)).SaysNothing("Puts a registered model as it was elsewhere.");
    }

    private static async Task<JsonHttpResult<LoggedModelList>> ListLoggedAsync(HttpRequest request, IModelArchive archive, CancellationToken ct) => TypedResults.Json(
        new LoggedModelList(await archive.ListLoggedAsync(ProjectId.Parse(request.Query["project"].ToString()), request.Query["after"].ToString(), request.Query.Count("limit", 100, 1, MaxPage), ct)), s_json.LoggedModelList);

    private static async Task<JsonHttpResult<LoggedModel>> FindLoggedAsync(string id, IModelArchive archive, CancellationToken ct) =>
        TypedResults.Json(await archive.FindLoggedAsync(id, ct) ?? throw new LodeException(ErrorCode.NotFound, $"Logged model with ID '{id}' not found."), s_json.LoggedModel);

    private static async Task<NoContent> PutLoggedAsync(string id, HttpRequest request, IModelArchive archive, CancellationToken ct)
    {
        await archive.PutLoggedAsync(await request.ReadAsync(s_json.LoggedModel, ct) with { Id = id }, ct);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<ArchivedModelList>> ListRegisteredAsync(HttpRequest request, IModelArchive archive, CancellationToken ct) => TypedResults.Json(
        new ArchivedModelList(await archive.ListRegisteredAsync(request.Query["after"].ToString(), request.Query.Count("limit", 100, 1, MaxPage), ct)), s_json.ArchivedModelList);

    private static async Task<JsonHttpResult<ArchivedModel>> FindRegisteredAsync(string name, IModelArchive archive, CancellationToken ct) =>
        TypedResults.Json(await archive.FindRegisteredAsync(name, ct) ?? throw new LodeException(ErrorCode.NotFound, $"Registered Model with name={name} not found"), s_json.ArchivedModel);

    private static async Task<NoContent> PutRegisteredAsync(string name, HttpRequest request, IModelArchive archive, CancellationToken ct)
    {
        await archive.PutRegisteredAsync(await request.ReadAsync(s_json.ArchivedModel, ct) with { Name = name }, ct);
        return TypedResults.NoContent();
    }
}
