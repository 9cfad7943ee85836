using System.Text.Json;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>Writes an export as JSON lines; docs/exchange.md describes the format.</summary>
public static class JsonLinesExport
{
    /// <summary>The format's version. Readers refuse greater ones.</summary>
    public const int Version = 1;

    private const int PointsALine = 10_000;

    /// <summary>Writes everything that a query finds.</summary>
    /// <param name="store">Where from.</param>
    /// <param name="query">What.</param>
    /// <param name="output">Where to; the caller disposes it.</param>
    /// <param name="at">The time to note, milliseconds since 1970 UTC.</param>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <param name="ct">Stops it, half-written: throw the output away then.</param>
    public static async Task<ExchangeCounts> WriteAsync(IRunStore store, ExportQuery query, Stream output, long at, IProgress<ExchangeCounts>? progress, CancellationToken ct)
    {
        var text = new Utf8Text();
        var counts = new ExchangeCounts();
        text.Append("{\"lode\":\"export\",\"version\":"u8).Append(Version).Append(",\"at\":"u8).Append(at).Append("}\n"u8);
        await foreach (var item in RunExporter.ReadAsync(store, query, ct).ConfigureAwait(false))
        {
            if (item.Key is not null)
            {
                for (var from = 0; from < item.Points.Count; from += PointsALine)
                {
                    AppendPoints(text, item.Run!.Id, item.Key, item.Points, from, Math.Min(item.Points.Count, from + PointsALine));
                    await text.FlushAsync(output, ct).ConfigureAwait(false);
                }
                counts = counts with { Points = counts.Points + item.Points.Count };
            }
            else if (item.Run is { } run)
            {
                text.Append("{\"run\":"u8).Append(JsonSerializer.SerializeToUtf8Bytes(run, TrackingJson.Default.Run)).Append("}\n"u8);
                counts = counts with { Runs = counts.Runs + 1 };
            }
            else
            {
                text.Append("{\"project\":"u8).Append(JsonSerializer.SerializeToUtf8Bytes(item.Project, TrackingJson.Default.Project)).Append("}\n"u8);
                counts = counts with { Projects = counts.Projects + 1 };
            }
            await text.FlushAsync(output, ct).ConfigureAwait(false);
            progress?.Report(counts);
        }
        text.Append("{\"end\":{\"projects\":"u8).Append(counts.Projects).Append(",\"runs\":"u8).Append(counts.Runs).Append(",\"points\":"u8).Append(counts.Points).Append("}}\n"u8);
        await text.FlushAsync(output, ct, whole: true).ConfigureAwait(false);
        return counts;
    }

    private static void AppendPoints(Utf8Text text, RunId run, string key, IReadOnlyList<MetricPoint> points, int from, int to)
    {
        text.Append("{\"points\":{\"run\":\""u8).Append(run.ToString()).Append("\",\"key\":\""u8).Append(JsonEncodedText.Encode(key).EncodedUtf8Bytes).Append("\",\"steps\":["u8);
        for (var i = from; i < to; i++)
            text.Comma(i > from).Append(points[i].Step);
        text.Append("],\"times\":["u8);
        for (var i = from; i < to; i++)
            text.Comma(i > from).Append(points[i].Time);
        text.Append("],\"values\":["u8);
        for (var i = from; i < to; i++)
        {
            var value = points[i].Value;
            text.Comma(i > from);
            if (double.IsFinite(value))
                text.Append(value);
            else
                text.Append(double.IsNaN(value) ? "\"NaN\""u8 : value > 0 ? "\"Infinity\""u8 : "\"-Infinity\""u8);
        }
        text.Append("]}}\n"u8);
    }
}
