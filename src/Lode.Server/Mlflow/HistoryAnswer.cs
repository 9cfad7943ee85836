using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Mlflow;

/// <summary>
/// A metric's history as MLflow writes it. Its points are written number by number between texts that are made once, which spares
/// a JSON writer's work for each, and leave in pieces, so that a long history is never held as text.
/// </summary>
/// <param name="key">The metric.</param>
/// <param name="points">Its points.</param>
/// <param name="shown">How many of them are answered.</param>
/// <param name="nextToken">Of the next page, or null.</param>
internal sealed class HistoryAnswer(string key, IReadOnlyList<MetricPoint> points, int shown, string? nextToken) : IResult
{
    private const int PointsAPiece = 2048;
    private const int MaxNumber = 32; // digits, sign and exponent of any double or long

    private readonly byte[] _head = Encoding.UTF8.GetBytes($"{{\"key\":\"{JsonEncodedText.Encode(key, MlflowAnswer.Encoder)}\",\"value\":");

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, ct) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = "application/json";
        var body = response.BodyWriter;
        body.Write("{"u8);
        for (var start = 0; start < shown; start += PointsAPiece)
        {
            body.Write(start == 0 ? "\"metrics\":["u8 : ","u8);
            Write(body, start, Math.Min(shown, start + PointsAPiece));
            if ((await body.FlushAsync(ct)).IsCompleted)
                return;
        }
        if (shown > 0)
            body.Write("]"u8);
        if (nextToken is not null)
            body.Write(Encoding.UTF8.GetBytes($"{(shown > 0 ? "," : "")}\"next_page_token\":\"{JsonEncodedText.Encode(nextToken, MlflowAnswer.Encoder)}\""));
        body.Write("}"u8);
        await body.FlushAsync(ct);
    }

    private void Write(PipeWriter body, int start, int end)
    {
        var most = _head.Length + ",\"timestamp\":,\"step\":},"u8.Length + 3 * MaxNumber;
        for (var i = start; i < end;)
        {
            var span = body.GetSpan(most);
            var at = 0;
            for (; i < end && span.Length - at >= most; i++)
            {
                var (_, value, time, step) = points[i];
                Put(span, ref at, _head);
                if (double.IsNaN(value))
                    Put(span, ref at, "\"NaN\""u8);
                else
                    Put(span, ref at, Math.Clamp(value, double.MinValue, double.MaxValue));
                Put(span, ref at, ",\"timestamp\":"u8);
                Put(span, ref at, time);
                Put(span, ref at, ",\"step\":"u8);
                Put(span, ref at, step);
                Put(span, ref at, i + 1 < end ? "},"u8 : "}"u8);
            }
            body.Advance(at);
        }
    }

    private static void Put(Span<byte> span, ref int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(span[at..]);
        at += text.Length;
    }

    private static void Put<T>(Span<byte> span, ref int at, T number)
        where T : IUtf8SpanFormattable
    {
        _ = number.TryFormat(span[at..], out var written, default, CultureInfo.InvariantCulture);
        at += written;
    }
}
