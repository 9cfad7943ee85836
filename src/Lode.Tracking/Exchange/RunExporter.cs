using System.Threading.Channels;

namespace Lode.Tracking;

/// <summary>One thing of an export: a project, a run (after its project), or points of one metric (after their run).</summary>
/// <param name="Project">The project; of a run and of points: theirs.</param>
/// <param name="Run">The run; null for a project.</param>
/// <param name="Key">The metric; null for a project or run.</param>
/// <param name="Points">In the order of time, step and value.</param>
internal readonly record struct ExportItem(Project Project, Run? Run, string? Key, IReadOnlyList<MetricPoint> Points);

/// <summary>Reads everything of an export in order, ahead of whoever writes it.</summary>
/// <remarks>Runs that are logged to meanwhile come with what there was when they were read.</remarks>
internal static class RunExporter
{
    private const int PageSize = 500;
    private const int HistorySize = 500_000;
    private const int Ahead = 4;

    /// <summary>Projects, runs and points.</summary>
    public static async IAsyncEnumerable<ExportItem> ReadAsync(IRunStore store, ExportQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var items = Channel.CreateBounded<ExportItem>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var producer = Task.Run(() => ProduceAsync(store, query, items.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var item in items.Reader.ReadAllAsync(ct).ConfigureAwait(false))
                yield return item;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await producer.ConfigureAwait(false);
        }
    }

    /// <summary>Runs of one project, oldest first: what begins meanwhile comes last.</summary>
    public static async IAsyncEnumerable<Run> RunsAsync(IRunStore store, ExportQuery query, Project project, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        for (var offset = 0; ; offset += PageSize)
        {
            var page = await store.SearchRunsAsync(
                new RunQuery { Projects = [project.Id], Filter = query.Filter, View = query.View, Order = [RunOrder.Parse("started asc")], Offset = offset, Limit = PageSize }, ct).ConfigureAwait(false);
            foreach (var run in page.Runs)
                yield return run;
            if (page.Runs.Count < PageSize)
                yield break;
        }
    }

    private static async Task ProduceAsync(IRunStore store, ExportQuery query, ChannelWriter<ExportItem> items, CancellationToken ct)
    {
        try
        {
            foreach (var project in query.Projects)
            {
                await items.WriteAsync(new ExportItem(project, null, null, []), ct).ConfigureAwait(false);
                await foreach (var run in RunsAsync(store, query, project, ct).ConfigureAwait(false))
                {
                    await items.WriteAsync(new ExportItem(project, run, null, []), ct).ConfigureAwait(false);
                    foreach (var key in run.Metrics.Keys.Order(StringComparer.Ordinal))
                    {
                        for (var offset = 0; ; offset += HistorySize)
                        {
                            var points = await store.GetHistoryAsync(run.Id, key, offset, HistorySize, ct).ConfigureAwait(false);
                            if (points.Count > 0)
                                await items.WriteAsync(new ExportItem(project, run, key, points), ct).ConfigureAwait(false);
                            if (points.Count < HistorySize)
                                break;
                        }
                    }
                }
            }
            items.Complete();
        }
        catch (Exception error)
        {
            items.Complete(error);
        }
    }
}
