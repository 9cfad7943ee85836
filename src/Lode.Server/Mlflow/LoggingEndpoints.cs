using System.Globalization;
using System.Text.Json;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Lode.Server.Mlflow;

/// <summary>Metrics, params and tags written to runs, one or a batch at a time.</summary>
internal static class LoggingEndpoints
{
    private const int MaxMetrics = 1000;
    private const int MaxParams = 100;
    private const int MaxTags = 100;
    private const int MaxTotal = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/runs/log-metric", LogMetricAsync);
        api.MapPost("/runs/log-parameter", LogParamAsync);
        api.MapPost("/runs/set-tag", SetTagAsync);
        api.MapPost("/runs/delete-tag", DeleteTagAsync);
        api.MapPost("/runs/log-batch", LogBatchAsync);
    }

    private static async Task LogMetricAsync(HttpContext context)
    {
        var (http, store, ct) = (context.Request, context.RequestServices.GetRequiredService<IRunStore>(), context.RequestAborted);
        if (await PlainPoint.TryReadAsync(http, ct) is var (plainRun, plainPoint))
        {
            NameRules.CheckKey(plainPoint.Key, "key");
            await store.LogAsync(plainRun, new RunBatch { Metrics = [plainPoint] }, ct);
        }
        else
        {
            using var request = await MlflowRequest.ReadAsync(http, ct);
            var point = new MetricPoint(request.RequiredKey(), request.RequiredDouble("value"), request.RequiredInteger("timestamp"), request.Integer("step") ?? 0);
            var (run, batch) = (RunEndpoints.Id(request), new RunBatch { Metrics = [point] });
            if (request.Text("model_id") is { Length: > 0 } model)
                await LogWithModelsAsync(store, context.RequestServices.GetRequiredService<ILoggedModelStore>(), run, batch, [new ModelMetric(model, point, request.Text("dataset_name"), request.Text("dataset_digest"))], ct);
            else
                await store.LogAsync(run, batch, ct);
        }
        await MlflowAnswer.EmptyAsync(context.Response);
    }

    private static async Task<MlflowAnswer> LogParamAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        await store.LogAsync(RunEndpoints.Id(request), new RunBatch { Params = [new(request.RequiredKey(), request.Text("value") ?? "")] }, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> SetTagAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (run, key, value) = (RunEndpoints.Id(request), request.RequiredKey(), request.Text("value") ?? "");
        await LogAsync(store, run, new RunBatch { Tags = [new(key, value)] }, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> DeleteTagAsync(HttpRequest http, IRunStore store, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var (run, key) = (await store.GetRunAsync(RunEndpoints.Id(request), ct), request.RequiredText("key"));
        // It mirrors the run's name, which stays: MLflow takes this call and keeps the name too.
        if (key == MlflowNames.RunNameTag && run.Lifecycle == Lifecycle.Active)
            return MlflowAnswer.Empty;
        // One in the trash is refused by the write below, whatever its tags.
        if (run.Lifecycle == Lifecycle.Active && !run.Tags.ContainsKey(key))
            throw new LodeException(ErrorCode.NotFound, $"No tag with name: {key} in run with id {run.Id}");
        await store.LogAsync(run.Id, new RunBatch { Tags = [new(key, null)] }, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> LogBatchAsync(HttpRequest http, IRunStore store, ILoggedModelStore models, CancellationToken ct)
    {
        if (await PlainBatch.TryReadAsync(http, MaxMetrics, ct) is var (plainRun, plainPoints))
        {
            await store.LogAsync(plainRun, new RunBatch { Metrics = plainPoints }, ct);
            return MlflowAnswer.Empty;
        }
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var run = RunEndpoints.Id(request);
        var ofModels = new List<ModelMetric>();
        var metrics = ReadMetrics(request.List("metrics"), ofModels);
        var (@params, tags) = (request.Pairs("params"), request.Pairs("tags"));
        CheckCount(@params.Count, MaxParams, "params");
        CheckCount(tags.Count, MaxTags, "tags");
        CheckCount(metrics.Length + @params.Count + tags.Count, MaxTotal, "metrics, params, and tags");
        if (@params.Count > 1)
            RefuseRepeated(@params);
        var batch = new RunBatch { Metrics = metrics, Params = @params, Tags = [.. tags.Select(tag => new KeyValuePair<string, string?>(tag.Key, tag.Value))] };
        await LogWithModelsAsync(store, models, run, batch, ofModels, ct);
        return MlflowAnswer.Empty;
    }

    /// <summary>Logs a batch, and to models what was seen of them; models that do not exist, or no more, get nothing, as with MLflow.</summary>
    private static async Task LogWithModelsAsync(IRunStore store, ILoggedModelStore models, RunId run, RunBatch batch, List<ModelMetric> metrics, CancellationToken ct)
    {
        await LogAsync(store, run, batch, ct);
        foreach (var ofModel in metrics.GroupBy(metric => metric.ModelId, StringComparer.Ordinal))
        {
            try
            {
                await models.LogMetricsAsync([.. ofModel.Select(metric => metric with { Run = run })], ct);
            }
            catch (LodeException error) when (error.Code == ErrorCode.NotFound)
            {
                // The run's own point is kept; a training script does not fail over a model that somebody deleted.
            }
        }
    }

    /// <summary>Logs a batch; the tag that mirrors the run's name renames the run instead, the last one of them.</summary>
    private static async Task LogAsync(IRunStore store, RunId run, RunBatch batch, CancellationToken ct)
    {
        string? name = null;
        foreach (var (key, value) in batch.Tags)
        {
            if (key == MlflowNames.RunNameTag)
                name = value;
        }
        if (name is not null)
            batch = batch with { Tags = [.. batch.Tags.Where(tag => tag.Key != MlflowNames.RunNameTag)] };
        await store.LogAsync(run, batch, ct);
        if (!string.IsNullOrEmpty(name))
            await store.UpdateRunAsync(run, new RunChange { Name = name }, ct);
    }

    private static MetricPoint[] ReadMetrics(JsonElement list, List<ModelMetric> ofModels)
    {
        if (list.ValueKind != JsonValueKind.Array)
            return [];
        var points = new MetricPoint[list.GetArrayLength()];
        CheckCount(points.Length, MaxMetrics, "metrics");
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            points[i] = ReadPoint(item, i, ofModels);
            i++;
        }
        return points;
    }

    private static MetricPoint ReadPoint(JsonElement item, int index, List<ModelMetric> ofModels)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw MlflowErrors.Invalid(item, string.Create(CultureInfo.InvariantCulture, $"metrics[{index}]"));
        string? key = null;
        double? value = null;
        long? time = null;
        long step = 0;
        string? model = null;
        foreach (var field in item.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (ProtoJson.IsNamed(field, "key"u8))
                key = ProtoJson.TryText(field.Value, out var text) ? text : throw Invalid(field, index);
            else if (ProtoJson.IsNamed(field, "value"u8))
                value = ProtoJson.TryDouble(field.Value, out var real) ? real : throw Invalid(field, index);
            else if (ProtoJson.IsNamed(field, "timestamp"u8))
                time = ProtoJson.TryInteger(field.Value, out var milliseconds) ? milliseconds : throw Invalid(field, index);
            else if (ProtoJson.IsNamed(field, "step"u8))
                step = ProtoJson.TryInteger(field.Value, out var whole) ? whole : throw Invalid(field, index);
            else if (ProtoJson.IsNamed(field, "model_id"u8) || ProtoJson.IsNamed(field, "modelId"u8))
                model = ProtoJson.TryText(field.Value, out var id) ? id : throw Invalid(field, index);
        }
        var point = new MetricPoint(key ?? throw Missing("name", index), value ?? throw Missing("value", index), time ?? throw Missing("timestamp", index), step);
        if (!string.IsNullOrEmpty(model))
            ofModels.Add(new ModelMetric(model, point, Text(item, "dataset_name", index), Text(item, "dataset_digest", index)));
        return point;
    }

    private static string? Text(JsonElement item, string name, int index) => !ProtoJson.Find(item, name, out var found) ? null
        : ProtoJson.TryText(found, out var text) ? text
        : throw MlflowErrors.Invalid(found, string.Create(CultureInfo.InvariantCulture, $"metrics[{index}].{name}"));

    private static LodeException Invalid(JsonProperty field, int index) => MlflowErrors.Invalid(field.Value, string.Create(CultureInfo.InvariantCulture, $"metrics[{index}].{field.Name}"));

    private static LodeException Missing(string field, int index) => MlflowErrors.Missing(string.Create(CultureInfo.InvariantCulture, $"metrics[{index}].{field}"));

    private static void CheckCount(int count, int max, string what)
    {
        if (count > max)
            throw new LodeException(ErrorCode.InvalidArgument, $"A batch logging request can contain at most {max} {what}. Got {count} {what}. Please split up {what} across multiple requests and try again.");
    }

    private static void RefuseRepeated(IReadOnlyList<KeyValuePair<string, string>> @params)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, _) in @params)
        {
            if (!seen.Add(key))
                throw new LodeException(ErrorCode.InvalidArgument, $"Duplicate parameter keys have been submitted: '{key}'. Please ensure the request contains only one param value per param key.");
        }
    }
}
