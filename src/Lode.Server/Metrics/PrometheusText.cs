using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Lode.Server;

/// <summary>
/// Keeps the totals of this program's instruments (meters <c>Lode.*</c>, and what the runtime tells of memory, processor and
/// collections) and writes them in Prometheus' text format, version 0.0.4.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly string[] s_runtime =
    [
        "dotnet.process.cpu.time", "dotnet.process.memory.working_set", "dotnet.gc.collections", "dotnet.gc.pause.time", "dotnet.gc.heap.total_allocated",
        "dotnet.gc.last_collection.memory.committed_size",
    ];

    private readonly MeterListener _listener;
    private readonly ConcurrentDictionary<Instrument, InstrumentTotals> _instruments = [];

    /// <param name="scope">The server whose instruments to keep, besides those that belong to the whole process.</param>
    public PrometheusText(object scope)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                var meter = instrument.Meter;
                if ((meter.Scope is null || meter.Scope == scope) && (meter.Name.StartsWith("Lode.", StringComparison.Ordinal) || (meter.Name == "System.Runtime" && s_runtime.Contains(instrument.Name))))
                    listener.EnableMeasurementEvents(instrument, _instruments.GetOrAdd(instrument, static instrument => new InstrumentTotals(instrument)));
            },
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, totals) => ((InstrumentTotals)totals!).Add(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, totals) => ((InstrumentTotals)totals!).Add(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, totals) => ((InstrumentTotals)totals!).Add(value, tags));
        _listener.Start();
    }

    /// <summary>Everything, as it is now.</summary>
    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var totals in _instruments.Values.OrderBy(totals => totals.Name, StringComparer.Ordinal))
            totals.Write(text);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();
}

/// <summary>One instrument's totals, a series for each set of tags.</summary>
internal sealed class InstrumentTotals
{
    private readonly bool _observed;
    private readonly bool _counts;
    private readonly double[]? _bounds;
    private readonly string _help;
    private readonly ConcurrentDictionary<(object?, object?), Series> _series = [];

    public InstrumentTotals(Instrument instrument)
    {
        var kind = instrument.GetType().Name;
        _observed = kind.StartsWith("Observable", StringComparison.Ordinal);
        _counts = kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("ObservableCounter", StringComparison.Ordinal);
        if (kind.StartsWith("Histogram", StringComparison.Ordinal))
            _bounds = [.. Bounds(instrument)];
        Name = instrument.Name.Replace('.', '_') + instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" } + (_counts ? "_total" : "");
        _help = (instrument.Description ?? instrument.Name).Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
    }

    public string Name { get; }

    /// <summary>Takes a measurement; at most two tags tell series apart.</summary>
    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = tags.Length switch { 0 => (null, null), 1 => (tags[0].Value, null), _ => (tags[0].Value, tags[1].Value) };
        if (!_series.TryGetValue(key, out var series))
            series = _series.GetOrAdd(key, new Series(Labels(tags), _bounds));
        series.Add(value, _observed);
    }

    public void Write(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {Name} {_help}\n# TYPE {Name} {(_bounds is not null ? "histogram" : _counts ? "counter" : "gauge")}\n");
        foreach (var series in _series.Values.OrderBy(series => series.Labels, StringComparer.Ordinal))
            series.Write(text, Name);
    }

    private static IEnumerable<double> Bounds(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => bounds,
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
        Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
        _ => [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    };

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in tags[..Math.Min(tags.Length, 2)])
        {
            var escaped = (Convert.ToString(value, CultureInfo.InvariantCulture) ?? "").Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
            text.Append(text.Length > 0 ? "," : "").Append(key.Replace('.', '_')).Append("=\"").Append(escaped).Append('"');
        }
        return text.ToString();
    }

    private sealed class Series(string labels, double[]? bounds)
    {
        private readonly long[] _buckets = new long[bounds is null ? 0 : bounds.Length + 1];
        private readonly Lock _gate = new();
        private double _value;

        public string Labels => labels;

        public void Add(double value, bool set)
        {
            lock (_gate)
            {
                _value = set ? value : _value + value;
                if (bounds is not null)
                    _buckets[Bucket(bounds, value)]++;
            }
        }

        public void Write(StringBuilder text, string name)
        {
            lock (_gate)
            {
                if (bounds is null)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {_value}\n");
                    return;
                }
                var below = 0L;
                var prefix = labels.Length > 0 ? labels + "," : "";
                for (var i = 0; i < _buckets.Length; i++)
                {
                    below += _buckets[i];
                    text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{prefix}le=\"{(i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf")}\"}} {below}\n");
                }
                var all = labels.Length > 0 ? $"{{{labels}}}" : "";
                text.Append(CultureInfo.InvariantCulture, $"{name}_sum{all} {_value}\n{name}_count{all} {below}\n");
            }
        }

        // Upper ends belong to their bucket.
        private static int Bucket(double[] bounds, double value)
        {
            var at = Array.BinarySearch(bounds, value);
            return at >= 0 ? at : ~at;
        }
    }
}
