using System.Buffers;

namespace Lode.Tracking;

/// <summary>Writes an export as two tables of comma-separated values: runs, and metric points. For other programs; it is not read back.</summary>
public static class CsvExport
{
    private static readonly SearchValues<char> s_special = SearchValues.Create(",\"\r\n");

    /// <summary>Writes everything that a query finds.</summary>
    /// <param name="store">Where from.</param>
    /// <param name="query">What.</param>
    /// <param name="runs">One row a run: id, project, name, status, lifecycle, user, times, then a column each param, tag and metric (last value).</param>
    /// <param name="points">One row a point: run, key, step, time, value.</param>
    /// <param name="progress">Told now and then; may be null.</param>
    /// <param name="ct">Stops it, half-written: throw the output away then.</param>
    public static async Task<ExchangeCounts> WriteAsync(IRunStore store, ExportQuery query, Stream runs, Stream points, IProgress<ExchangeCounts>? progress, CancellationToken ct)
    {
        var (@params, tags, metrics) = await ColumnsAsync(store, query, ct).ConfigureAwait(false);
        var (table, history, counts) = (new Utf8Text(), new Utf8Text(), new ExchangeCounts());
        table.Append("id,project,name,status,lifecycle,user,started_at,ended_at,deleted_at"u8);
        foreach (var (prefix, keys) in new[] { ("params.", @params), ("tags.", tags), ("metrics.", metrics) })
        {
            foreach (var key in keys)
                Cell(table.Append(","u8), prefix + key);
        }
        table.Append("\n"u8);
        history.Append("run,key,step,time,value\n"u8);
        await foreach (var (project, run, key, values) in RunExporter.ReadAsync(store, query, ct).ConfigureAwait(false))
        {
            if (key is not null)
            {
                foreach (var point in values)
                {
                    Cell(history.Append(run!.Id.ToString()).Append(","u8), key);
                    history.Append(","u8).Append(point.Step).Append(","u8).Append(point.Time).Append(","u8).Append(point.Value).Append("\n"u8);
                    await history.FlushAsync(points, ct).ConfigureAwait(false);
                }
                counts = counts with { Points = counts.Points + values.Count };
            }
            else if (run is not null)
            {
                Row(table, project, run, @params, tags, metrics);
                await table.FlushAsync(runs, ct).ConfigureAwait(false);
                counts = counts with { Runs = counts.Runs + 1 };
            }
            else
            {
                counts = counts with { Projects = counts.Projects + 1 };
            }
            progress?.Report(counts);
        }
        await table.FlushAsync(runs, ct, whole: true).ConfigureAwait(false);
        await history.FlushAsync(points, ct, whole: true).ConfigureAwait(false);
        return counts;
    }

    private static async Task<(IReadOnlyList<string> Params, IReadOnlyList<string> Tags, IReadOnlyList<string> Metrics)> ColumnsAsync(IRunStore store, ExportQuery query, CancellationToken ct)
    {
        var (@params, tags, metrics) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        foreach (var project in query.Projects)
        {
            await foreach (var run in RunExporter.RunsAsync(store, query, project, ct).ConfigureAwait(false))
            {
                @params.UnionWith(run.Params.Keys);
                tags.UnionWith(run.Tags.Keys);
                metrics.UnionWith(run.Metrics.Keys);
            }
        }
        return ([.. @params], [.. tags], [.. metrics]);
    }

    private static void Row(Utf8Text table, Project project, Run run, IReadOnlyList<string> @params, IReadOnlyList<string> tags, IReadOnlyList<string> metrics)
    {
        table.Append(run.Id.ToString());
        foreach (var text in new[] { project.Name, run.Name, run.Status.ToString().ToLowerInvariant(), run.Lifecycle.ToString().ToLowerInvariant(), run.User })
            Cell(table.Append(","u8), text);
        foreach (var time in new[] { run.StartedAt, run.EndedAt, run.DeletedAt })
        {
            table.Append(","u8);
            if (time is { } at)
                table.Append(at);
        }
        foreach (var (bag, keys) in new[] { (run.Params, @params), (run.Tags, tags) })
        {
            foreach (var key in keys)
                Cell(table.Append(","u8), bag.GetValueOrDefault(key) ?? "");
        }
        foreach (var key in metrics)
        {
            table.Append(","u8);
            if (run.Metrics.TryGetValue(key, out var metric))
                table.Append(metric.Last);
        }
        table.Append("\n"u8);
    }

    private static void Cell(Utf8Text text, string value) =>
        text.Append(value.AsSpan().ContainsAny(s_special) ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value);
}
