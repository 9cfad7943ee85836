using System.Text.Json;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>Writes an export as JSON lines; docs/exchange.md describes the format.</summary>
public static class JsonLinesExport
{
    /// <summary>The format's version. Readers refuse greater ones.</summary>
    public const int Version = 1;

    private const int PointsALine = 10_000;

    private const int PageSize = 100;

    /// <summary>Writes everything that a query finds.</summary>
    /// <param name="stores">Where from.</param>
    /// <param name="query">What.</param>
    /// <param name="output">Where to; the caller disposes it.</param>
    /// <param name="at">The time to note, milliseconds since 1970 UTC.</param>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <param name="ct">Stops it, half-written: throw the output away then.</param>
    public static async Task<ExchangeCounts> WriteAsync(ExchangeStores stores, ExportQuery query, Stream output, long at, IProgress<ExchangeCounts>? progress, CancellationToken ct)
    {
        var text = new Utf8Text();
        var counts = new ExchangeCounts();
        var contents = query.FileFolder is { } folder ? new ContentFolder(folder) : null;
        // Of a part of the runs, only their models come.
        var runs = query.Filter.Clauses.Count > 0 || query.View != LifecycleView.All ? new HashSet<string>(StringComparer.Ordinal) : null;
        text.Append("{\"lode\":\"export\",\"version\":"u8).Append(Version).Append(",\"at\":"u8).Append(at).Append("}\n"u8);
        await foreach (var item in RunExporter.ReadAsync(stores.Runs, query, ct).ConfigureAwait(false))
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
                runs?.Add(run.Id.ToString());
                Append(text, "run", JsonSerializer.SerializeToUtf8Bytes(run, TrackingJson.Default.Run));
                counts = counts with { Runs = counts.Runs + 1, Files = counts.Files + await FilesAsync(run.ArtifactUri, new ExportedFile(run.Id, null, "", "", 0)).ConfigureAwait(false) };
            }
            else
            {
                Append(text, "project", JsonSerializer.SerializeToUtf8Bytes(item.Project, TrackingJson.Default.Project));
                counts = counts with { Projects = counts.Projects + 1 };
            }
            await text.FlushAsync(output, ct).ConfigureAwait(false);
            progress?.Report(counts);
        }
        foreach (var project in query.Projects)
        {
            await foreach (var model in PagesAsync<LoggedModel>((last, size) => stores.Models.ListLoggedAsync(project.Id, last?.Id ?? "", size, ct)).ConfigureAwait(false))
            {
                if (runs?.Contains(model.SourceRun) == false && (model.SourceRun.Length > 0 || query.Filter.Clauses.Count > 0))
                    continue;
                Append(text, "loggedModel", JsonSerializer.SerializeToUtf8Bytes(model, TrackingJson.Default.LoggedModel));
                counts = counts with { LoggedModels = counts.LoggedModels + 1, Files = counts.Files + await FilesAsync(model.ArtifactUri, new ExportedFile(null, model.Id, "", "", 0)).ConfigureAwait(false) };
                await text.FlushAsync(output, ct).ConfigureAwait(false);
                progress?.Report(counts);
            }
        }
        if (query.Registry)
        {
            await foreach (var model in PagesAsync<ArchivedModel>((last, size) => stores.Models.ListRegisteredAsync(last?.Name ?? "", size, ct)).ConfigureAwait(false))
            {
                Append(text, "registeredModel", JsonSerializer.SerializeToUtf8Bytes(model, TrackingJson.Default.ArchivedModel));
                counts = counts with { RegisteredModels = counts.RegisteredModels + 1 };
                await text.FlushAsync(output, ct).ConfigureAwait(false);
            }
        }
        Append(text, "end", JsonSerializer.SerializeToUtf8Bytes(counts, TrackingJson.Default.ExchangeCounts));
        await text.FlushAsync(output, ct, whole: true).ConfigureAwait(false);
        return counts;

        async Task<int> FilesAsync(string uri, ExportedFile owner)
        {
            if (contents is null || ArtifactPath.OfUri(uri) is not { } root)
                return 0;
            var count = 0;
            var folders = new Stack<string>([root]);
            while (folders.TryPop(out var next))
            {
                foreach (var artifact in await stores.Artifacts.ListAsync(next, ct).ConfigureAwait(false))
                {
                    if (artifact.IsFolder)
                    {
                        folders.Push(artifact.Path);
                        continue;
                    }
                    await contents.AddAsync(stores.Artifacts, artifact, ct).ConfigureAwait(false);
                    Append(text, "file", JsonSerializer.SerializeToUtf8Bytes(owner with { Path = artifact.Path[(root.Length + 1)..], Hash = artifact.Hash!, Size = artifact.Size }, TrackingJson.Default.ExportedFile));
                    await text.FlushAsync(output, ct).ConfigureAwait(false);
                    count++;
                }
            }
            return count;
        }
    }

    private static async IAsyncEnumerable<T> PagesAsync<T>(Func<T?, int, Task<IReadOnlyList<T>>> read)
        where T : class
    {
        for (IReadOnlyList<T> page = await read(null, PageSize).ConfigureAwait(false); page.Count > 0; page = await read(page[^1], PageSize).ConfigureAwait(false))
        {
            foreach (var item in page)
                yield return item;
        }
    }

    private static void Append(Utf8Text text, string kind, byte[] json) => text.Append("{\""u8).Append(kind).Append("\":"u8).Append(json).Append("}\n"u8);

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
