using Lode.Tracking;

namespace Lode.Execution;

/// <summary>What an agent works with: the leases, and where runs and their files go.</summary>
/// <param name="Studies">Gives out trials and hears of them.</param>
/// <param name="Runs">Where the trials' runs are.</param>
/// <param name="Artifacts">Where their files are, checkpoints among them.</param>
public sealed record AgentStores(IStudies Studies, IRunStore Runs, IArtifactStore Artifacts);

/// <summary>How an agent works.</summary>
public sealed record AgentOptions
{
    /// <summary>What it is called: for people, and so that an ask sent again gives the same trials. Unlike all other agents' names.</summary>
    public required string Name { get; init; }

    /// <summary>Where the server is, for programs that speak to it.</summary>
    public required Uri Server { get; init; }

    /// <summary>The token that the server wants of programs; null = none.</summary>
    public string? Token { get; init; }

    /// <summary>The data folder, for programs that call <c>lode</c>.</summary>
    public required string Home { get; init; }

    /// <summary>Where journals are left that could not be delivered; null = they are dropped with a warning.</summary>
    public string? Undelivered { get; init; }

    /// <summary>Trials at once, whatever processors they ask for; null = as many as fit on the machine. Range: ≥ 1.</summary>
    public int? Slots { get; init; }

    /// <summary>Trials that it runs before it ends; null = as many as there are. Range: ≥ 1.</summary>
    public int? Trials { get; init; }

    /// <summary>What the machine has.</summary>
    public required MachineResources Machine { get; init; }

    /// <summary>Told, in one line, of what the user should know.</summary>
    public Action<string> Note { get; init; } = _ => { };

    /// <summary>Told of each trial that has ended here.</summary>
    public Action<TrialNews> Ended { get; init; } = _ => { };
}

/// <summary>A trial that has ended at an agent.</summary>
/// <param name="Trial">As the study has it now; it waits again where it was given back or is tried again.</param>
/// <param name="Duration">How long its program ran.</param>
public sealed record TrialNews(TrialInfo Trial, TimeSpan Duration);

/// <summary>What an agent has done.</summary>
/// <param name="State">Where the study stood when it ended.</param>
/// <param name="Reason">Why the study gave out no more; null where it would have.</param>
/// <param name="Trials">Trials that it told.</param>
/// <param name="Untold">Results that no server would take until the agent had to end.</param>
public sealed record AgentReport(StudyState State, string? Reason, int Trials, int Untold);
