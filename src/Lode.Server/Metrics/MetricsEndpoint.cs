using System.Diagnostics.Metrics;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server;

/// <summary><c>GET /metrics</c>: what Prometheus reads.</summary>
internal sealed class MetricsEndpoint(PrometheusText text, RunCensus census)
{
    public static void Map(IEndpointRouteBuilder root) => root.MapGet("/metrics", (MetricsEndpoint endpoint, CancellationToken ct) => endpoint.WriteAsync(ct))
        .Unqueued().WithSummary("The server's own metrics in Prometheus' text format.").Produces<string>(200, "text/plain");

    private async Task<IResult> WriteAsync(CancellationToken ct)
    {
        await census.TakeAsync(ct);
        return TypedResults.Text(text.Write(), PrometheusText.ContentType);
    }
}

/// <summary>How many runs there are in which status, counted anew at most each half minute: on a large store that costs a moment.</summary>
internal sealed class RunCensus : IDisposable
{
    private static readonly TimeSpan s_validity = TimeSpan.FromSeconds(30);

    private readonly IRunStore _store;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1);
    private RunCounts _counts = new();
    private long? _takenAt;

    public RunCensus(IRunStore store, ServerMeter meter, TimeProvider time)
    {
        (_store, _time) = (store, time);
        meter.Observe("lode.runs", "Runs that are not in the trash, by status; counted at most each half minute.", Read);
    }

    public async Task TakeAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            if (_takenAt is { } at && _time.GetElapsedTime(at) < s_validity)
                return;
            var counts = (await _store.SearchProjectsAsync(new ProjectQuery { View = LifecycleView.All, Limit = 50_000 }, ct)).Projects.Select(project => project.Runs).ToList();
            _counts = new RunCounts
            {
                Running = counts.Sum(runs => runs.Running),
                Scheduled = counts.Sum(runs => runs.Scheduled),
                Finished = counts.Sum(runs => runs.Finished),
                Failed = counts.Sum(runs => runs.Failed),
                Killed = counts.Sum(runs => runs.Killed),
                Stale = counts.Sum(runs => runs.Stale),
            };
            _takenAt = _time.GetTimestamp();
        }
        catch (LodeException)
        {
            // The store is away: the other numbers are wanted all the more.
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private IEnumerable<Measurement<long>> Read()
    {
        var counts = _counts;
        return [Of("running", counts.Running), Of("scheduled", counts.Scheduled), Of("finished", counts.Finished), Of("failed", counts.Failed), Of("killed", counts.Killed), Of("stale", counts.Stale)];
    }

    private static Measurement<long> Of(string status, int count) => new(count, new KeyValuePair<string, object?>("status", status));
}
