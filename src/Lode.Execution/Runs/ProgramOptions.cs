using Lode.Core;

namespace Lode.Execution;

/// <summary>What to run, and what to keep of it.</summary>
public sealed record ProgramOptions
{
    /// <summary>The program and its arguments, at least the program. Looked for on the PATH, as shells do.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Variables to set besides those that Lode itself was given.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>How long it may take; null = as long as it likes. After that it is stopped and counts as failed.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long a program that is told to stop has before it is killed; default ten seconds.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether numbers on standard output become metrics; default true.</summary>
    public bool Scalars { get; init; } = true;

    /// <summary>Told of each line that metrics are read from; null = nobody.</summary>
    public Action<string>? Explain { get; init; }

    /// <summary>Patterns of files to keep when the program has ended.</summary>
    public IReadOnlyList<string> Artifacts { get; init; } = [];

    /// <summary>Patterns of source files to keep as they are at the start, below <c>source/</c>.</summary>
    public IReadOnlyList<string> Snapshot { get; init; } = [];

    /// <summary>Files and folders whose hashes to record.</summary>
    public IReadOnlyList<string> Data { get; init; } = [];

    /// <summary>Whether standard input is a terminal: then the program shares Lode's process group, and Ctrl-C reaches it from there.</summary>
    public bool InputIsTerminal { get; init; }

    /// <summary>Whether its output is passed on, and it reads Lode's standard input; false for one of several at once, which reads nothing. Default: true.</summary>
    public bool PassesOutput { get; init; } = true;

    /// <summary>Told of each metric value that it prints, on the thread that reads its output; null = nobody.</summary>
    public MetricsSeen? Metrics { get; init; }

    /// <summary>Told of its process when it was started; null = nobody.</summary>
    public Action<int>? Started { get; init; }

    /// <summary>Asked at its end whether the run ends with it; null = it does.</summary>
    public Func<bool>? EndsRun { get; init; }

    /// <summary>
    /// What was found out of machine, code, packages and variables by runs before, to be taken over while it is young; null = each run looks anew. The variables are then
    /// those that all have, without <see cref="Environment"/>.
    /// </summary>
    public CaptureMemory? Memory { get; init; }

    /// <summary>How often the system is measured; default five seconds.</summary>
    public TimeSpan SystemInterval { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>Sees metric values of one step.</summary>
/// <param name="step">The step.</param>
/// <param name="values">Names and values.</param>
public delegate void MetricsSeen(long step, ReadOnlySpan<(string Key, double Value)> values);

/// <summary>How a program ended, and what it told.</summary>
/// <param name="End">Its exit code or signal; code 127 or 126 where it could not be started.</param>
/// <param name="TimedOut">It was stopped because its time was over.</param>
/// <param name="IsStopped">Lode was told to stop, and so was the program.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Metrics">The last value of each metric that it printed.</param>
/// <param name="NotStarted">Why it could not be started; null where it was.</param>
public sealed record ProgramOutcome(ProgramEnd End, bool TimedOut, bool IsStopped, TimeSpan Duration, IReadOnlyDictionary<string, double> Metrics, LodeException? NotStarted)
{
    /// <summary>The last line that it printed, shortened to 200 characters; empty where it printed nothing.</summary>
    public string LastLine { get; init; } = "";

    /// <summary>What a process that stands for the program returns: its own code, 128 + a signal, 124 after a timeout.</summary>
    public int ExitCode => TimedOut ? 124 : End.Code;
}
