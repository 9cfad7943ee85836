using System.Text.Json;
using System.Text.Json.Serialization;
using Lode.Core;

namespace Lode.Execution;

/// <summary>Which language a command's placeholders are written in. The numbers are persisted; append only.</summary>
public enum CommandStyle
{
    /// <summary>Lode's own: <c>{lr}</c>, <c>{args}</c>.</summary>
    Lode = 1,

    /// <summary>That of W&amp;B sweep files: <c>${program}</c>, <c>${args}</c>; values are written as Python writes them.</summary>
    Wandb = 2,
}

/// <summary>What agents run for each trial, and what they need for it. <see cref="ToJson"/> is what a study's store keeps.</summary>
public sealed record SweepProgram
{
    // By reflection: what a text leaves out keeps its default, which generated code would overwrite for init-only properties.
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The program and its arguments, with placeholders; never a shell's line. At least one.</summary>
    public required IReadOnlyList<string> Command { get; init => field = value ?? field; } = [];

    /// <summary>Which placeholders the command has. Default: Lode's.</summary>
    public CommandStyle Style { get; init; } = CommandStyle.Lode;

    /// <summary>The script that <c>${program}</c> means; null in Lode's own style.</summary>
    public string? Script { get; init; }

    /// <summary>Where it runs; null = where the agent runs.</summary>
    public string? Folder { get; init; }

    /// <summary>Variables to set; their values may have placeholders of Lode's style.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init => field = value ?? field; } = new Dictionary<string, string>();

    /// <summary>Patterns of the files that a trial goes on from when it is given out again; empty = it begins anew.</summary>
    public IReadOnlyList<string> Checkpoint { get; init => field = value ?? field; } = [];

    /// <summary>Patterns of files to keep when a trial has ended.</summary>
    public IReadOnlyList<string> Artifacts { get; init => field = value ?? field; } = [];

    /// <summary>What one trial needs. Default: one CPU.</summary>
    public ResourceRequest Resources { get; init => field = value ?? field; } = new();

    /// <summary>Seconds that a trial may take; null = as long as it likes. Range: &gt; 0.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>Seconds that a program told to stop has before it is killed. Range: ≥ 0. Default: 10.</summary>
    public double GraceSeconds { get; init; } = 10;

    /// <summary>Who starts agents: <c>process</c> (whoever runs `lode sweep` or `lode agent`), <c>slurm</c>. Default: <c>process</c>.</summary>
    public string Launcher { get; init => field = value ?? field; } = "process";

    /// <summary>The launcher's options, a JSON object with names in snake case; null = its defaults.</summary>
    public JsonElement? LauncherOptions { get; init; }

    /// <summary>Where parameters lie in nested configurations: a parameter's name, and its path from the outside in. Those that are not here lie at the top under their names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Paths { get; init => field = value ?? field; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Parameters whose texts are JSON (lists, mappings, null), to be handed on as what they stand for.</summary>
    public IReadOnlyList<string> JsonParameters { get; init => field = value ?? field; } = [];

    /// <summary>A trial's parameters as one JSON object, nested as <see cref="Paths"/> says.</summary>
    /// <param name="values">The parameters' values.</param>
    public System.Text.Json.Nodes.JsonObject Configuration(Optimization.Params values) => ValueText.ToJson(values, this);

    /// <summary>It as a JSON object.</summary>
    public JsonElement ToJson() => JsonSerializer.SerializeToElement(this, s_json);

    /// <summary>Reads what <see cref="ToJson"/> gave.</summary>
    /// <exception cref="LodeException">InvalidArgument: it is something else, or makes no sense.</exception>
    public static SweepProgram FromJson(JsonElement json)
    {
        try
        {
            var program = json.Deserialize<SweepProgram>(s_json) ?? throw new JsonException("It is null.");
            program.Check();
            return program;
        }
        catch (JsonException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"The study's program cannot be read: {error.Message}", cause: error);
        }
    }

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="LodeException">InvalidArgument: names the field.</exception>
    public void Check()
    {
        if (Command.Count == 0 || string.IsNullOrWhiteSpace(Command[0]))
            throw new LodeException(ErrorCode.InvalidArgument, "command names the program to run; got none.", "For example `command: python train.py {args}`.");
        if (Command.Concat(Environment.Values).Any(text => text.Contains('\0', StringComparison.Ordinal)))
            throw new LodeException(ErrorCode.InvalidArgument, "command and environment are texts without a zero character; got one.");
        if (Environment.Keys.FirstOrDefault(name => name.Length == 0 || name.AsSpan().IndexOfAny('=', '\0') >= 0) is { } variable)
            throw new LodeException(ErrorCode.InvalidArgument, $"environment names variables; '{variable}' cannot be one.");
        if (!Enum.IsDefined(Style))
            throw new LodeException(ErrorCode.InvalidArgument, $"style is lode or wandb; got {(int)Style}.");
        if (TimeoutSeconds is not null and not > 0)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"timeout is more than 0; got {TimeoutSeconds} s."));
        if (!(GraceSeconds is >= 0 and <= 86_400))
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"grace is 0 s to 24 h; got {GraceSeconds} s."));
        Resources.Check();
    }
}
