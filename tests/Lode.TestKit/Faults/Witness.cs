using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Lode.TestKit.Faults;

/// <summary>
/// A client that writes one kind of thing, remembers what was acknowledged, and testifies after a kill: all of that is there, nothing is
/// there twice, and of what was sent without an answer all or nothing.
/// </summary>
public abstract class Witness(string name)
{
    private const int MaxSeries = 20_000;
    private const string Mlflow = "/api/2.0/mlflow/";

    // Full series, which change no more and are looked at again at the end.
    private readonly List<(string Run, string Key, long Count)> _full = [];

    public string Name { get; } = name;

    /// <summary>Writes that were acknowledged, over all rounds.</summary>
    public long Acknowledged { get; protected set; }

    /// <summary>Writes sent without an answer that turned out to be there.</summary>
    public long Landed { get; protected set; }

    /// <summary>Writes until the server dies. What was in doubt has been settled by <see cref="TestifyAsync"/> before.</summary>
    public async Task WriteAsync(HttpClient http)
    {
        try
        {
            while (true)
                await StepAsync(http);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
        {
            // The server is dead.
        }
    }

    /// <summary>Compares the server with what is remembered; settles what was in doubt.</summary>
    /// <param name="http">The server, started again.</param>
    /// <param name="all">True looks at everything ever written, false at what may have changed since the last time.</param>
    /// <exception cref="FaultFoundException">Something is missing, double or half there.</exception>
    public abstract Task TestifyAsync(HttpClient http, bool all);

    /// <summary>One write. It throws where there was no answer.</summary>
    protected abstract Task StepAsync(HttpClient http);

    protected void Require(bool holds, string what)
    {
        if (!holds)
            throw new FaultFoundException($"{Name}: {what}");
    }

    protected Task<JsonNode> PostAsync(HttpClient http, string path, JsonObject body) => SendAsync(http, HttpMethod.Post, path, body);

    protected Task<JsonNode> GetAsync(HttpClient http, string path) => SendAsync(http, HttpMethod.Get, path, null);

    /// <summary>Sends; any answer but 200 is a fault, since no request here is wrong.</summary>
    protected async Task<JsonNode> SendAsync(HttpClient http, HttpMethod method, string path, JsonObject? body)
    {
        using var request = new HttpRequestMessage(method, path.StartsWith('/') ? path : Mlflow + path);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Require(response.StatusCode == HttpStatusCode.OK, $"{method} {path} answered {(int)response.StatusCode}: {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>A new run in the default experiment.</summary>
    protected async Task<string> NewRunAsync(HttpClient http) =>
        (string)(await PostAsync(http, "runs/create", new JsonObject { ["experiment_id"] = "0", ["run_name"] = Name, ["start_time"] = 1 }))["run"]!["info"]!["run_id"]!;

    /// <summary>The steps of a metric's history, whose value at each must be the step.</summary>
    protected async Task<List<long>> StepsAsync(HttpClient http, string run, string key)
    {
        var points = (await GetAsync(http, $"metrics/get-history?run_id={run}&metric_key={key}"))["metrics"]?.AsArray() ?? [];
        var steps = points.Select(point => (long)point!["step"]!).ToList();
        Require(points.All(point => (double)point!["value"]! == (long)point["step"]!), $"{key} has other values than were logged");
        return steps;
    }

    /// <summary>Whether a series is long enough; then the witness is to begin another.</summary>
    protected bool IsFull(string run, string key, long count)
    {
        if (count < MaxSeries)
            return false;
        _full.Add((run, key, count));
        return true;
    }

    /// <summary>Looks at all series that were full.</summary>
    protected async Task RequireFullAsync(HttpClient http)
    {
        foreach (var (run, key, count) in _full)
            await RequireSeriesAsync(http, run, key, count);
    }

    /// <summary>Steps 0 to count - 1, each once, which the run's summary also says.</summary>
    protected async Task RequireSeriesAsync(HttpClient http, string run, string key, long count)
    {
        var steps = await StepsAsync(http, run, key);
        Require(steps.Distinct().Count() == steps.Count, $"{key} has points twice");
        Require(steps.Count == count && steps.Order().Select((step, index) => step == index).All(same => same), $"{key} has {steps.Count} points; {count} were acknowledged or are there with their batch");
        var summary = (await GetAsync(http, $"/api/v1/runs/{run}"))["metrics"]?[key];
        Require(count == 0 || (long)summary!["count"]! == count && (double)summary["last"]! == count - 1, $"{key}'s summary says {summary?.ToJsonString()}, its history {count} points");
    }
}

/// <summary>A promise was broken; the message says which.</summary>
public sealed class FaultFoundException(string message) : Exception(message);
