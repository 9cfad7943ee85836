using System.Text.Json;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>Models that runs log: made, read, changed.</summary>
internal static class LoggedModelEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/logged-models", CreateAsync);
        api.MapPost("/logged-models/search", LoggedModelSearch.SearchAsync);
        api.MapGet("/logged-models/{id}", GetAsync);
        api.MapDelete("/logged-models/{id}", DeleteAsync);
        api.MapPatch("/logged-models/{id}", SetStatusAsync);
        api.MapPost("/logged-models/{id}/params", LogParamsAsync);
        api.MapPatch("/logged-models/{id}/tags", SetTagsAsync);
        api.MapDelete("/logged-models/{id}/tags/{**key}", DeleteTagAsync);
        api.MapGet("/logged-models/{id}/artifacts/directories", ListFilesAsync);
        api.MapMethods("/logged-models/{id}/artifacts/files", ["GET", "HEAD"], GetFileAsync);
    }

    public static void WriteLoggedModel(this Utf8JsonWriter json, LoggedModel model)
    {
        json.WriteStartObject("info"u8);
        json.WriteString("model_id"u8, model.Id);
        json.WriteString("experiment_id"u8, model.ProjectId.ToString());
        json.WriteString("name"u8, model.Name);
        json.WriteNumber("creation_timestamp_ms"u8, model.CreatedAt);
        json.WriteNumber("last_updated_timestamp_ms"u8, model.UpdatedAt);
        json.WriteString("artifact_uri"u8, model.ArtifactUri);
        json.WriteString("status"u8, MlflowNames.Of(model.Status));
        json.WriteString("model_type"u8, model.ModelType);
        json.WriteString("source_run_id"u8, model.SourceRun);
        if (model.Tags.Count > 0)
            json.WritePairs("tags", model.Tags);
        json.WriteEndObject();
        json.WriteStartObject("data"u8);
        if (model.Params.Count > 0)
            json.WritePairs("params", model.Params);
        if (model.Metrics.Count > 0)
            WriteMetrics(json, model.Metrics);
        json.WriteEndObject();
    }

    private static void WriteMetrics(Utf8JsonWriter json, IReadOnlyList<ModelMetric> metrics)
    {
        json.WriteStartArray("metrics"u8);
        foreach (var metric in metrics)
        {
            json.WriteStartObject();
            json.WritePoint(metric.Point);
            if (metric.DatasetName is not null)
                json.WriteString("dataset_name"u8, metric.DatasetName);
            if (metric.DatasetDigest is not null)
                json.WriteString("dataset_digest"u8, metric.DatasetDigest);
            json.WriteString("model_id"u8, metric.ModelId);
            if (metric.Run is { } run)
                json.WriteString("run_id"u8, run.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static async Task<MlflowAnswer> CreateAsync(HttpRequest http, ILoggedModelStore models, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        return Answer(await models.CreateAsync(new NewLoggedModel
        {
            Id = NewLoggedModel.NewId(),
            ProjectId = ExperimentEndpoints.ParseId(request.RequiredText("experiment_id")),
            Name = request.Text("name"),
            ModelType = request.Text("model_type") ?? "",
            SourceRun = request.Text("source_run_id") ?? "",
            Params = request.Pairs("params", loose: true),
            Tags = request.Pairs("tags", loose: true),
        }, ct));
    }

    private static async Task<MlflowAnswer> GetAsync(string id, ILoggedModelStore models, CancellationToken ct) => Answer(await models.GetAsync(id, ct));

    private static async Task<MlflowAnswer> DeleteAsync(string id, ILoggedModelStore models, CancellationToken ct)
    {
        await models.DeleteAsync(id, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> SetStatusAsync(string id, HttpRequest http, ILoggedModelStore models, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var status = MlflowNames.ParseModelStatus(request.Choice("status") ?? throw MlflowErrors.Missing("status"));
        return Answer(await models.SetStatusAsync(id, status, ct));
    }

    private static async Task<MlflowAnswer> LogParamsAsync(string id, HttpRequest http, ILoggedModelStore models, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await models.LogParamsAsync(id, request.Pairs("params", loose: true), ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> SetTagsAsync(string id, HttpRequest http, ILoggedModelStore models, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await models.SetTagsAsync(id, [.. request.Pairs("tags", loose: true).Select(tag => new KeyValuePair<string, string?>(tag.Key, tag.Value))], ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> DeleteTagAsync(string id, string key, ILoggedModelStore models, CancellationToken ct)
    {
        // An escaped slash is the one thing that routing leaves escaped.
        await models.SetTagsAsync(id, [new(key.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), null)], ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> ListFilesAsync(string id, HttpRequest http, ILoggedModelStore models, IArtifactStore store, CancellationToken ct)
    {
        var path = ArtifactUris.ParsePath(http.Query["artifact_directory_path"].ToString());
        return await ArtifactEndpoints.ListAsync(store, (await models.GetAsync(id, ct)).ArtifactUri, path, ct);
    }

    private static async Task<FileStreamHttpResult> GetFileAsync(string id, HttpContext context, ILoggedModelStore models, IArtifactStore store, CancellationToken ct)
    {
        var path = ArtifactUris.ParsePath(context.Request.Query["artifact_file_path"].ToString()) is { Length: > 0 } named ? named : throw MlflowErrors.Missing("artifact_file_path");
        return await ArtifactTransfer.SendAsync(context, store, ArtifactUris.Resolve((await models.GetAsync(id, ct)).ArtifactUri, path), ct);
    }

    private static MlflowAnswer Answer(LoggedModel model) => new(json =>
    {
        json.WriteStartObject("model"u8);
        json.WriteLoggedModel(model);
        json.WriteEndObject();
    });
}
