using System.Text.Json;
using System.Text.Json.Nodes;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Reads W&amp;B's sweep files as they are; what Lode takes in another sense is an error or a note.</summary>
/// <remarks>By W&amp;B's documentation of sweep configuration keys and the schema of its open-source package wandb/sweeps.</remarks>
internal static class WandbSweepReader
{
    private static readonly string[] s_keys = ["program", "entity", "project", "description", "name", "method", "metric", "metrics", "parameters", "early_terminate", "command", "run_cap", "controller", "apiVersion", "kind", "job", "image_uri", "scheduler"];
    private static readonly string[] s_methods = ["grid", "random", "bayes", "custom"];
    private static readonly string[] s_metric = ["name", "goal", "target", "impute", "impute_while_running"];
    private static readonly string[] s_stop = ["type", "min_iter", "max_iter", "s", "eta", "strict"];
    private static readonly string[] s_command = ["${env}", "${interpreter}", "${program}", "${args}"];

    public static SweepSpec Read(YamlValue root)
    {
        var keys = root.Map("a W&B sweep", s_keys);
        foreach (var launch in new[] { "job", "image_uri", "scheduler", "metrics" })
            if (keys.TryGetValue(launch, out var value))
                throw value.Error(launch == "metrics" ? "several metrics come with `method: custom`, which needs W&B's scheduler." : "belongs to W&B Launch, which Lode does not have.", launch == "metrics" ? "Lode's own sweep files take several goals." : "Name the `program` or the `command`.");
        var method = (keys.GetValueOrDefault("method") ?? throw root.Error("there is no `method:`: grid, random or bayes.")).OneOf("method", s_methods);
        if (method == "custom")
            throw keys["method"].Error("`custom` needs W&B's scheduler.", "There are: grid, random, bayes.");
        var notes = new List<string>();
        var metric = (keys.GetValueOrDefault("metric") ?? throw root.Error("there is no `metric:`; Lode needs to know which metric is the result, in every method.", "metric: { name: loss, goal: minimize }")).Map("a metric", s_metric);
        var name = (metric.GetValueOrDefault("name") ?? throw keys["metric"].Error("has no `name:`.")).Text("a metric's name");
        var direction = metric.TryGetValue("goal", out var goal) && goal.OneOf("goal", ["minimize", "maximize"]) == "maximize" ? Direction.Maximize : Direction.Minimize;
        foreach (var ignored in new[] { "impute", "impute_while_running" })
            if (metric.ContainsKey(ignored))
                notes.Add($"metric.{ignored} is not looked at: Lode's samplers know which trials failed, and which still run.");
        foreach (var ignored in new[] { "entity", "controller" })
            if (keys.ContainsKey(ignored))
                notes.Add($"{ignored} is not looked at: sweeps run on the Lode server that is asked.");
        var parameters = WandbParameters.Read(keys.GetValueOrDefault("parameters") ?? throw root.Error("there are no `parameters:`."), method == "grid", notes);
        var command = keys.TryGetValue("command", out var given) ? Command(given) : s_command;
        var script = keys.GetValueOrDefault("program")?.Text("a program");
        if (script is null && command.Any(word => word.Contains("${program}", StringComparison.Ordinal)))
            throw root.Error("there is no `program:`, which the command runs.");
        var cap = keys.TryGetValue("run_cap", out var runs) ? (int?)runs.Whole("a number of runs", 1, int.MaxValue) : null;
        if (cap is null && method != "grid")
            notes.Add("There is no run_cap: the sweep goes on until it is stopped.");
        return new SweepSpec
        {
            Project = keys.GetValueOrDefault("project")?.Text("a project's name"),
            Name = keys.GetValueOrDefault("name")?.Text("a name"),
            Description = keys.GetValueOrDefault("description")?.Text("a text"),
            Notes = notes,
            Study = new StudySpec
            {
                Goals = [new StudyGoal(name, direction)],
                Space = parameters.Space,
                Sampler = method switch
                {
                    // A grid of W&B's has all values of every parameter.
                    "grid" => new NamedOptions("grid", JsonSerializer.SerializeToElement(new JsonObject { ["values"] = int.MaxValue })),
                    "bayes" => new NamedOptions("gp"),
                    _ => new NamedOptions("random"),
                },
                Pruner = keys.TryGetValue("early_terminate", out var stop) ? Pruner(stop) : new NamedOptions("none"),
                Terminators = metric.TryGetValue("target", out var target) ? [new NamedOptions("target", JsonSerializer.SerializeToElement(new JsonObject { ["target"] = new JsonArray(target.Number("a target")) }))] : [],
                Budget = new StudyBudget { Trials = cap },
            },
            Program = new SweepProgram { Command = command, Style = CommandStyle.Wandb, Script = script, Paths = parameters.Paths, JsonParameters = parameters.Json },
        };
    }

    private static string[] Command(YamlValue yaml)
    {
        if (!yaml.IsList)
            throw yaml.Error($"wanted a list of words; got {yaml.Shown()}.", "For example [\"${env}\", \"${interpreter}\", \"${program}\", \"${args}\"].");
        return [.. yaml.List("a command").Select(word => word.Text("a word"))];
    }

    private static NamedOptions Pruner(YamlValue yaml)
    {
        var keys = yaml.Map("early_terminate", s_stop);
        (keys.GetValueOrDefault("type") ?? throw yaml.Error("has no `type:`; there is hyperband.")).OneOf("type of early_terminate", ["hyperband"]);
        if (!keys.ContainsKey("min_iter") && !keys.ContainsKey("max_iter"))
            throw yaml.Error("needs min_iter, or max_iter and s.");
        var options = new JsonObject();
        foreach (var (key, value) in keys.Where(pair => pair.Key != "type"))
            options[key] = key switch { "strict" => value.Bool(key), "eta" => value.Number(key), _ => value.Whole(key, 1, int.MaxValue) };
        if (keys.ContainsKey("max_iter"))
            options.Remove("min_iter");
        var element = JsonSerializer.SerializeToElement(options);
        yaml.Guard(() => PrunerCatalog.Create("wandb_hyperband", element));
        return new NamedOptions("wandb_hyperband", element);
    }
}
