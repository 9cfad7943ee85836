using Lode.Tracking;

namespace Lode.Execution;

/// <summary>What an agent's trials share.</summary>
internal sealed record AgentWork(AgentOptions Options, AgentStores Stores, StudyInfo Study, SweepProgram Program, Tracker Tracker, Patience Patience, ProgramGuard Guard, string Scratch, TimeProvider Time)
{
    /// <summary>Code, machine and packages are looked at once a minute, not once a trial.</summary>
    public CaptureMemory Memory { get; } = new(Time, TimeSpan.FromMinutes(1));

    public UntoldResults Untold { get; } = new(UntoldResults.FolderOf(Options.Home), Study.Id);

    public IReadOnlyList<string> Goals { get; } = [.. Study.Spec.Goals.Select(goal => goal.Metric)];

    /// <summary>Whether anybody looks at how a trial stands while it runs.</summary>
    public bool Reports => Study.Spec.Pruner.Name != "none";
}
