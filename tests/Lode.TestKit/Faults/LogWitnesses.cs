using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Lode.Core;

namespace Lode.TestKit.Faults;

/// <summary>Logs one point a request; after a kill it sends the unanswered one again, as MLflow's client does.</summary>
public sealed class MetricWitness(string name) : Witness(name)
{
    private string? _run;
    private long _next;

    public override async Task TestifyAsync(HttpClient http, bool all)
    {
        if (_run is null)
            return;
        var count = (await StepsAsync(http, _run, "m")).Count;
        Require(count == _next || count == _next + 1, $"{_next} points were acknowledged and one was in doubt; {count} are there");
        Landed += count - _next;
        await RequireSeriesAsync(http, _run, "m", count);
        await LogAsync(http, _next);
        await RequireSeriesAsync(http, _run, "m", ++_next);
        Acknowledged++;
        if (all)
            await RequireFullAsync(http);
        if (IsFull(_run, "m", _next))
            (_run, _next) = (null, 0);
    }

    protected override async Task StepAsync(HttpClient http)
    {
        _run ??= await NewRunAsync(http);
        await LogAsync(http, _next);
        _next++;
        Acknowledged++;
    }

    private Task<JsonNode> LogAsync(HttpClient http, long step) => PostAsync(http, "runs/log-metric", new JsonObject { ["run_id"] = _run, ["key"] = "m", ["value"] = step, ["timestamp"] = step, ["step"] = step });
}

/// <summary>Logs batches of two metrics, a param and a tag: each is there whole or not at all.</summary>
public sealed class BatchWitness(string name) : Witness(name)
{
    private const int Points = 20;

    private string? _run;
    private long _next;

    public override async Task TestifyAsync(HttpClient http, bool all)
    {
        if (_run is null)
            return;
        var run = (await GetAsync(http, $"runs/get?run_id={_run}"))["run"]!["data"]!;
        var landed = run["params"]?.AsArray().Any(param => (string)param!["key"]! == $"p{_next}") == true;
        Landed += landed ? 1 : 0;
        // Not sent again: the next batch begins where this one ended.
        _next += landed ? 1 : 0;
        Require((run["params"]?.AsArray().Count ?? 0) == _next, $"{run["params"]?.AsArray().Count} params are there of {_next} batches");
        var last = run["tags"]!.AsArray().FirstOrDefault(tag => (string)tag!["key"]! == "last");
        Require(_next == 0 || (string)last!["value"]! == (_next - 1).ToString(CultureInfo.InvariantCulture), $"the tag of batch {_next - 1} is {last?.ToJsonString()}");
        await RequireSeriesAsync(http, _run, "x", _next * Points);
        await RequireSeriesAsync(http, _run, "y", _next * Points);
        if (all)
            await RequireFullAsync(http);
        if (IsFull(_run, "x", _next * Points))
            (_run, _next) = (null, 0);
    }

    protected override async Task StepAsync(HttpClient http)
    {
        _run ??= await NewRunAsync(http);
        var metrics = new JsonArray();
        for (var step = _next * Points; step < (_next + 1) * Points; step++)
        {
            foreach (var key in (string[])["x", "y"])
                metrics.Add(new JsonObject { ["key"] = key, ["value"] = step, ["timestamp"] = step, ["step"] = step });
        }
        await PostAsync(http, "runs/log-batch", new JsonObject
        {
            ["run_id"] = _run,
            ["metrics"] = metrics,
            ["params"] = new JsonArray(new JsonObject { ["key"] = $"p{_next}", ["value"] = "v" }),
            ["tags"] = new JsonArray(new JsonObject { ["key"] = "last", ["value"] = $"{_next}" }),
        });
        _next++;
        Acknowledged++;
    }
}

/// <summary>Ships a journal by byte offset and goes on where the server says it stands.</summary>
public sealed class JournalWitness(string name) : Witness(name)
{
    private const int LinesPerPiece = 200;

    private string _run = RunId.New().ToString();
    private readonly List<byte> _journal = [];
    private readonly List<int> _ends = [];
    private long _taken;

    public override async Task TestifyAsync(HttpClient http, bool all)
    {
        if (_journal.Count == 0)
            return;
        var stands = await ShipAsync(http, 0, 0);
        Require(stands >= _taken, $"the journal was taken to byte {_taken}; the server says {stands}");
        Require(stands == 0 || _journal[(int)stands - 1] == '\n', $"the journal stands at byte {stands}, inside a line");
        Landed += stands > _taken ? 1 : 0;
        _taken = stands;
        // The first line starts the run, the others hold a point each.
        var lines = _ends.TakeWhile(end => end <= stands).Count();
        if (lines > 0)
            await RequireSeriesAsync(http, _run, "j", lines - 1);
        if (all)
            await RequireFullAsync(http);
        if (stands < _journal.Count || !IsFull(_run, "j", lines - 1))
            return;
        (_run, _taken) = (RunId.New().ToString(), 0);
        _journal.Clear();
        _ends.Clear();
    }

    protected override async Task StepAsync(HttpClient http)
    {
        if (_ends.Count == 0)
            Append($$"""{"e":"start","t":1,"project":"kills","name":"{{Name}}","user":"witness"}""");
        while (_ends.Count == 0 || _ends[^1] <= _taken || _ends.Count % LinesPerPiece != 0)
            Append(string.Create(CultureInfo.InvariantCulture, $$$"""{"e":"metrics","t":{{{_ends.Count}}},"step":{{{_ends.Count - 1}}},"metrics":{"j":{{{_ends.Count - 1}}}}}"""));
        _taken = await ShipAsync(http, _taken, _journal.Count);
        Acknowledged++;
    }

    private void Append(string line)
    {
        _journal.AddRange(Encoding.UTF8.GetBytes(line + "\n"));
        _ends.Add(_journal.Count);
    }

    private async Task<long> ShipAsync(HttpClient http, long from, long to)
    {
        using var body = new ByteArrayContent([.. _journal.GetRange((int)from, (int)(to - from))]);
        using var response = await http.PostAsync($"/api/v1/runs/{_run}/journal?offset={from}", body);
        var text = await response.Content.ReadAsStringAsync();
        Require(response.IsSuccessStatusCode, $"the journal from byte {from} was answered {(int)response.StatusCode}: {text}");
        return (long)JsonNode.Parse(text)!["offset"]!;
    }
}
