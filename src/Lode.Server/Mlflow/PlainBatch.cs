using System.Text.Json;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Mlflow;

/// <summary>
/// The body of a log-batch that holds metrics only, as clients write it, read without a document in between, as large batches
/// spend much of their time there. What is written otherwise is left unread for <see cref="MlflowRequest"/>, as with <see cref="PlainPoint"/>.
/// </summary>
internal static class PlainBatch
{
    private const int MaxBody = 1 << 20;
    private const int MaxRememberedKeys = 64;

    /// <summary>The run and the points; null, with nothing read, where the body is not plain.</summary>
    public static async ValueTask<(RunId Run, MetricPoint[] Points)?> TryReadAsync(HttpRequest request, int maxPoints, CancellationToken ct)
    {
        if (request.ContentLength is not (> 0 and <= MaxBody) || request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) != true)
            return null;
        var body = request.BodyReader;
        var read = await body.ReadAtLeastAsync((int)request.ContentLength, ct);
        var found = Parse(new Utf8JsonReader(read.Buffer), maxPoints);
        body.AdvanceTo(found is null ? read.Buffer.Start : read.Buffer.End);
        return found;
    }

    private static (RunId Run, MetricPoint[] Points)? Parse(Utf8JsonReader reader, int maxPoints)
    {
        var (run, points) = ((RunId?)null, (MetricPoint[]?)null);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("run_id"u8))
                    run = reader.Read() && reader.TokenType == JsonTokenType.String && Guid.TryParseExact(reader.GetString(), "N", out var id) ? new RunId(id) : null;
                else if (reader.ValueTextEquals("metrics"u8))
                    points = points is null ? ReadPoints(ref reader, maxPoints) : null;
                else if (!(reader.ValueTextEquals("params"u8) || reader.ValueTextEquals("tags"u8)) || !IsEmptyArray(ref reader))
                    return null;
                if (run is null && points is null)
                    return null;
            }
            return run is { } logged && points is not null && reader.TokenType == JsonTokenType.EndObject && !reader.Read() ? (logged, points) : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsEmptyArray(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.StartArray && reader.Read() && reader.TokenType == JsonTokenType.EndArray;

    private static MetricPoint[]? ReadPoints(ref Utf8JsonReader reader, int maxPoints)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            return null;
        var points = new List<MetricPoint>(Math.Min(maxPoints, 64));
        var keys = new List<string>();
        var last = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            if (points.Count == maxPoints || !TryReadPoint(ref reader, keys, ref last, out var point))
                return null;
            points.Add(point);
        }
        return reader.TokenType == JsonTokenType.EndArray ? [.. points] : null;
    }

    private static bool TryReadPoint(ref Utf8JsonReader reader, List<string> keys, ref int last, out MetricPoint point)
    {
        point = default;
        string? key = null;
        var (value, time, step) = ((double?)null, (long?)null, 0L);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("key"u8))
                key = reader.Read() && reader.TokenType == JsonTokenType.String ? ReadKey(ref reader, keys, ref last) : null;
            else if (reader.ValueTextEquals("value"u8))
                value = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var real) ? real : null;
            else if (reader.ValueTextEquals("timestamp"u8))
                time = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var milliseconds) ? milliseconds : null;
            else if (!reader.ValueTextEquals("step"u8) || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out step))
                return false;
        }
        if (reader.TokenType != JsonTokenType.EndObject || string.IsNullOrEmpty(key) || value is not { } number || time is not { } when)
            return false;
        point = new MetricPoint(key, number, when, step);
        return true;
    }

    /// <summary>The key as a text that is made once: batches take their keys in turn, or many points of one.</summary>
    private static string? ReadKey(ref Utf8JsonReader reader, List<string> keys, ref int last)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            var at = (last + i) % keys.Count;
            if (reader.ValueTextEquals(keys[at]))
            {
                // The one after it comes next, or it comes again, which the last try finds.
                last = at + 1;
                return keys[at];
            }
        }
        var key = reader.GetString();
        if (key is not null && keys.Count < MaxRememberedKeys)
        {
            keys.Add(key);
            last = keys.Count;
        }
        return key;
    }
}
