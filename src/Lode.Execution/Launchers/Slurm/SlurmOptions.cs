using System.Text.Json;
using System.Text.Json.Serialization;
using Lode.Core;

namespace Lode.Execution;

/// <summary>How Slurm is to start agents: the options of <c>launcher: { name: slurm, … }</c> in a sweep file, in snake case there.</summary>
public sealed record SlurmOptions
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    /// <summary>The partition; null = the cluster's default one.</summary>
    public string? Partition { get; init; }

    /// <summary>The account that pays; null = the user's default one.</summary>
    public string? Account { get; init; }

    /// <summary>The quality of service; null = the default one.</summary>
    public string? Qos { get; init; }

    /// <summary>Features that nodes must have, as <c>sbatch --constraint</c> takes them.</summary>
    public string? Constraint { get; init; }

    /// <summary>How long a task may run, as <c>2h</c>; null = the partition's limit. Range: ≥ 1m, in whole minutes.</summary>
    public string? Time { get; init; }

    /// <summary>
    /// How long before the limit a task is told to end: it stops its program, keeps the checkpoint and gives the trial back. Slurm may do so up to a minute
    /// earlier. Range: 1s to 18h. Default: <c>2m</c>.
    /// </summary>
    public string Signal { get; init; } = "2m";

    /// <summary>Trials that a task runs one after the other; 0 = as many as there are until its time is over. Range: ≥ 0. Default: 0.</summary>
    public int TrialsPerTask { get; init; }

    /// <summary>Tasks at once where the sweep has no <c>parallel</c>. Range: ≥ 1. Default: 8.</summary>
    public int Tasks { get; init; } = 8;

    /// <summary>The address at which nodes reach the Lode server, or several of servers on one database, with commas between; null = the one that the server says of itself.</summary>
    public string? Server { get; init; }

    /// <summary>The <c>lode</c> program on the nodes; null = the one that submits.</summary>
    public string? Lode { get; init; }

    /// <summary>A folder that nodes and server share, for the tasks' output; null = <c>slurm</c> in the sweep's folder.</summary>
    public string? Logs { get; init; }

    /// <summary>Lines of shell to run first on the node, for example <c>module load cuda</c>.</summary>
    public IReadOnlyList<string> Setup { get; init => field = value ?? field; } = [];

    /// <summary>More arguments for sbatch, as they are.</summary>
    public IReadOnlyList<string> Sbatch { get; init => field = value ?? field; } = [];

    internal int? TimeMinutes => Time is null ? null : (int)Math.Ceiling(Amounts.Seconds(Time)!.Value / 60);

    internal int SignalSeconds => (int)Amounts.Seconds(Signal)!.Value;

    /// <summary>Reads and checks them.</summary>
    /// <param name="json">An object with names in snake case; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: an option that there is not, with the nearest one; or one outside its range.</exception>
    public static SlurmOptions Of(JsonElement? json)
    {
        var names = typeof(SlurmOptions).GetProperties().Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)).ToList();
        if (json is { ValueKind: JsonValueKind.Object } named && named.EnumerateObject().Select(member => member.Name).FirstOrDefault(name => !names.Contains(name)) is { } unknown)
            throw new LodeException(ErrorCode.InvalidArgument, $"The Slurm launcher has no option '{unknown}'.", DidYouMean.Nearest(unknown, names) is { } near ? $"Did you mean '{near}'?" : $"There are: {string.Join(", ", names)}.");
        try
        {
            var options = json is { } given ? given.Deserialize<SlurmOptions>(s_json) ?? new() : new();
            options.Check();
            return options;
        }
        catch (JsonException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"The Slurm launcher's options cannot be read: {error.Message}", cause: error);
        }
    }

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="LodeException">InvalidArgument: names the option.</exception>
    public void Check()
    {
        Require(Time is null || Amounts.Seconds(Time) is >= 60 and < 1e8, "time", "a time of at least 1m, as 2h", Time);
        Require(Amounts.Seconds(Signal) is >= 1 and <= 65_535, "signal", "a time of 1s to 18h, as 2m", Signal);
        Require(TrialsPerTask >= 0, "trials_per_task", "at least 0", TrialsPerTask);
        Require(Tasks is >= 1 and <= 100_000, "tasks", "1 to 100000", Tasks);

        static void Require(bool ok, string name, string allowed, object? got)
        {
            if (!ok)
                throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"The Slurm launcher's {name} is {allowed}; got {got}."));
        }
    }
}

/// <summary>What Slurm shall run, and under which mark it is found again.</summary>
public sealed record SlurmRequest
{
    /// <summary>The mark: the job's comment. All that is known of the tasks later is found by it. Letters, digits and <c>_ . : / @ -</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The job's name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>The program and its arguments: what each task runs.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Variables to set for it.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Variables with secrets: handed on by Slurm itself, and not in the batch script, which more people may read.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>What a task needs.</summary>
    public ResourceRequest Resources { get; init; } = new();

    /// <summary>Where it runs.</summary>
    public required string Folder { get; init; }

    /// <summary>Where its output goes: a file <c>JOB_TASK.log</c> each.</summary>
    public required string Logs { get; init; }
}

/// <summary>A task as Slurm knows it.</summary>
/// <param name="Job">The array's job number.</param>
/// <param name="Task">Its place in the array.</param>
/// <param name="State">Slurm's word: PENDING, RUNNING, COMPLETED, FAILED, TIMEOUT, CANCELLED, OUT_OF_MEMORY, NODE_FAIL, PREEMPTED, …</param>
/// <param name="Reason">Why it waits or ended, in Slurm's word; <c>None</c> where there is nothing to say.</param>
/// <param name="Node">Where it runs or ran; empty before.</param>
public sealed record SlurmTask(long Job, int Task, string State, string Reason, string Node)
{
    /// <summary>Its name: <c>JOB_TASK</c>.</summary>
    public string Id => FormattableString.Invariant($"{Job}_{Task}");

    /// <summary>Whether it waits for its turn; also again, after a preemption or a node's death.</summary>
    public bool IsWaiting => State is "PENDING" or "REQUEUED" or "REQUEUE_FED" or "REQUEUE_HOLD" or "SUSPENDED" or "RESV_DEL_HOLD" or "SPECIAL_EXIT";

    /// <summary>Whether it runs, or is just beginning or ending.</summary>
    public bool IsRunning => State is "RUNNING" or "CONFIGURING" or "COMPLETING" or "STAGE_OUT" or "SIGNALING" or "RESIZING" or "STOPPED";

    /// <summary>Whether it will not run any more.</summary>
    public bool IsEnded => !IsWaiting && !IsRunning;
}

/// <summary>How a task ended.</summary>
/// <param name="Task">Which, with its last state.</param>
/// <param name="ExitCode">Its exit code; 128 + the signal's number where one ended it; null where Slurm does not say any more.</param>
/// <param name="Log">The end of what it printed; empty where there is nothing.</param>
public sealed record SlurmEnd(SlurmTask Task, int? ExitCode, string Log);
