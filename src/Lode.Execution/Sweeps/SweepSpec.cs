using Lode.Core;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>A sweep as a file or a command line describes it: where it belongs, what is searched for, and what is run.</summary>
public sealed record SweepSpec
{
    /// <summary>The project's name; null = the caller's own.</summary>
    public string? Project { get; init; }

    /// <summary>The sweep's name; null = one is given.</summary>
    public string? Name { get; init; }

    /// <summary>What it is for, in words; null = nothing was said.</summary>
    public string? Description { get; init; }

    /// <summary>The search: goals, space, sampler, pruner, budget, seed, retries. Its <see cref="StudySpec.Program"/> is not looked at.</summary>
    public required StudySpec Study { get; init; }

    /// <summary>What agents run for a trial.</summary>
    public required SweepProgram Program { get; init; }

    /// <summary>Configurations to try first, whole or in parts; empty = none.</summary>
    public IReadOnlyList<Params> First { get; init; } = [];

    /// <summary>Things that are taken in another sense than a file from elsewhere may expect; for the user to read, empty where there are none.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The search with the program in it, as stores keep it.</summary>
    public StudySpec ToStudySpec() => Study with { Program = Program.ToJson() };

    /// <summary>A sweep as a store keeps it.</summary>
    /// <param name="project">Its project.</param>
    /// <param name="name">Its name.</param>
    /// <param name="study">The search, with the program in it.</param>
    /// <exception cref="LodeException">InvalidArgument: it has no program, or one that makes no sense.</exception>
    public static SweepSpec Of(string project, string name, StudySpec study) => new()
    {
        Project = project,
        Name = name,
        Study = study,
        Program = SweepProgram.FromJson(study.Program ?? throw new LodeException(ErrorCode.InvalidArgument, $"The study '{name}' says nothing to run: it was made for programs that ask for trials themselves.")),
    };
}
