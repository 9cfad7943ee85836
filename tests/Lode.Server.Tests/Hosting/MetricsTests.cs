using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;

namespace Lode.Server.Tests.Hosting;

/// <summary>What Prometheus reads.</summary>
public sealed partial class MetricsTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async Task InitializeAsync() => _server = await RunningServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private async Task<Dictionary<string, double>> ReadAsync() => Samples().Matches(await _server.Http.GetStringAsync("/metrics")).ToDictionary(
        match => match.Groups[1].Value, match => double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));

    [Fact]
    public async Task Requests_AreCounted_ByFamilyAndStatus_InRisingBuckets()
    {
        for (var i = 0; i < 3; i++)
            await _server.Http.GetAsync("/api/v1/projects");
        await _server.Http.GetAsync("/api/v1/projects/4711");
        await _server.Http.GetAsync("/api/2.0/mlflow/experiments/get?experiment_id=0");
        await _server.Http.GetAsync("/api/v1/nothing");
        await _server.Http.GetAsync("/ajax-api/2.0/nothing");
        await _server.Http.GetAsync("/some/page");
        var samples = await ReadAsync();
        // A request is counted when its answer is out, which may be a moment after the client has it.
        for (var i = 0; i < 100 && !samples.Keys.Any(key => key.Contains("dashboard", StringComparison.Ordinal)); i++)
        {
            await Task.Delay(20);
            samples = await ReadAsync();
        }
        double Count(string family, int status) => samples[$"lode_request_duration_seconds_count{{family=\"{family}\",status=\"{status}\"}}"];
        Assert.Equal((3, 1, 1, 2), (Count("native/projects", 200), Count("native/projects", 404), Count("mlflow/experiments", 200), Count("unknown", 404)));
        Assert.Contains(samples.Keys, key => key.Contains("count{family=\"dashboard\"", StringComparison.Ordinal));
        var buckets = samples.Where(sample => sample.Key.StartsWith("lode_request_duration_seconds_bucket{family=\"native/projects\",status=\"200\"", StringComparison.Ordinal)).Select(sample => sample.Value).ToList();
        Assert.Equal(buckets.Order(), buckets);
        Assert.Equal(3, buckets[^1]);
    }

    [Fact]
    public async Task Text_IsPrometheusFormat()
    {
        using var response = await _server.Http.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches(Line(), line));
        var types = lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.Equal(types.Distinct(), types);
    }

    [Fact]
    public async Task ProcessRunsAndStreams_AreTold()
    {
        await _server.Http.PostAsJsonAsync("/api/2.0/mlflow/runs/create", new { experiment_id = "0", start_time = 1 });
        using (await _server.Http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead))
        {
            var samples = await ReadAsync();
            Assert.Equal((1, 1), (samples["lode_runs{status=\"running\"}"], samples["lode_live_streams"]));
            // The process's stores together, so at least this one's.
            Assert.True(samples["lode_store_group_size_count"] >= 1 && samples["lode_store_group_size_sum"] >= samples["lode_store_group_size_count"]);
            Assert.Equal((0, 0), (samples["lode_overload_refused_total"], samples["lode_live_dropped_total"]));
            Assert.True(samples["dotnet_process_memory_working_set_bytes"] > 1e6);
            Assert.True(samples["dotnet_process_cpu_time_seconds_total{cpu_mode=\"user\"}"] > 0);
        }
    }

    [GeneratedRegex(@"^([a-z_]+(?:\{[^}]*\})?) (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Samples();

    [GeneratedRegex("""^(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_]\w*="([^"\\]|\\.)*"(,[a-zA-Z_]\w*="([^"\\]|\\.)*")*\})? ([-+]?\d+(\.\d+)?(E[-+]?\d+)?|NaN|[-+]Inf))$""")]
    private static partial Regex Line();
}
