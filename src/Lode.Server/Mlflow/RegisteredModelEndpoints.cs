using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>Registered models and their aliases.</summary>
internal static class RegisteredModelEndpoints
{
    private const int MaxResults = 1000;
    private const int DefaultResults = 100;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/registered-models/create", CreateAsync);
        api.MapGet("/registered-models/get", GetAsync);
        api.MapPatch("/registered-models/update", UpdateAsync);
        api.MapPost("/registered-models/rename", RenameAsync);
        api.MapDelete("/registered-models/delete", DeleteAsync);
        api.MapGet("/registered-models/search", SearchAsync);
        api.MapGet("/registered-models/get-latest-versions", GetLatestAsync);
        api.MapPost("/registered-models/get-latest-versions", GetLatestAsync);
        api.MapPost("/registered-models/set-tag", SetTagAsync);
        api.MapDelete("/registered-models/delete-tag", DeleteTagAsync);
        api.MapPost("/registered-models/alias", SetAliasAsync);
        api.MapGet("/registered-models/alias", GetByAliasAsync);
        api.MapDelete("/registered-models/alias", DeleteAliasAsync);
    }

    private static async Task<MlflowAnswer> CreateAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        return Answer(await registry.CreateModelAsync(new NewRegisteredModel { Name = request.RequiredText("name"), Description = request.Text("description"), Tags = request.Map("tags") }, ct));
    }

    private static async Task<MlflowAnswer> GetAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        return Answer(await registry.GetModelAsync(request.RequiredText("name"), ct));
    }

    private static async Task<MlflowAnswer> UpdateAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        return Answer(await registry.DescribeModelAsync(request.RequiredText("name"), request.Text("description"), ct));
    }

    private static async Task<MlflowAnswer> RenameAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        return Answer(await registry.RenameModelAsync(request.RequiredText("name"), request.RequiredText("new_name"), ct));
    }

    private static async Task<MlflowAnswer> DeleteAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await registry.DeleteModelAsync(request.RequiredText("name"), ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> SearchAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var page = MlflowPage.Of(request, DefaultResults, MaxResults);
        var found = await registry.SearchModelsAsync(RegistryMessages.Query(request, MlflowVocabulary.Models, page), ct);
        return new MlflowAnswer(json =>
        {
            json.WriteMessages("registered_models", found.Models, RegistryMessages.WriteModel);
            if (found.HasMore)
                json.WriteString("next_page_token"u8, page.NextToken());
        });
    }

    private static async Task<MlflowAnswer> GetLatestAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var name = request.RequiredText("name");
        var stages = request.Texts("stages").Select(ModelRules.ParseStage).ToHashSet();
        var latest = (await registry.GetModelAsync(name, ct)).LatestVersions.Where(version => stages.Count == 0 || stages.Contains(version.Stage)).ToList();
        return new MlflowAnswer(json => json.WriteMessages("model_versions", latest, RegistryMessages.WriteVersion));
    }

    private static async Task<MlflowAnswer> SetTagAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await registry.SetModelTagAsync(request.RequiredText("name"), request.RequiredKey(), request.Text("value") ?? "", ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> DeleteTagAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await registry.SetModelTagAsync(request.RequiredText("name"), request.RequiredKey(), null, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> SetAliasAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, alias, version) = (request.RequiredText("name"), request.RequiredText("alias"), request.RequiredText("version"));
        await registry.SetAliasAsync(name, alias, ModelRules.ParseVersion(version), ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> GetByAliasAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, alias) = (request.RequiredText("name"), request.RequiredText("alias"));
        return RegistryMessages.Answer(await registry.FindByAliasAsync(name, alias, ct)
            // Not "not found", though it is: so MLflow says it.
            ?? throw new LodeException(ErrorCode.InvalidArgument, $"Registered model alias {alias} not found."));
    }

    private static async Task<MlflowAnswer> DeleteAliasAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await registry.SetAliasAsync(request.RequiredText("name"), request.RequiredText("alias"), null, ct);
        return MlflowAnswer.Empty;
    }

    private static MlflowAnswer Answer(RegisteredModel model) => new(json =>
    {
        json.WriteStartObject("registered_model"u8);
        RegistryMessages.WriteModel(json, model);
        json.WriteEndObject();
    });
}
