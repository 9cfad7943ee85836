using System.Text.Json;
using System.Text.Json.Serialization;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>Reads options records from JSON, refusing what they do not have.</summary>
internal static class OptionsReader
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    public static T Read<T>(string name, JsonElement? options) where T : class, new()
    {
        var allowed = typeof(T).GetProperties().Where(property => !property.IsDefined(typeof(JsonIgnoreAttribute), true)).Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)).ToList();
        // The serializer takes and drops what is there for code alone.
        if (options is { ValueKind: JsonValueKind.Object } named && named.EnumerateObject().Any(member => !allowed.Contains(member.Name)))
            throw Refused(null);
        try
        {
            return options is { } json ? json.Deserialize<T>(s_json) ?? new T() : new T();
        }
        catch (JsonException cause)
        {
            throw Refused(cause);
        }

        LodeException Refused(Exception? cause) => new(ErrorCode.InvalidArgument, $"'{name}' cannot take the options {options}; it has: {string.Join(", ", allowed)}.", cause: cause);
    }

    public static void RefuseAny(string name, JsonElement? options)
    {
        if (options is { ValueKind: JsonValueKind.Object } json && json.EnumerateObject().Any())
            throw new LodeException(ErrorCode.InvalidArgument, $"'{name}' has no options; got {json}.");
    }
}
