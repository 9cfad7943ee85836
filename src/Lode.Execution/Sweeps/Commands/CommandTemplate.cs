using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Execution;

/// <summary>What a trial's command is filled in with.</summary>
public sealed record TrialFacts
{
    /// <summary>The values of its parameters; those of inactive ones are not there.</summary>
    public required Params Params { get; init; }

    /// <summary>Its place in the study, from 0.</summary>
    public int Number { get; init; }

    /// <summary>The study's name.</summary>
    public string Study { get; init; } = "";

    /// <summary>Its run.</summary>
    public string Run { get; init; } = "";

    /// <summary>The folder that its checkpoint was laid in; null where it begins anew.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Where to write its parameters before it starts, where the command asks for a file.</summary>
    public string ParameterFile { get; init; } = "lode-params.json";
}

/// <summary>A trial's command, filled in.</summary>
/// <param name="Command">The program and its arguments.</param>
/// <param name="Environment">Variables to set: the sweep's own, and <c>LODE_PARAMS</c>, all parameters as JSON.</param>
/// <param name="ParameterFileText">What to write to <see cref="TrialFacts.ParameterFile"/> before the start; null where no file is asked for.</param>
/// <param name="Checkpoint">Patterns of the files that it goes on from.</param>
/// <param name="Artifacts">Patterns of the files to keep.</param>
public sealed record TrialCommand(IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, string? ParameterFileText, IReadOnlyList<string> Checkpoint, IReadOnlyList<string> Artifacts);

/// <summary>Fills commands in: Lode's placeholders and those of W&amp;B's sweep files. What comes out are arguments, never a shell's line.</summary>
/// <remarks>
/// Lode's: <c>{name}</c> a parameter's value; <c>{args}</c> all as <c>--name value</c>, <c>{args=}</c> as <c>--name=value</c>, <c>{flags}</c> as <c>--name value</c>
/// with booleans as <c>--name</c> or nothing, <c>{pairs}</c> as <c>name=value</c>, <c>{json}</c> as one JSON object, <c>{json_file}</c> a file with it;
/// <c>{trial}</c>, <c>{study}</c>, <c>{run}</c>, <c>{checkpoint}</c>; <c>{{</c> and <c>}}</c> braces. Braces around anything else are left alone. A word that names a
/// parameter which is not active is left out, and with it an option before it (<c>--wd {wd}</c>).
/// W&amp;B's as its documentation says them; <c>${envvar:NAME}</c> of a variable that is not set is an error there is no guessing about.
/// </remarks>
public static partial class CommandTemplate
{
    private static readonly string[] s_lists = ["args", "args=", "flags", "pairs"];
    private static readonly string[] s_facts = ["json", "json_file", "trial", "study", "run", "checkpoint"];
    private static readonly string[] s_wandb = ["env", "interpreter", "program", "args", "args_no_hyphens", "args_no_boolean_flags", "args_json", "args_json_file", "envvar:NAME"];

    // Debian and others have no `python`.
    internal static string Interpreter => ProgramPath.Find("python") is null && ProgramPath.Find("python3") is not null ? "python3" : "python";

    /// <summary>Refuses placeholders that mean nothing.</summary>
    /// <param name="program">What is run.</param>
    /// <param name="space">The parameters that there are.</param>
    /// <exception cref="LodeException">InvalidArgument: a placeholder that there is not, with the nearest one.</exception>
    public static void Check(SweepProgram program, SearchSpace space)
    {
        program.Check();
        foreach (var word in program.Style == CommandStyle.Wandb ? [] : program.Command)
            CheckWord(word, word);
        foreach (var (name, value) in program.Environment)
            CheckWord(value, $"{name}: {value}");
        foreach (var pattern in program.Checkpoint.Concat(program.Artifacts))
            CheckWord(pattern, pattern);
        if (program.Style != CommandStyle.Wandb)
            return;
        foreach (var word in program.Command)
        {
            foreach (Match match in WandbMark().Matches(word))
            {
                var name = match.Groups[1].Value;
                if (!s_wandb.Contains(name) && !name.StartsWith("envvar:", StringComparison.Ordinal))
                    throw new LodeException(ErrorCode.InvalidArgument, $"The command has '{match.Value}', which means nothing.", DidYouMean.Hint(name, s_wandb));
                if (name.StartsWith("args", StringComparison.Ordinal) && match.Value != word)
                    throw new LodeException(ErrorCode.InvalidArgument, $"'{match.Value}' stands for whole arguments, so it is a word of its own; got '{word}'.");
                if (name == "program" && program.Script is null)
                    throw new LodeException(ErrorCode.InvalidArgument, "The command has '${program}', and there is no `program:`.");
            }
        }

        void CheckWord(string word, string shown)
        {
            foreach (Match match in LodeMark().Matches(word))
            {
                var name = match.Groups[1].Value;
                if (name.Length == 0)
                    continue;
                if (s_lists.Contains(name) && space.IndexOf(name) < 0)
                {
                    if (match.Value != word || shown != word)
                        throw new LodeException(ErrorCode.InvalidArgument, $"'{match.Value}' stands for whole arguments, so it is a word of its own; got '{shown}'.");
                }
                else if (!s_facts.Contains(name) && space.IndexOf(name) < 0)
                {
                    throw new LodeException(ErrorCode.InvalidArgument, $"The command has '{match.Value}', which is neither a parameter nor another placeholder.", DidYouMean.Hint(name, [.. space.Select(parameter => parameter.Name), .. s_lists, .. s_facts]) + " Braces that are meant as braces are doubled: {{ }}.");
                }
            }
        }
    }

    /// <summary>Whether the command hands the parameters on; otherwise the program has to look at <c>LODE_PARAMS</c>.</summary>
    public static bool HandsOn(SweepProgram program, SearchSpace space) => program.Style == CommandStyle.Wandb
        ? program.Command.Any(word => word.StartsWith("${args", StringComparison.Ordinal))
        : program.Command.Concat(program.Environment.Values).SelectMany(word => LodeMark().Matches(word)).Any(match => match.Groups[1].Value is { Length: > 0 } name && (s_lists.Contains(name) || name.StartsWith("json", StringComparison.Ordinal) || space.IndexOf(name) >= 0));

    /// <summary>Fills a command in for a trial.</summary>
    /// <param name="program">What is run, with the placeholders that <see cref="Check"/> has looked at.</param>
    /// <param name="space">The parameters, of which some may be inactive.</param>
    /// <param name="facts">The trial.</param>
    /// <exception cref="LodeException">InvalidArgument: <c>${envvar:NAME}</c> of a variable that is not set.</exception>
    public static TrialCommand Fill(SweepProgram program, SearchSpace space, TrialFacts facts)
    {
        var json = ValueText.ToJson(facts.Params, program);
        var needsFile = false;
        var command = new List<string>();
        for (var i = 0; i < program.Command.Count; i++)
        {
            var word = program.Command[i];
            if (program.Style == CommandStyle.Wandb)
            {
                AddWandb(command, word, program, facts, json, ref needsFile);
                continue;
            }
            if (WholeList(word, space) is { } list)
                AddAll(command, list, facts.Params);
            else if (FillWord(word, space, facts, json, ref needsFile) is { } filled)
                command.Add(filled);
            else if (LodeMark().Match(word).Value == word && i > 1 && Option().IsMatch(program.Command[i - 1]) && command[^1] == program.Command[i - 1])
                command.RemoveAt(command.Count - 1);
        }
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["LODE_PARAMS"] = ValueText.Line(json) };
        foreach (var (name, value) in program.Environment)
            environment[name] = FillWord(value, space, facts, json, ref needsFile) ?? "";
        return new TrialCommand(command, environment, needsFile ? ValueText.Line(json) + "\n" : null, Patterns(program.Checkpoint), Patterns(program.Artifacts));

        IReadOnlyList<string> Patterns(IReadOnlyList<string> patterns)
        {
            var unused = false;
            return [.. patterns.Select(pattern => FillWord(pattern, space, facts, json, ref unused)).OfType<string>()];
        }
    }

    private static string? WholeList(string word, SearchSpace space) =>
        LodeMark().Match(word) is { Success: true } match && match.Value == word && s_lists.Contains(match.Groups[1].Value) && space.IndexOf(match.Groups[1].Value) < 0 ? match.Groups[1].Value : null;

    private static void AddAll(List<string> command, string form, Params values)
    {
        foreach (var (name, value) in values)
        {
            if (form == "flags" && value.Kind == ParamKind.Bool)
            {
                if (value.AsBool())
                    command.Add($"--{name}");
            }
            else if (form is "args" or "flags")
            {
                command.Add($"--{name}");
                command.Add(ValueText.Plain(value));
            }
            else
            {
                command.Add($"{(form == "pairs" ? "" : "--")}{name}={ValueText.Plain(value)}");
            }
        }
    }

    // Null where it names a parameter that is not active.
    private static string? FillWord(string word, SearchSpace space, TrialFacts facts, JsonObject json, ref bool needsFile)
    {
        var text = new StringBuilder();
        var at = 0;
        foreach (Match match in LodeMark().Matches(word))
        {
            text.Append(word, at, match.Index - at);
            at = match.Index + match.Length;
            var name = match.Groups[1].Value;
            if (name.Length == 0)
            {
                text.Append(match.Value[0]);
            }
            else if (facts.Params.TryGet(name, out var value))
            {
                text.Append(ValueText.Plain(value));
            }
            else if (space.IndexOf(name) >= 0 || (name == "checkpoint" && facts.Checkpoint is null))
            {
                return null;
            }
            else
            {
                needsFile |= name == "json_file";
                text.Append(name switch
                {
                    "json" => ValueText.Line(json),
                    "json_file" => facts.ParameterFile,
                    "trial" => facts.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    "study" => facts.Study,
                    "run" => facts.Run,
                    "checkpoint" => facts.Checkpoint,
                    _ => match.Value,
                });
            }
        }
        return text.Append(word, at, word.Length - at).ToString();
    }

    private static void AddWandb(List<string> command, string word, SweepProgram program, TrialFacts facts, JsonObject json, ref bool needsFile)
    {
        switch (word)
        {
            case "${env}":
                if (!OperatingSystem.IsWindows())
                    command.Add("/usr/bin/env");
                return;
            case "${args}":
                command.AddRange(json.Select(pair => $"--{pair.Key}={ValueText.Python(pair.Value)}"));
                return;
            case "${args_no_hyphens}":
                command.AddRange(json.Select(pair => $"{pair.Key}={ValueText.Python(pair.Value)}"));
                return;
            case "${args_no_boolean_flags}":
                foreach (var (name, value) in json)
                {
                    if (value?.GetValueKind() is not (System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False))
                        command.Add($"--{name}={ValueText.Python(value)}");
                    else if (value.GetValue<bool>())
                        command.Add($"--{name}");
                }
                return;
            case "${args_json}":
                command.Add(ValueText.Line(json));
                return;
            case "${args_json_file}":
                needsFile = true;
                command.Add(facts.ParameterFile);
                return;
        }
        command.Add(WandbMark().Replace(word, match => match.Groups[1].Value switch
        {
            "interpreter" => Interpreter,
            "program" => program.Script ?? "",
            "env" => "/usr/bin/env",
            var other when other.StartsWith("envvar:", StringComparison.Ordinal) => Environment.GetEnvironmentVariable(other[7..])
                ?? throw new LodeException(ErrorCode.InvalidArgument, $"The command has '{match.Value}', and the variable {other[7..]} is not set where the trial runs.", "Set it for the agent, or under `environment:`."),
            _ => match.Value,
        }));
    }

    [GeneratedRegex(@"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_./-]*=?)\}")]
    private static partial Regex LodeMark();

    [GeneratedRegex("^--?[A-Za-z][^={]*$")]
    private static partial Regex Option();

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_:]*)\}")]
    private static partial Regex WandbMark();
}
