using System.Globalization;
using System.Text.Json;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Mlflow;

/// <summary>
/// A request's fields, from its query or its body, read as protobuf reads JSON: snake case or lower camel case, numbers as
/// numbers or texts, enums as names or numbers, null as absent, what is unknown passed over. Absent is null.
/// </summary>
internal sealed class MlflowRequest : IDisposable
{
    private readonly IQueryCollection? _query;
    private readonly JsonDocument? _document;

    private MlflowRequest(IQueryCollection query) => _query = query;

    private MlflowRequest(JsonDocument? document) => _document = document;

    /// <exception cref="LodeException">InvalidArgument: no JSON object, or under another content type.</exception>
    public static async Task<MlflowRequest> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        // Old clients send a GET's fields in a body.
        if (HttpMethods.IsGet(request.Method) && (request.Query.Count > 0 || request.ContentLength is null or 0))
            return new MlflowRequest(request.Query);
        if (string.IsNullOrEmpty(request.ContentType))
            throw new LodeException(ErrorCode.InvalidArgument, "Bad Request. Content-Type header is missing.");
        if (!request.ContentType.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
            throw new LodeException(ErrorCode.InvalidArgument, $"Bad Request. Content-Type must be application/json; got '{request.ContentType}'.");
        if (request.ContentLength == 0)
            return new MlflowRequest((JsonDocument?)null);
        try
        {
            var document = await JsonDocument.ParseAsync(request.Body, cancellationToken: ct);
            // Old clients send JSON inside a JSON text.
            if (document.RootElement.ValueKind == JsonValueKind.String)
            {
                using var outer = document;
                document = JsonDocument.Parse(ProtoJson.TryText(outer.RootElement, out var inner) ? inner : "");
            }
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return new MlflowRequest(document);
            document.Dispose();
        }
        catch (JsonException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"Bad Request. The body is not understood: {error.Message}");
        }
        throw new LodeException(ErrorCode.InvalidArgument, "Bad Request. The body must be a JSON object.");
    }

    public string? Text(string name)
    {
        if (_query is not null)
            return _query.TryGetValue(name, out var values) ? values[0] : null;
        return Find(name, out var value) ? ProtoJson.TryText(value, out var text) ? text : throw MlflowErrors.Invalid(value, name) : null;
    }

    /// <summary>A text that must be there and not be empty.</summary>
    public string RequiredText(string name) => Text(name) is { Length: > 0 } text ? text : throw MlflowErrors.Missing(name);

    /// <summary>A key of a metric, param or tag.</summary>
    public string RequiredKey(string name = "key")
    {
        var key = RequiredText(name);
        NameRules.CheckKey(key, name);
        return key;
    }

    public long? Integer(string name)
    {
        if (_query is not null)
        {
            return !_query.TryGetValue(name, out var values) || values[0] is not { Length: > 0 } text ? null
                : ProtoJson.TryInteger(text, out var parsed) ? parsed
                : throw MlflowErrors.Invalid($"'{text}'", name, "It must be a whole number");
        }
        return Find(name, out var value) ? ProtoJson.TryInteger(value, out var number) ? number : throw MlflowErrors.Invalid(value, name) : null;
    }

    public long RequiredInteger(string name) => Integer(name) ?? throw MlflowErrors.Missing(name);

    /// <summary>A number of a body that must be there.</summary>
    public double RequiredDouble(string name) =>
        !Find(name, out var value) ? throw MlflowErrors.Missing(name) : ProtoJson.TryDouble(value, out var number) ? number : throw MlflowErrors.Invalid(value, name);

    /// <summary>An enum's name or number as it was sent.</summary>
    public string? Choice(string name) => _query is null && Find(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(name);

    public IReadOnlyList<string> Texts(string name)
    {
        if (_query is not null)
            return [.. _query[name].Select(text => text ?? "")];
        var list = List(name);
        var texts = new string[list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : 0];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = ProtoJson.TryText(list[i], out var text) ? text : throw MlflowErrors.Invalid(list[i], string.Create(CultureInfo.InvariantCulture, $"{name}[{i}]"));
        return texts;
    }

    /// <summary>A body's list; of kind Undefined where it is absent.</summary>
    public JsonElement List(string name) => !Find(name, out var value) || value.ValueKind == JsonValueKind.Array ? value : throw MlflowErrors.Invalid(value, name);

    /// <summary>A body's list of <c>{key, value}</c>; a value that is absent is empty.</summary>
    /// <param name="name">The list's.</param>
    /// <param name="loose">Whether keys may hold any character, as where MLflow does not look at them.</param>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs(string name, bool loose = false)
    {
        var list = List(name);
        var pairs = new KeyValuePair<string, string>[list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : 0];
        for (var i = 0; i < pairs.Length; i++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{name}[{i}]");
            var item = list[i].ValueKind == JsonValueKind.Object ? list[i] : throw MlflowErrors.Invalid(list[i], path);
            var key = ProtoJson.Find(item, "key", out var found) ? ProtoJson.TryText(found, out var text) ? text : throw MlflowErrors.Invalid(found, path + ".key") : "";
            if (loose)
                NameRules.CheckLooseKey(key, path + ".key");
            else
                NameRules.CheckKey(key, path + ".key");
            var value = ProtoJson.Find(item, "value", out found) ? ProtoJson.TryText(found, out text) ? text : throw MlflowErrors.Invalid(found, path + ".value") : "";
            pairs[i] = new(key, value);
        }
        return pairs;
    }

    /// <summary>A body's message; null where it is absent.</summary>
    public JsonElement? Object(string name) => !Find(name, out var value) ? null : value.ValueKind == JsonValueKind.Object ? value : throw MlflowErrors.Invalid(value, name);

    /// <summary>As <see cref="Pairs"/>; of equal keys the last one counts.</summary>
    public Dictionary<string, string> Map(string name)
    {
        var map = new Dictionary<string, string>();
        foreach (var (key, value) in Pairs(name))
            map[key] = value;
        return map;
    }

    public bool? Bool(string name)
    {
        if (_query is not null)
            return Text(name) is not { Length: > 0 } text ? null : bool.TryParse(text, out var parsed) ? parsed : throw MlflowErrors.Invalid($"'{text}'", name, "It must be true or false");
        return !Find(name, out var value) ? null : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw MlflowErrors.Invalid(value, name);
    }

    public void Dispose() => _document?.Dispose();

    private bool Find(string name, out JsonElement value)
    {
        value = default;
        return _document is not null && ProtoJson.Find(_document.RootElement, name, out value);
    }
}
