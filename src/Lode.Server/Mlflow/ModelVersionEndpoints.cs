using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>Versions of registered models.</summary>
internal static class ModelVersionEndpoints
{
    private const int MaxResults = 200_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/model-versions/create", CreateAsync);
        api.MapGet("/model-versions/get", GetAsync);
        api.MapPatch("/model-versions/update", UpdateAsync);
        api.MapPost("/model-versions/transition-stage", MoveAsync);
        api.MapDelete("/model-versions/delete", DeleteAsync);
        api.MapGet("/model-versions/search", SearchAsync);
        api.MapGet("/model-versions/get-download-uri", GetLocationAsync);
        api.MapPost("/model-versions/set-tag", SetTagAsync);
        api.MapDelete("/model-versions/delete-tag", DeleteTagAsync);
    }

    private static async Task<MlflowAnswer> CreateAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        return RegistryMessages.Answer(await registry.CreateVersionAsync(new NewModelVersion
        {
            Model = request.RequiredText("name"),
            Source = request.RequiredText("source"),
            RunId = request.Text("run_id"),
            RunLink = request.Text("run_link"),
            ModelId = request.Text("model_id"),
            Description = request.Text("description"),
            Tags = request.Map("tags"),
        }, ct));
    }

    private static async Task<MlflowAnswer> GetAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, version) = Version(request);
        return RegistryMessages.Answer(await registry.GetVersionAsync(name, version, ct));
    }

    private static async Task<MlflowAnswer> UpdateAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, version) = Version(request);
        return RegistryMessages.Answer(await registry.DescribeVersionAsync(name, version, request.Text("description"), ct));
    }

    private static async Task<MlflowAnswer> MoveAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, version) = Version(request);
        var stage = ModelRules.ParseStage(request.RequiredText("stage"));
        return RegistryMessages.Answer(await registry.MoveVersionAsync(name, version, stage, request.Bool("archive_existing_versions") ?? false, ct));
    }

    private static async Task<MlflowAnswer> DeleteAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, version) = Version(request);
        await registry.DeleteVersionAsync(name, version, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> SearchAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var page = MlflowPage.Of(request, MaxResults, MaxResults);
        var found = await registry.SearchVersionsAsync(RegistryMessages.Query(request, MlflowVocabulary.Versions, page), ct);
        return new MlflowAnswer(json =>
        {
            json.WriteMessages("model_versions", found.Versions, RegistryMessages.WriteVersion);
            if (found.HasMore)
                json.WriteString("next_page_token"u8, page.NextToken());
        });
    }

    private static async Task<MlflowAnswer> GetLocationAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, version) = Version(request);
        var location = await registry.GetLocationAsync(name, version, ct);
        return new MlflowAnswer(json => json.WriteString("artifact_uri"u8, location));
    }

    private static async Task<MlflowAnswer> SetTagAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, version) = Version(request);
        await registry.SetVersionTagAsync(name, version, request.RequiredKey(), request.Text("value") ?? "", ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> DeleteTagAsync(HttpRequest http, IModelRegistry registry, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (name, version) = Version(request);
        await registry.SetVersionTagAsync(name, version, request.RequiredKey(), null, ct);
        return MlflowAnswer.Empty;
    }

    private static (string Name, long Version) Version(MlflowRequest request)
    {
        var (name, version) = (request.RequiredText("name"), request.RequiredText("version"));
        return (name, ModelRules.ParseVersion(version));
    }
}
