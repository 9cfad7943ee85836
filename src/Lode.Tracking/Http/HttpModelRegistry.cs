using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>A registry on another process, spoken to through MLflow's REST API, which the server offers for it.</summary>
/// <param name="http">Its base address is the server's; the caller keeps and disposes it.</param>
public sealed class HttpModelRegistry(HttpClient http) : IModelRegistry
{
    private const string Models = "registered-models/";
    private const string Versions = "model-versions/";

    /// <inheritdoc/>
    public async Task<RegisteredModel> CreateModelAsync(NewRegisteredModel model, CancellationToken ct)
    {
        ModelRules.CheckName(model.Name);
        return MlflowRegistryJson.Model(await SendAsync(HttpMethod.Post, Models + "create", new JsonObject { ["name"] = model.Name, ["description"] = model.Description, ["tags"] = MlflowRegistryJson.Pairs(model.Tags) }, ct).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<RegisteredModel> GetModelAsync(string name, CancellationToken ct) =>
        MlflowRegistryJson.Model(await GetAsync(Models + "get", [("name", name)], ct).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<RegisteredModelPage> SearchModelsAsync(RegistryQuery query, CancellationToken ct)
    {
        var answer = await GetAsync(Models + "search", MlflowRegistryJson.Query(query), ct).ConfigureAwait(false);
        return new RegisteredModelPage(MlflowRegistryJson.List(answer, "registered_models", MlflowRegistryJson.ReadModel), answer["next_page_token"] is not null);
    }

    /// <inheritdoc/>
    public async Task<RegisteredModel> DescribeModelAsync(string name, string? description, CancellationToken ct) =>
        MlflowRegistryJson.Model(await SendAsync(HttpMethod.Patch, Models + "update", new JsonObject { ["name"] = name, ["description"] = description }, ct).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<RegisteredModel> RenameModelAsync(string name, string newName, CancellationToken ct) =>
        MlflowRegistryJson.Model(await SendAsync(HttpMethod.Post, Models + "rename", new JsonObject { ["name"] = name, ["new_name"] = newName }, ct).ConfigureAwait(false));

    /// <inheritdoc/>
    public Task DeleteModelAsync(string name, CancellationToken ct) => SendAsync(HttpMethod.Delete, Models + "delete", new JsonObject { ["name"] = name }, ct);

    /// <inheritdoc/>
    public Task SetModelTagAsync(string name, string key, string? value, CancellationToken ct) => TagAsync(Models, new JsonObject { ["name"] = name }, key, value, ct);

    /// <inheritdoc/>
    public async Task<ModelVersion> CreateVersionAsync(NewModelVersion version, CancellationToken ct) =>
        MlflowRegistryJson.Version(await SendAsync(HttpMethod.Post, Versions + "create", new JsonObject
        {
            ["name"] = version.Model,
            ["source"] = version.Source,
            ["run_id"] = version.RunId,
            ["run_link"] = version.RunLink,
            ["model_id"] = version.ModelId,
            ["description"] = version.Description,
            ["tags"] = MlflowRegistryJson.Pairs(version.Tags),
        }, ct).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<ModelVersion> GetVersionAsync(string name, long version, CancellationToken ct) =>
        MlflowRegistryJson.Version(await GetAsync(Versions + "get", [("name", name), ("version", Text(version))], ct).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<ModelVersion?> FindByAliasAsync(string name, string alias, CancellationToken ct)
    {
        ModelRules.CheckName(name);
        try
        {
            return MlflowRegistryJson.Version(await GetAsync(Models + "alias", [("name", name), ("alias", alias)], ct).ConfigureAwait(false));
        }
        catch (LodeException error) when (error.Code == ErrorCode.InvalidArgument)
        {
            // How MLflow says that the model has no such alias.
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<string> GetLocationAsync(string name, long version, CancellationToken ct) =>
        (string)(await GetAsync(Versions + "get-download-uri", [("name", name), ("version", Text(version))], ct).ConfigureAwait(false))["artifact_uri"]!;

    /// <inheritdoc/>
    public async Task<ModelVersionPage> SearchVersionsAsync(RegistryQuery query, CancellationToken ct)
    {
        var answer = await GetAsync(Versions + "search", MlflowRegistryJson.Query(query), ct).ConfigureAwait(false);
        return new ModelVersionPage(MlflowRegistryJson.List(answer, "model_versions", MlflowRegistryJson.ReadVersion), answer["next_page_token"] is not null);
    }

    /// <inheritdoc/>
    public async Task<ModelVersion> DescribeVersionAsync(string name, long version, string? description, CancellationToken ct) =>
        MlflowRegistryJson.Version(await SendAsync(HttpMethod.Patch, Versions + "update", Of(name, version, ("description", description)), ct).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<ModelVersion> MoveVersionAsync(string name, long version, ModelStage stage, bool archiveOthers, CancellationToken ct) =>
        MlflowRegistryJson.Version(await SendAsync(HttpMethod.Post, Versions + "transition-stage", Of(name, version, ("stage", stage.ToString()), ("archive_existing_versions", archiveOthers)), ct).ConfigureAwait(false));

    /// <inheritdoc/>
    public Task DeleteVersionAsync(string name, long version, CancellationToken ct) => SendAsync(HttpMethod.Delete, Versions + "delete", Of(name, version), ct);

    /// <inheritdoc/>
    public Task SetVersionTagAsync(string name, long version, string key, string? value, CancellationToken ct) => TagAsync(Versions, Of(name, version), key, value, ct);

    /// <inheritdoc/>
    public Task SetAliasAsync(string name, string alias, long? version, CancellationToken ct) => version is { } number
        ? SendAsync(HttpMethod.Post, Models + "alias", Of(name, number, ("alias", alias)), ct)
        : SendAsync(HttpMethod.Delete, Models + "alias", new JsonObject { ["name"] = name, ["alias"] = alias }, ct);

    private Task<JsonObject> TagAsync(string family, JsonObject body, string key, string? value, CancellationToken ct)
    {
        body["key"] = key;
        if (value is not null)
            body["value"] = value;
        return SendAsync(value is null ? HttpMethod.Delete : HttpMethod.Post, family + (value is null ? "delete-tag" : "set-tag"), body, ct);
    }

    private static JsonObject Of(string name, long version, params ReadOnlySpan<(string Name, JsonNode? Value)> rest)
    {
        var body = new JsonObject { ["name"] = name, ["version"] = Text(version) };
        foreach (var (field, value) in rest)
            body[field] = value;
        return body;
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    private Task<JsonObject> GetAsync(string path, IEnumerable<(string Key, string Value)> query, CancellationToken ct) =>
        SendAsync(HttpMethod.Get, path + "?" + string.Join('&', query.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}")), null, ct);

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, "/api/2.0/mlflow/" + path);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        try
        {
            using var response = await http.SendAsync(request, ct).ConfigureAwait(false);
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(ct).ConfigureAwait(false)) as JsonObject ?? throw new FormatException("the answer is no JSON object");
            return response.IsSuccessStatusCode ? answer : throw Refusal(response.StatusCode, answer);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or System.Text.Json.JsonException or FormatException || (error is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new LodeException(ErrorCode.Unavailable, $"The server at {http.BaseAddress} cannot be reached: {error.Message.TrimEnd('.')}.", "Is it running? `lode up` starts one.", error);
        }
    }

    private static LodeException Refusal(HttpStatusCode status, JsonObject answer) => new(
        (string?)answer["error_code"] switch
        {
            "INVALID_PARAMETER_VALUE" => ErrorCode.InvalidArgument,
            "RESOURCE_ALREADY_EXISTS" => ErrorCode.AlreadyExists,
            "RESOURCE_DOES_NOT_EXIST" => ErrorCode.NotFound,
            "PERMISSION_DENIED" => ErrorCode.PermissionDenied,
            "UNAUTHENTICATED" => ErrorCode.Unauthenticated,
            "TEMPORARILY_UNAVAILABLE" => ErrorCode.Unavailable,
            "NOT_IMPLEMENTED" or "ENDPOINT_NOT_FOUND" => ErrorCode.NotImplemented,
            "DATA_LOSS" => ErrorCode.DataLoss,
            _ => ErrorCode.Internal,
        },
        (string?)answer["message"] ?? $"The server answered {(int)status}.");
}
