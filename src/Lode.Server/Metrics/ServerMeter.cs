using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Http;

namespace Lode.Server;

/// <summary>What a server counts of itself, as instruments of the meter <c>Lode.Server</c>.</summary>
internal sealed class ServerMeter : IDisposable
{
    public const string Name = "Lode.Server";

    private static readonly double[] s_durations = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    // Boxed and written once.
    private static readonly string[] s_statuses = [.. Enumerable.Range(0, 600).Select(status => status.ToString(CultureInfo.InvariantCulture))];

    private readonly Meter _meter;
    private readonly Histogram<double> _requests;
    private int _streams;

    public ServerMeter(string version)
    {
        // The scope tells two servers of one process apart.
        _meter = new Meter(Name, version, null, this);
        _requests = _meter.CreateHistogram("lode.request.duration", "s", "Time from a request's headers to the end of its answer, by family and status.",
            null, new InstrumentAdvice<double> { HistogramBucketBoundaries = s_durations });
        _meter.CreateObservableUpDownCounter("lode.live.streams", () => _streams, null, "Live streams that are open.");
        Refused = _meter.CreateCounter<long>("lode.overload.refused", null, "Requests answered 429 because the server was full.");
        Dropped = _meter.CreateCounter<long>("lode.live.dropped", null, "Live streams closed because their reader was too slow.");
    }

    public Counter<long> Refused { get; }

    public Counter<long> Dropped { get; }

    /// <summary>Shows counters that nothing was added to yet.</summary>
    public void Begin()
    {
        Refused.Add(0);
        Dropped.Add(0);
    }

    public void RequestEnded(string family, int status, TimeSpan elapsed) =>
        _requests.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("family", family), new KeyValuePair<string, object?>("status", s_statuses[Math.Clamp(status, 0, 599)]));

    /// <summary>Counts a stream that opened; returns how many are open now.</summary>
    public int StreamOpened() => Interlocked.Increment(ref _streams);

    public void StreamClosed() => Interlocked.Decrement(ref _streams);

    /// <summary>Adds a number that is looked up when somebody asks.</summary>
    public void Observe(string name, string description, Func<IEnumerable<Measurement<long>>> read) => _meter.CreateObservableUpDownCounter(name, read, null, description);

    public void Dispose() => _meter.Dispose();
}

/// <summary>Times every request that is no live stream, under the family of its endpoint.</summary>
internal sealed class RequestTimer(RequestDelegate next, ServerMeter meter, TimeProvider time)
{
    private readonly ConcurrentDictionary<Endpoint, string> _families = [];

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        var start = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            if (endpoint?.Metadata.GetMetadata<UnqueuedTrait>() is null)
                meter.RequestEnded(endpoint is null ? "none" : _families.GetOrAdd(endpoint, Family), context.Response.StatusCode, time.GetElapsedTime(start));
        }
    }

    // native/runs, mlflow/experiments, dashboard: the first literal word of the route after the API's prefix.
    private static string Family(Endpoint endpoint)
    {
        var parts = (endpoint as RouteEndpoint)?.RoutePattern.RawText?.Split('/', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return parts switch
        {
            ["api", "v1", var word, ..] when word[0] != '{' => "native/" + word,
            ["api" or "ajax-api", "2.0" or "3.0", var word, ..] when word[0] == '{' => "unknown",
            ["api" or "ajax-api", "2.0" or "3.0", "mlflow", var word, ..] => "mlflow/" + word,
            ["api" or "ajax-api", "2.0" or "3.0", var word, ..] => word,
            ["api" or "ajax-api", ..] => "unknown",
            [var word, ..] when word[0] != '{' => word,
            _ => "dashboard",
        };
    }
}
