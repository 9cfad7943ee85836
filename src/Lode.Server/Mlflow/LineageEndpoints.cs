using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>What runs read and made: datasets, models.</summary>
internal static class LineageEndpoints
{
    private const int MaxProjects = 20;
    private const int MaxSummaries = 1000;
    private const string HistoryTag = "mlflow.log-model.history";
    private static readonly SemaphoreSlim s_history = new(1);
    private static readonly string[] s_modelFields = ["artifact_path", "flavors", "utc_time_created", "run_id"];

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/runs/log-inputs", LogInputsAsync);
        api.MapPost("/runs/outputs", LogOutputsAsync);
        api.MapPost("/runs/log-model", LogModelAsync);
        api.MapPost("/experiments/search-datasets", SearchDatasetsAsync);
    }

    private static async Task<MlflowAnswer> LogInputsAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var run = RunEndpoints.Id(request);
        await store.LogLineageAsync(run, new RunLineage
        {
            Datasets = [.. Items(request, "datasets").Select(item => ReadInput(item.Value, item.Path))],
            ModelInputs = [.. Items(request, "models").Select(item => Text(item.Value, "model_id", item.Path) is { Length: > 0 } model ? model : throw MlflowErrors.Missing(item.Path + ".model_id"))],
        }, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> LogOutputsAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var run = RunEndpoints.Id(request);
        var outputs = Items(request, "models").Select(item => new ModelOutput(
            Text(item.Value, "model_id", item.Path) is { Length: > 0 } model ? model : throw MlflowErrors.Missing(item.Path + ".model_id"),
            !ProtoJson.Find(item.Value, "step", out var step) ? 0 : ProtoJson.TryInteger(step, out var number) ? number : throw MlflowErrors.Invalid(step, item.Path + ".step"))).ToList();
        if (outputs.Count == 0 && request.List("models").ValueKind == JsonValueKind.Undefined)
            throw MlflowErrors.Missing("models");
        await store.LogLineageAsync(run, new RunLineage { ModelOutputs = outputs }, ct);
        return MlflowAnswer.Empty;
    }

    /// <summary>Adds a model's description to the list that the run keeps in a tag.</summary>
    private static async Task<MlflowAnswer> LogModelAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (id, text) = (RunEndpoints.Id(request), request.RequiredText("model_json"));
        var model = ParseModel(text);
        var missing = Array.FindAll(s_modelFields, field => !model.ContainsKey(field));
        if (missing.Length > 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"Model json is missing mandatory fields: [{string.Join(", ", missing.Select(field => $"'{field}'"))}]");
        // One at a time, so that only other servers are raced against.
        await s_history.WaitAsync(ct);
        try
        {
            while (!await TryAddAsync(store, id, model, ct))
            {
                // Another server was faster, so the two of them get on.
            }
            return MlflowAnswer.Empty;
        }
        finally
        {
            s_history.Release();
        }
    }

    /// <summary>Adds it to the history as it is read; false when that has changed meanwhile.</summary>
    private static async Task<bool> TryAddAsync(IRunStore store, RunId id, JsonObject model, CancellationToken ct)
    {
        var before = (await store.GetRunAsync(id, ct)).Tags.GetValueOrDefault(HistoryTag);
        var history = before is not null && ParseHistory(before) is { } list ? list : [];
        history.Add(model.DeepClone());
        try
        {
            await store.LogAsync(id, new RunBatch { Revisions = [new(HistoryTag, before, Shorten(history))] }, ct);
            return true;
        }
        catch (LodeException error) when (error.Code == ErrorCode.Conflict)
        {
            // A run in the trash is in conflict too, and stays so.
            if ((await store.GetRunAsync(id, ct)).Tags.GetValueOrDefault(HistoryTag) == before)
                throw;
            return false;
        }
    }

    private static async Task<MlflowAnswer> SearchDatasetsAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var experiments = request.Texts("experiment_ids");
        if (experiments.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "SearchDatasets request must specify at least one experiment_id.");
        if (experiments.Count > MaxProjects)
            throw new LodeException(ErrorCode.InvalidArgument, $"SearchDatasets request cannot specify more than {MaxProjects} experiment_ids. Received {experiments.Count} experiment_ids.");
        var datasets = await store.ListDatasetsAsync([.. experiments.Select(ExperimentEndpoints.ParseId)], MaxSummaries, ct);
        return new MlflowAnswer(json =>
        {
            if (datasets.Count == 0)
                return;
            json.WriteStartArray("dataset_summaries"u8);
            foreach (var dataset in datasets)
            {
                json.WriteStartObject();
                json.WriteString("experiment_id"u8, dataset.Project.ToString());
                json.WriteString("name"u8, dataset.Name);
                json.WriteString("digest"u8, dataset.Digest);
                if (dataset.Context is not null)
                    json.WriteString("context"u8, dataset.Context);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    private static DatasetInput ReadInput(JsonElement item, string path)
    {
        var dataset = ProtoJson.Find(item, "dataset", out var found) ? found : throw MlflowErrors.Missing(path + ".dataset");
        if (dataset.ValueKind != JsonValueKind.Object)
            throw MlflowErrors.Invalid(dataset, path + ".dataset");
        var tags = new Dictionary<string, string>();
        if (ProtoJson.Find(item, "tags", out var list))
        {
            foreach (var tag in list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().ToArray() : throw MlflowErrors.Invalid(list, path + ".tags"))
                tags[tag.ValueKind == JsonValueKind.Object ? Text(tag, "key", path + ".tags") ?? "" : throw MlflowErrors.Invalid(tag, path + ".tags")] = Text(tag, "value", path + ".tags") ?? "";
        }
        return new DatasetInput
        {
            Dataset = new TrackedDataset
            {
                Name = Text(dataset, "name", path + ".dataset") ?? "",
                Digest = Text(dataset, "digest", path + ".dataset") ?? "",
                SourceType = Text(dataset, "source_type", path + ".dataset") ?? "",
                Source = Text(dataset, "source", path + ".dataset") ?? "",
                Schema = Text(dataset, "schema", path + ".dataset"),
                Profile = Text(dataset, "profile", path + ".dataset"),
            },
            Tags = tags,
        };
    }

    /// <summary>A body's list of objects, each with its name for messages.</summary>
    private static IEnumerable<(JsonElement Value, string Path)> Items(MlflowRequest request, string name)
    {
        var list = request.List(name);
        if (list.ValueKind != JsonValueKind.Array)
            yield break;
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{name}[{i++}]");
            yield return item.ValueKind == JsonValueKind.Object ? (item, path) : throw MlflowErrors.Invalid(item, path);
        }
    }

    private static string? Text(JsonElement item, string name, string path) =>
        !ProtoJson.Find(item, name, out var found) ? null : ProtoJson.TryText(found, out var text) ? text : throw MlflowErrors.Invalid(found, $"{path}.{name}");

    /// <summary>The list as text, without its oldest entries where a tag is too short for all: cut text would be no JSON.</summary>
    private static string Shorten(JsonArray history)
    {
        while (history.ToJsonString() is var text)
        {
            if (text.Length <= NameRules.MaxTagLength)
                return text;
            if (history.Count == 1)
                throw new LodeException(ErrorCode.InvalidArgument, $"Model json has {text.Length - 2} characters; the history of a run's models holds at most {NameRules.MaxTagLength - 2}.");
            history.RemoveAt(0);
        }
        throw new System.Diagnostics.UnreachableException();
    }

    private static JsonObject ParseModel(string text)
    {
        try
        {
            if (JsonNode.Parse(text) is JsonObject model)
                return model;
        }
        catch (Exception error) when (error is JsonException or DecoderFallbackException)
        {
            // Said below.
        }
        throw new LodeException(ErrorCode.InvalidArgument, $"Malformed model info. \n {(text.Length > 200 ? text[..200] + "…" : text)} \n is not valid JSON.");
    }

    private static JsonArray? ParseHistory(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonArray;
        }
        catch (JsonException)
        {
            // Somebody wrote something else under this tag, or it was cut: the list begins anew.
            return null;
        }
    }
}
