using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Reads Lode's own sweep files.</summary>
internal static class SweepReader
{
    private static readonly string[] s_keys =
    [
        "project", "name", "description", "command", "folder", "environment", "goal", "space", "constraints", "sampler", "pruner", "stop", "first", "budget", "seed",
        "repeatable", "duplicates", "retries", "lost_agents", "first_failures", "lease", "checkpoint", "artifacts", "resources", "timeout", "grace", "launcher",
    ];

    private static readonly string[] s_resources = ["cpus", "gpus", "memory"];
    private static readonly string[] s_budget = ["trials", "hours", "time", "parallel"];
    private static readonly string[] s_launchers = ["process", "slurm"];
    private static readonly string[] s_duplicates = ["allow", "reask", "reuse"];

    public static SweepSpec Read(YamlValue root)
    {
        var keys = root.Map("a sweep", s_keys);
        var space = SpaceReader.Read(Needed("space", "what to search: `space: { lr: { log: [1e-5, 1e-1] } }`"), keys.GetValueOrDefault("constraints"));
        var command = Needed("command", "what to run: `command: python train.py {args}`");
        var launcher = Named("launcher", s_launchers, (name, options) => name == "slurm" ? SlurmOptions.Of(options) : options is null ? name : throw new LodeException(ErrorCode.InvalidArgument, "The process launcher has no options.")) ?? new NamedOptions("process");
        var study = new StudySpec
        {
            Goals = Goals(Needed("goal", "what to make small or large: `goal: minimize val/loss`")),
            Space = space,
            Sampler = Named("sampler", SamplerCatalog.Names, (name, options) => SamplerCatalog.Create(name, options)) ?? new NamedOptions("auto"),
            Pruner = Named("pruner", PrunerCatalog.Names, (name, options) => PrunerCatalog.Create(name, options)) ?? new NamedOptions("none"),
            Terminators = keys.TryGetValue("stop", out var stop) ? Terminators(stop) : [],
            Budget = keys.TryGetValue("budget", out var budget) ? Budget(budget) : new StudyBudget(),
            Seed = keys.TryGetValue("seed", out var seed) ? (ulong)seed.Whole("a seed", 0) : 0,
            RepeatableWidth = Whole("repeatable", 0, 100_000) ?? 0,
            Duplicates = keys.TryGetValue("duplicates", out var duplicates) ? Enum.Parse<DuplicatePolicy>(duplicates.OneOf("way with duplicates", s_duplicates), ignoreCase: true) : DuplicatePolicy.Reask,
            Retries = Whole("retries", 0, 1000) ?? 0,
            MaxLosses = Whole("lost_agents", 0, 1000) ?? 3,
            FirstFailures = Whole("first_failures", 1, 1_000_000) ?? 5,
            LeaseSeconds = keys.TryGetValue("lease", out var lease) ? Seconds(lease, 1, 86_400) : 60,
        };
        return new SweepSpec
        {
            Project = keys.GetValueOrDefault("project")?.Text("a project's name"),
            Name = keys.GetValueOrDefault("name")?.Text("a name"),
            Description = keys.GetValueOrDefault("description")?.Text("a text"),
            Study = study,
            First = keys.TryGetValue("first", out var first) ? [.. (first.IsList ? first.List("configurations") : [first]).Select(item => item.Guard(() => Configuration(item, space)))] : [],
            Program = new SweepProgram
            {
                Command = command.IsList ? command.Texts("a word of the command") : command.Guard(() => CommandWords.Split(command.Text("a command"))),
                Folder = keys.GetValueOrDefault("folder")?.Text("a folder"),
                Environment = keys.TryGetValue("environment", out var variables) ? variables.Entries("variables").ToDictionary(entry => entry.Key, entry => entry.Value.Text("a value"), StringComparer.Ordinal) : new Dictionary<string, string>(),
                Checkpoint = keys.TryGetValue("checkpoint", out var checkpoint) ? checkpoint.Texts("a pattern of files") : [],
                Artifacts = keys.TryGetValue("artifacts", out var artifacts) ? artifacts.Texts("a pattern of files") : [],
                Resources = keys.TryGetValue("resources", out var resources) ? Resources(resources) : new ResourceRequest(),
                TimeoutSeconds = keys.TryGetValue("timeout", out var timeout) ? Seconds(timeout, 0.001, 1e9) : null,
                GraceSeconds = keys.TryGetValue("grace", out var grace) ? Seconds(grace, 0, 86_400) : 10,
                Launcher = launcher.Name,
                LauncherOptions = launcher.Options,
            },
        };

        YamlValue Needed(string key, string what) => keys.TryGetValue(key, out var value) ? value : throw root.Error($"there is no `{key}:`, {what}.");

        int? Whole(string key, int least, int most) => keys.TryGetValue(key, out var value) ? (int)value.Whole(key, least, most) : null;

        NamedOptions? Named(string key, IReadOnlyList<string> names, Func<string, JsonElement?, object>? check = null)
        {
            if (!keys.TryGetValue(key, out var value))
                return null;
            var (at, options) = (value, (JsonElement?)null);
            if (value.IsMap)
            {
                var entries = value.Entries($"a {key}");
                at = entries.FirstOrDefault(entry => entry.Key == "name").Value ?? throw value.Error($"a {key} with options needs its `name:`.");
                options = Options(entries.Where(entry => entry.Key != "name"));
            }
            var named = new NamedOptions(at.OneOf(key, names), options);
            value.Guard(() => check?.Invoke(named.Name, named.Options));
            return named;
        }
    }

    private static List<StudyGoal> Goals(YamlValue yaml) =>
    [
        .. (yaml.IsList ? yaml.List("goals") : [yaml]).Select(item =>
        {
            var text = item.Text("a goal").Trim();
            var space = text.IndexOf(' ', StringComparison.Ordinal);
            var word = space < 0 ? text : text[..space];
            if (word is not ("minimize" or "maximize" or "minimise" or "maximise" or "min" or "max") || space < 0)
                throw item.Error($"wanted `minimize METRIC` or `maximize METRIC`; got '{text}'.", DidYouMean.Nearest(word, ["minimize", "maximize"]) is { } near && near != word ? $"Did you mean '{near}'?" : null);
            return new StudyGoal(text[space..].Trim(), word.StartsWith("min", StringComparison.Ordinal) ? Direction.Minimize : Direction.Maximize);
        }),
    ];

    private static List<NamedOptions> Terminators(YamlValue yaml) =>
    [
        .. yaml.Entries("reasons to stop").Select(entry =>
        {
            if (!TerminatorCatalog.Names.Contains(entry.Key))
                throw entry.Value.Error($"there is no reason '{entry.Key}' to stop.", DidYouMean.Hint(entry.Key, TerminatorCatalog.Names));
            // A target is most often one number: `stop: { target: 0.1 }`.
            var options = entry.Value.IsMap ? Options(entry.Value.Entries("options"))
                : entry.Key == "target" ? JsonSerializer.SerializeToElement(new JsonObject { ["target"] = new JsonArray([.. (entry.Value.IsList ? entry.Value.List("targets") : [entry.Value]).Select(item => JsonValue.Create(item.Number("a target")))]) })
                : entry.Value.IsNull ? (JsonElement?)null : throw entry.Value.Error($"wanted options, as {{ name: value }}; got {entry.Value.Shown()}.");
            entry.Value.Guard(() => TerminatorCatalog.Create(entry.Key, options));
            return new NamedOptions(entry.Key, options);
        }),
    ];

    private static StudyBudget Budget(YamlValue yaml)
    {
        var keys = yaml.Map("a budget", s_budget);
        if (keys.ContainsKey("hours") && keys.TryGetValue("time", out var twice))
            throw twice.Error("stands beside `hours`: one of them.");
        return new StudyBudget
        {
            Trials = keys.TryGetValue("trials", out var trials) ? (int)trials.Whole("a number of trials", 1, int.MaxValue) : null,
            Hours = keys.TryGetValue("hours", out var hours) ? hours.Number("hours") : keys.TryGetValue("time", out var time) ? Seconds(time, 0.001, 1e9) / 3600 : null,
            Parallel = keys.TryGetValue("parallel", out var parallel) ? (int)parallel.Whole("trials at once", 1, 100_000) : null,
        };
    }

    private static ResourceRequest Resources(YamlValue yaml)
    {
        var keys = yaml.Map("resources", s_resources);
        return yaml.Guard(() =>
        {
            var request = new ResourceRequest
            {
                Cpus = keys.TryGetValue("cpus", out var cpus) ? cpus.Number("processors") : 1,
                Gpus = keys.TryGetValue("gpus", out var gpus) ? gpus.Number("GPUs") : 0,
                MemoryBytes = keys.TryGetValue("memory", out var memory) ? Amounts.Bytes(memory.Text("memory")) ?? throw memory.Error($"wanted memory, as 512MB or 8GiB; got {memory.Shown()}.") : 0,
            };
            request.Check();
            return request;
        });
    }

    private static Params Configuration(YamlValue yaml, SearchSpace space) => new(yaml.Entries("a configuration").Select(entry =>
    {
        var at = space.IndexOf(entry.Key);
        if (at < 0)
            throw entry.Value.Error($"'{entry.Key}' is no parameter of the space.", DidYouMean.Hint(entry.Key, space.Select(parameter => parameter.Name)));
        var value = entry.Value.Scalar() ?? throw entry.Value.Error($"wanted a value; got {entry.Value.Shown()}.");
        if (space[at] is FloatParameter or DistributedParameter { IsWhole: false } && value.Kind == ParamKind.Int)
            value = value.AsDouble();
        return space[at].Allows(value) ? new KeyValuePair<string, ParamValue>(entry.Key, value) : throw entry.Value.Error($"{value} is not in the space: {space[at]}.");
    }));

    private static JsonElement? Options(IEnumerable<KeyValuePair<string, YamlValue>> entries) =>
        new JsonObject(entries.Select(entry => new KeyValuePair<string, JsonNode?>(entry.Key, entry.Value.Json()))) is { Count: > 0 } options ? JsonSerializer.SerializeToElement(options) : null;

    private static double Seconds(YamlValue yaml, double least, double most) =>
        Amounts.Seconds(yaml.Text("a time")) is { } seconds && seconds >= least && seconds <= most ? seconds : throw yaml.Error($"wanted a time, as 90s, 5m, 2h or 1h30m, {least} s to {most} s; got {yaml.Shown()}.");
}
