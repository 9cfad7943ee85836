using Lode.Core;
using Lode.Execution;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>What <c>lode run -- CMD</c> was asked for.</summary>
internal sealed record RunRequest
{
    public required string Project { get; init; }

    public string? Name { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>What is run; <c>{seed}</c> stands for the seed.</summary>
    public required ProgramOptions Program { get; init; }

    /// <summary>How often more it is run where it fails.</summary>
    public int Retries { get; init; }

    /// <summary>Null = once, with no seed.</summary>
    public IReadOnlyList<long>? Seeds { get; init; }

    /// <summary>Params to note.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Params { get; init; } = [];

    /// <summary>The id of the first run; null = a new one.</summary>
    public RunId? Id { get; init; }

    /// <summary>A run to go on with in place of a new one; null = none.</summary>
    public Run? Resumes { get; init; }

    /// <summary>Say nothing that is not wrong.</summary>
    public bool Quiet { get; init; }
}

/// <summary>What <c>lode run --json</c> says on standard error at its end: standard output is the program's.</summary>
internal sealed record RunAnswer(IReadOnlyList<AttemptAnswer> Runs, IReadOnlyList<SeedSummary>? Seeds);

/// <summary>One run of it.</summary>
internal sealed record AttemptAnswer(string? Run, string? Name, int ExitCode, string? Signal, bool TimedOut, double Seconds, int Attempt, long? Seed, IReadOnlyDictionary<string, double> Metrics);
