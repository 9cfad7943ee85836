using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Native;

/// <summary>Reads queries and bodies; what makes no sense is refused by name.</summary>
internal static class RequestReader
{
    public static async Task<T> ReadAsync<T>(this HttpRequest request, JsonTypeInfo<T> type, CancellationToken ct)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, type, ct) ?? throw new LodeException(ErrorCode.InvalidArgument, "The body must be a JSON object; got null.");
        }
        catch (JsonException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"The body is not understood: {error.Message}");
        }
    }

    public static string Required(this IQueryCollection query, string name) =>
        query[name].ToString() is { Length: > 0 } value ? value : throw new LodeException(ErrorCode.InvalidArgument, $"The query must say {name}=…");

    public static long? Number(this IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        return text.Length == 0 ? null
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw new LodeException(ErrorCode.InvalidArgument, $"{name} is a whole number; got '{text}'.");
    }

    public static int Count(this IQueryCollection query, string name, int @default, int min, int max)
    {
        var number = query.Number(name) ?? @default;
        return number >= min && number <= max ? (int)number : throw new LodeException(ErrorCode.InvalidArgument, $"{name} is {min} to {max}; got {number}.");
    }

    public static bool Flag(this IQueryCollection query, string name) => query[name].ToString() switch
    {
        "" or "0" or "false" => false,
        "1" or "true" => true,
        var text => throw new LodeException(ErrorCode.InvalidArgument, $"{name} is true or false; got '{text}'."),
    };

    public static LifecycleView View(this IQueryCollection query)
    {
        var text = query["view"].ToString();
        return text.Length == 0 ? LifecycleView.Active
            : Enum.TryParse<LifecycleView>(text, ignoreCase: true, out var view) && Enum.IsDefined(view) ? view
            : throw new LodeException(ErrorCode.InvalidArgument, $"view is active, deleted or all; got '{text}'.");
    }

    public static IReadOnlyList<RunOrder> Order(this IQueryCollection query) =>
        [.. query["sort"].Where(text => !string.IsNullOrWhiteSpace(text)).Select(text => RunOrder.Parse(text!))];
}
