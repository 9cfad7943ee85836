using System.Text.Json;
using Lode.Core;
using Lode.Server.Webhooks;
using Lode.Storage;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>Webhooks on changes of the registry.</summary>
internal static class WebhookEndpoints
{
    private const int MaxResults = 1000;
    private const int DefaultResults = 100;

    // By MLflow's numbers; 0 is what is not said.
    private static readonly string?[] s_entities =
        [null, "registered_model", "model_version", "model_version_tag", "model_version_alias", "prompt", "prompt_version", "prompt_tag", "prompt_version_tag", "prompt_alias"];

    private static readonly string?[] s_actions = [null, "created", "updated", "deleted", "set"];

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/webhooks", CreateAsync);
        api.MapGet("/webhooks", ListAsync);
        api.MapGet("/webhooks/{id}", GetAsync);
        api.MapPatch("/webhooks/{id}", UpdateAsync);
        api.MapDelete("/webhooks/{id}", DeleteAsync);
        api.MapPost("/webhooks/{id}/test", TestAsync);
    }

    private static async Task<MlflowAnswer> CreateAsync(HttpRequest http, SqlWebhooks webhooks, WebhookAddresses addresses, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var made = ReadChange(request) with { Name = request.RequiredText("name"), Url = request.RequiredText("url"), Events = ReadEvents(request) ?? throw MlflowErrors.Missing("events") };
        addresses.Check(made.Url);
        return Answer(await webhooks.CreateAsync(made, ct));
    }

    private static async Task<MlflowAnswer> ListAsync(HttpRequest http, SqlWebhooks webhooks, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var page = MlflowPage.Of(request, DefaultResults, MaxResults);
        var (found, hasMore) = await webhooks.ListAsync(page.Offset, page.Limit, ct);
        return new MlflowAnswer(json =>
        {
            json.WriteMessages("webhooks", found, Write);
            if (hasMore)
                json.WriteString("next_page_token"u8, page.NextToken());
        });
    }

    private static async Task<MlflowAnswer> GetAsync(string id, SqlWebhooks webhooks, CancellationToken ct) => Answer(await webhooks.GetAsync(id, ct));

    private static async Task<MlflowAnswer> UpdateAsync(string id, HttpRequest http, SqlWebhooks webhooks, WebhookAddresses addresses, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var change = ReadChange(request);
        if (change.Url is { } url)
            addresses.Check(url);
        return Answer(await webhooks.UpdateAsync(id, change, ct));
    }

    private static async Task<MlflowAnswer> DeleteAsync(string id, SqlWebhooks webhooks, CancellationToken ct)
    {
        await webhooks.DeleteAsync(id, ct);
        return MlflowAnswer.Empty;
    }

    private static async Task<MlflowAnswer> TestAsync(string id, HttpRequest http, SqlWebhooks webhooks, WebhookSender sender, TimeProvider time, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var name = request.Object("event") is { } named ? ReadEvent(named, "event") : (await webhooks.GetAsync(id, ct)).Events[0];
        if (!WebhookEvents.All.Contains(name))
            throw new LodeException(ErrorCode.InvalidArgument, $"There is no event '{name}' for webhooks. {DidYouMean.Hint(name, WebhookEvents.All)}");
        var target = await webhooks.GetTargetAsync(id, ct);
        var result = await sender.SendAsync(target, RunId.New().Value.ToString(), SqlWebhooks.Body(name, WebhookExamples.Of(name), time.GetUtcNow()), ct);
        return new MlflowAnswer(json =>
        {
            json.WriteStartObject("result"u8);
            json.WriteBoolean("success"u8, result.Success);
            if (result.HttpStatus is { } status)
                json.WriteNumber("response_status"u8, status);
            if (result.Body is { } body)
                json.WriteString("response_body"u8, body);
            // An answer speaks for itself: only where there was none is it said why.
            if (result.HttpStatus is null && result.Error is { } error)
                json.WriteString("error_message"u8, error);
            json.WriteEndObject();
        });
    }

    /// <summary>What a request says; what is empty is not said.</summary>
    private static WebhookChange ReadChange(MlflowRequest request) => new()
    {
        Name = NullIfEmpty(request.Text("name")),
        Description = NullIfEmpty(request.Text("description")),
        Url = NullIfEmpty(request.Text("url")),
        Secret = NullIfEmpty(request.Text("secret")),
        Events = ReadEvents(request),
        Active = request.Choice("status") switch
        {
            null or "" => null,
            "ACTIVE" or "1" => true,
            "DISABLED" or "2" => false,
            var other => throw MlflowErrors.Invalid($"'{other}'", "status", "It must be one of ACTIVE, DISABLED"),
        },
    };

    private static List<string>? ReadEvents(MlflowRequest request)
    {
        var list = request.List("events");
        return list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0 ? null : [.. list.EnumerateArray().Select((item, index) => ReadEvent(item, $"events[{index}]"))];
    }

    private static string ReadEvent(JsonElement item, string path)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw MlflowErrors.Invalid(item, path);
        return $"{ReadChoice(item, "entity", s_entities, path)}.{ReadChoice(item, "action", s_actions, path)}";
    }

    private static string ReadChoice(JsonElement item, string field, string?[] names, string path)
    {
        path = $"{path}.{field}";
        if (!ProtoJson.Find(item, field, out var value))
            throw MlflowErrors.Missing(path);
        if (ProtoJson.TryInteger(value, out var number) && number > 0 && number < names.Length)
            return names[number]!;
        return ProtoJson.TryText(value, out var text) && Array.Exists(names, name => text.Equals(name, StringComparison.OrdinalIgnoreCase)) ? text.ToLowerInvariant() : throw MlflowErrors.Invalid(value, path);
    }

    private static MlflowAnswer Answer(Webhook webhook) => new(json =>
    {
        json.WriteStartObject("webhook"u8);
        Write(json, webhook);
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, Webhook webhook)
    {
        json.WriteString("webhook_id"u8, webhook.Id);
        json.WriteString("name"u8, webhook.Name);
        if (webhook.Description is { } description)
            json.WriteString("description"u8, description);
        json.WriteString("url"u8, webhook.Url);
        json.WriteMessages("events", webhook.Events, (writer, name) =>
        {
            var parts = name.Split('.');
            writer.WriteString("entity"u8, parts[0].ToUpperInvariant());
            writer.WriteString("action"u8, parts[1].ToUpperInvariant());
        });
        json.WriteString("status"u8, webhook.Active ? "ACTIVE"u8 : "DISABLED"u8);
        json.WriteNumber("creation_timestamp"u8, webhook.CreatedAt);
        json.WriteNumber("last_updated_timestamp"u8, webhook.UpdatedAt);
        if (webhook.LastDelivery is not { } last)
            return;
        // Our own: MLflow does not say how its webhooks fare.
        json.WritePropertyName("last_delivery"u8);
        JsonSerializer.Serialize(json, last, TrackingJson.Default.WebhookDelivery);
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
