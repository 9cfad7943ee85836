using System.Net;
using System.Text.Json.Nodes;
using Lode.Core;

namespace Lode.TestKit.Faults;

/// <summary>Uploads files of up to 200 KB, every fifth over an earlier one: each is there whole, and an overwritten one is the old or the new.</summary>
public sealed class ArtifactWitness(string name) : Witness(name)
{
    private const int MaxSize = 200_000;

    private readonly Dictionary<string, int> _stored = [];
    private readonly HashSet<string> _fresh = [];
    private int _next;

    public override async Task TestifyAsync(HttpClient http, bool all)
    {
        var (file, version) = (FileOf(_next), _next);
        if (await ReadAsync(http, file) is { } found && found.AsSpan().SequenceEqual(Content(version)))
        {
            _stored[file] = version;
            Landed++;
        }
        _next++;
        foreach (var (path, kept) in _stored.Where(pair => all || _fresh.Contains(pair.Key)))
        {
            var content = await ReadAsync(http, path);
            Require(content is not null, $"{path} is missing");
            Require(content.AsSpan().SequenceEqual(Content(kept)), $"{path} has other bytes than were sent");
        }
        if (!_stored.ContainsKey(file))
            Require(await ReadAsync(http, file) is null, $"{file} is there with other bytes than were sent");
        var listed = (await GetAsync(http, $"/api/2.0/mlflow-artifacts/artifacts?path={Name}"))["files"]?.AsArray() ?? [];
        Require(listed.Select(one => $"{Name}/{(string)one!["path"]!}").Order(StringComparer.Ordinal).SequenceEqual(_stored.Keys.Order(StringComparer.Ordinal)), $"the list has {listed.Count} files; {_stored.Count} are there");
        _fresh.Clear();
    }

    protected override async Task StepAsync(HttpClient http)
    {
        using var body = new ByteArrayContent(Content(_next));
        using var response = await http.PutAsync("/api/2.0/mlflow-artifacts/artifacts/" + FileOf(_next), body);
        Require(response.IsSuccessStatusCode, $"PUT answered {(int)response.StatusCode}");
        _stored[FileOf(_next)] = _next;
        _fresh.Add(FileOf(_next));
        _next++;
        Acknowledged++;
    }

    private static byte[] Content(int number)
    {
        var rng = new Rng(77, (ulong)number);
        var bytes = new byte[1 + rng.NextInt32(MaxSize)];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(number + (i * 31) + (i >> 8));
        return bytes;
    }

    private static async Task<byte[]?> ReadAsync(HttpClient http, string file)
    {
        using var response = await http.GetAsync("/api/2.0/mlflow-artifacts/artifacts/" + file);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
    }

    private string FileOf(int number) => number % 5 == 4 ? $"{Name}/again.bin" : $"{Name}/{number}.bin";
}

/// <summary>Registers versions of a model and moves an alias: numbers follow each other, and none was made twice.</summary>
public sealed class RegistryWitness(string name) : Witness(name)
{
    private bool _made;
    private int _versions;
    private int _champion;

    public override async Task TestifyAsync(HttpClient http, bool all)
    {
        if (!_made)
            return;
        var found = (await GetAsync(http, $"model-versions/search?filter=name%3D%27{Name}%27&order_by=version_number%20ASC"))["model_versions"]?.AsArray() ?? [];
        Require(found.Count == _versions || found.Count == _versions + 1, $"{_versions} versions were acknowledged and one was in doubt; {found.Count} are there");
        Landed += found.Count - _versions;
        _versions = found.Count;
        Require(found.Select((version, index) => (string)version!["version"]! == $"{index + 1}" && (string)version["source"]! == $"mlflow-artifacts:/models/{index + 1}").All(same => same), "the versions are not 1, 2, 3 … of the sources that were sent");
        var model = (await GetAsync(http, $"registered-models/get?name={Name}"))["registered_model"]!;
        var champion = int.Parse((string?)model["aliases"]?[0]?["version"] ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        Require(champion == _champion || champion == _versions, $"the alias was moved to version {_champion}; it is at {champion}");
        _champion = champion;
    }

    protected override async Task StepAsync(HttpClient http)
    {
        if (!_made)
            await MakeAsync(http);
        var version = _versions + 1;
        var made = await PostAsync(http, "model-versions/create", new JsonObject { ["name"] = Name, ["source"] = $"mlflow-artifacts:/models/{version}" });
        _versions++;
        Require((string)made["model_version"]!["version"]! == $"{version}", $"version {version} was made as {made.ToJsonString()}");
        await PostAsync(http, "registered-models/alias", new JsonObject { ["name"] = Name, ["alias"] = "champion", ["version"] = $"{version}" });
        _champion = version;
        Acknowledged += 2;
    }

    private async Task MakeAsync(HttpClient http)
    {
        // A kill may have kept the answer to the last try.
        using var known = await http.GetAsync($"/api/2.0/mlflow/registered-models/get?name={Name}");
        if (known.StatusCode == HttpStatusCode.NotFound)
            await PostAsync(http, "registered-models/create", new JsonObject { ["name"] = Name });
        _made = true;
    }
}

/// <summary>Makes runs, ends them and deletes every third: each is there once, in the state that was acknowledged.</summary>
public sealed class RunWitness(string name) : Witness(name)
{
    private readonly Dictionary<string, (string Status, string Stage)> _runs = [];
    private readonly HashSet<string> _fresh = [];
    private string? _experiment;
    private string? _doubted;

    public override async Task TestifyAsync(HttpClient http, bool all)
    {
        if (_experiment is null)
            return;
        var found = (await PostAsync(http, "runs/search", new JsonObject { ["experiment_ids"] = new JsonArray(_experiment), ["run_view_type"] = "ALL", ["max_results"] = 50000 }))["runs"]?.AsArray() ?? [];
        var states = found.ToDictionary(run => (string)run!["info"]!["run_id"]!, run => ((string)run!["info"]!["status"]!, (string)run["info"]!["lifecycle_stage"]!));
        var unknown = states.Keys.Except(_runs.Keys).ToList();
        Require(unknown.Count <= 1, $"{unknown.Count} runs are there that nobody was told of; one was in doubt");
        Require(_runs.Keys.All(states.ContainsKey), "an acknowledged run is missing");
        foreach (var (run, state) in _runs)
            Require(states[run] == state || run == _doubted, $"run {run} is {states[run]}; acknowledged was {state}");
        if (_doubted is not null && _runs.TryGetValue(_doubted, out var before))
        {
            Landed += states[_doubted] != before ? 1 : 0;
            _runs[_doubted] = states[_doubted];
        }
        Landed += unknown.Count;
        foreach (var run in unknown)
            _runs[run] = states[run];
        // Each by itself too, not only in the list.
        foreach (var run in _runs.Keys.Where(run => all || _fresh.Contains(run)))
            Require((string)(await GetAsync(http, $"runs/get?run_id={run}"))["run"]!["info"]!["status"]! == _runs[run].Status, $"run {run} has another status by itself than in the list");
        _doubted = null;
        _fresh.Clear();
    }

    protected override async Task StepAsync(HttpClient http)
    {
        _experiment ??= await ExperimentAsync(http);
        _doubted = null;
        var made = await PostAsync(http, "runs/create", new JsonObject { ["experiment_id"] = _experiment, ["start_time"] = 1 });
        var run = (string)made["run"]!["info"]!["run_id"]!;
        _runs[run] = ("RUNNING", "active");
        _fresh.Add(run);
        Acknowledged++;
        _doubted = run;
        await PostAsync(http, "runs/update", new JsonObject { ["run_id"] = run, ["status"] = "FINISHED", ["end_time"] = 2 });
        _runs[run] = ("FINISHED", "active");
        Acknowledged++;
        if (_runs.Count % 3 != 0)
            return;
        await PostAsync(http, "runs/delete", new JsonObject { ["run_id"] = run });
        _runs[run] = ("FINISHED", "deleted");
        Acknowledged++;
    }

    private async Task<string> ExperimentAsync(HttpClient http)
    {
        using var known = await http.GetAsync($"/api/2.0/mlflow/experiments/get-by-name?experiment_name={Name}");
        return known.StatusCode == HttpStatusCode.NotFound
            ? (string)(await PostAsync(http, "experiments/create", new JsonObject { ["name"] = Name }))["experiment_id"]!
            : (string)JsonNode.Parse(await known.Content.ReadAsStringAsync())!["experiment"]!["experiment_id"]!;
    }
}
