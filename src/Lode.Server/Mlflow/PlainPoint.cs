using System.Text.Json;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Mlflow;

/// <summary>
/// The body of log-metric as clients write it, read without a document in between. What is written otherwise (other fields,
/// numbers as texts, escapes, mistakes) is left unread for <see cref="MlflowRequest"/>, which knows all forms and all errors.
/// </summary>
internal static class PlainPoint
{
    private const int MaxBody = 4096;

    /// <summary>The run and the point; null, with nothing read, where the body is not plain.</summary>
    public static async ValueTask<(RunId Run, MetricPoint Point)?> TryReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength is not (> 0 and <= MaxBody) || request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) != true)
            return null;
        var body = request.BodyReader;
        var read = await body.ReadAtLeastAsync((int)request.ContentLength, ct);
        var found = read.Buffer.IsSingleSegment && TryParse(read.Buffer.FirstSpan, out var run, out var point) ? (run, point) : ((RunId, MetricPoint)?)null;
        body.AdvanceTo(found is null ? read.Buffer.Start : read.Buffer.End);
        return found;
    }

    private static bool TryParse(ReadOnlySpan<byte> json, out RunId run, out MetricPoint point)
    {
        (run, point) = (default, default);
        string? key = null;
        var (hasRun, value, time, step) = (false, (double?)null, (long?)null, 0L);
        var reader = new Utf8JsonReader(json);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("run_id"u8))
                    hasRun = reader.Read() && reader.TokenType == JsonTokenType.String && Guid.TryParseExact(reader.GetString(), "N", out var id) && (run = new RunId(id)) != default;
                else if (reader.ValueTextEquals("key"u8))
                    key = reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                else if (reader.ValueTextEquals("value"u8))
                    value = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var real) ? real : null;
                else if (reader.ValueTextEquals("timestamp"u8))
                    time = reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var milliseconds) ? milliseconds : null;
                else if (!reader.ValueTextEquals("step"u8) || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out step))
                    return false;
            }
            if (!hasRun || string.IsNullOrEmpty(key) || value is not { } number || time is not { } when || reader.TokenType != JsonTokenType.EndObject || reader.Read())
                return false;
            point = new MetricPoint(key, number, when, step);
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
