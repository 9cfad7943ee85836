using Lode.Core;

namespace Lode.Tracking;

/// <summary>Where a run comes from and how its program ended, as tags.</summary>
public static class RunOrigin
{
    /// <summary>The run that a fork was made from.</summary>
    public const string Parent = "lode.parent";

    /// <summary>The last step that a fork has taken over.</summary>
    public const string ForkStep = "lode.fork_step";

    /// <summary>The name of the study that a run is a trial of.</summary>
    public const string Study = "lode.study";

    /// <summary>That study's id.</summary>
    public const string StudyId = "lode.study_id";

    /// <summary>Which of its trials, from 0.</summary>
    public const string Trial = "lode.trial";

    /// <summary>The id of the run whose files say in which surroundings this one ran (environment, code, packages): the same for many trials of an agent, so one of them keeps them.</summary>
    public const string Surroundings = "lode.surroundings";

    /// <summary>The processes of a run under <c>lode run</c>: machine, keeper and program, as <c>HOST NUMBER@START NUMBER@START</c>.</summary>
    public const string Process = "lode.process";

    /// <summary>The program and its arguments as a JSON list, where nothing in them is secret: what resumes the run.</summary>
    public const string Command = "lode.command";

    /// <summary>The folder that it ran in.</summary>
    public const string Folder = "lode.folder";

    /// <summary>Which attempt it is, from 1.</summary>
    public const string Attempt = "lode.attempt";

    /// <summary>Where a run in the background writes what it prints, on its own machine.</summary>
    public const string OutputFile = "lode.output";

    /// <summary>What a trial was given of its machine, as variables: <c>CUDA_VISIBLE_DEVICES=0</c>.</summary>
    public const string Slot = "lode.slot";

    /// <summary>The signal that ended the program, for example <c>SIGTERM</c>.</summary>
    public const string ExitSignal = ExitPrefix + "signal";

    /// <summary>The type of the exception that ended the program.</summary>
    public const string ExitType = ExitPrefix + "type";

    /// <summary>What that exception says, at most 1,000 characters.</summary>
    public const string ExitMessage = ExitPrefix + "message";

    /// <summary>That exception's stack, at most 5,000 characters.</summary>
    public const string ExitStack = ExitPrefix + "stack";

    /// <summary>What the tags of a program's end begin with: they are not taken over by forks.</summary>
    public const string ExitPrefix = "lode.exit.";
}

/// <summary>The body of POST /runs/{id}/rewind.</summary>
public sealed record RunRewind
{
    /// <summary>The last step that stays.</summary>
    public required long Step { get; init; }
}

/// <summary>The body of POST /runs/{id}/fork.</summary>
public sealed record RunFork
{
    /// <summary>The last step to take over.</summary>
    public required long Step { get; init; }

    /// <summary>The new run's id; null = the server makes one.</summary>
    public RunId? Id { get; init; }
}
