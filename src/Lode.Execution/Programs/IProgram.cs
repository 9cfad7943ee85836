namespace Lode.Execution;

/// <summary>A program that was started.</summary>
internal interface IProgram : IDisposable
{
    /// <summary>Its process.</summary>
    int Id { get; }

    /// <summary>What it writes to standard output.</summary>
    Stream Out { get; }

    /// <summary>What it writes to standard error.</summary>
    Stream Error { get; }

    /// <summary>Ends when the process does.</summary>
    Task<ProgramEnd> Ended { get; }

    /// <summary>Sends a signal to the program's process group, or to it and its descendants where it shares Lode's.</summary>
    void Signal(int signal);

    /// <summary>Whether processes that it started still live.</summary>
    /// <param name="all">Those too that have left its process group.</param>
    bool HasOthers(bool all);

    /// <summary>Ends the program and everything that it started, at once.</summary>
    void Kill();
}

/// <summary>How a program ended.</summary>
/// <param name="Code">Its exit code; 128 + the signal's number where a signal ended it, as shells say it.</param>
/// <param name="Signal">The signal that ended it; null where it ended by itself.</param>
public sealed record ProgramEnd(int Code, int? Signal)
{
    /// <summary>The signal's name, for example <c>SIGKILL</c>; null where it ended by itself.</summary>
    public string? SignalName => Signal switch
    {
        null => null,
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        { } other => $"signal {other}",
    };
}
