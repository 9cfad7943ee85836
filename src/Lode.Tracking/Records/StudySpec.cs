using System.Text.Json;
using Lode.Core;
using Lode.Optimization;

namespace Lode.Tracking;

/// <summary>What a study searches for, and how. Kept whole, as it was sent.</summary>
public sealed record StudySpec
{
    /// <summary>What is to be made small or large, at least one; a trial's values are in this order.</summary>
    public required IReadOnlyList<StudyGoal> Goals { get; init => field = value ?? field; } = [];

    /// <summary>The parameters.</summary>
    public SearchSpace Space { get; init => field = value ?? field; } = SearchSpace.Empty;

    /// <summary>Which sampler of <see cref="SamplerCatalog"/>; default <c>auto</c>.</summary>
    public NamedOptions Sampler { get; init => field = value ?? field; } = new("auto");

    /// <summary>Which pruner of <see cref="PrunerCatalog"/>; default <c>none</c>.</summary>
    public NamedOptions Pruner { get; init => field = value ?? field; } = new("none");

    /// <summary>Which of <see cref="TerminatorCatalog"/> may end it, besides the budget. Default: none.</summary>
    public IReadOnlyList<NamedOptions> Terminators { get; init => field = value ?? field; } = [];

    /// <summary>Addresses all random numbers of the study. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>What it may use.</summary>
    public StudyBudget Budget { get; init => field = value ?? field; } = new();

    /// <summary>What is done with a proposal that was tried before. Default: <see cref="DuplicatePolicy.Reask"/>.</summary>
    public DuplicatePolicy Duplicates { get; init => field = value == 0 ? field : value; } = DuplicatePolicy.Reask;

    /// <summary>See <see cref="StudyOptions.RepeatableWidth"/>. Range: ≥ 0. Default: 0.</summary>
    public int RepeatableWidth { get; init; }

    /// <summary>How often a trial that fails is given out again. Range: ≥ 0. Default: 0.</summary>
    public int Retries { get; init; }

    /// <summary>How often a trial whose agent falls silent is given out again before it counts as failed. Range: ≥ 0. Default: 3.</summary>
    public int MaxLosses { get; init; } = 3;

    /// <summary>The study stops where so many trials have failed and none has done anything else. Range: ≥ 1. Default: 5.</summary>
    public int FirstFailures { get; init => field = value == 0 ? field : value; } = 5;

    /// <summary>After so many seconds of silence an agent has lost its trial. Range: 1 to 86,400. Default: 60.</summary>
    public double LeaseSeconds { get; init => field = value == 0 ? field : value; } = 60;

    /// <summary>What agents run, in their own words; null where whoever asks knows what to do.</summary>
    public JsonElement? Program { get; init; }

    /// <summary>Refuses what makes no sense.</summary>
    /// <exception cref="LodeException">InvalidArgument or NotFound: names the field.</exception>
    public void Check()
    {
        if (Goals.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "A study needs at least one goal: a metric and minimize or maximize.");
        foreach (var goal in Goals)
        {
            NameRules.CheckKey(goal.Metric, "goals.metric");
            Require(Enum.IsDefined(goal.Direction), "goals.direction", "minimize or maximize", (int)goal.Direction);
        }
        if (Goals.DistinctBy(goal => goal.Metric).Count() != Goals.Count)
            throw new LodeException(ErrorCode.InvalidArgument, "A study's goals name different metrics.");
        foreach (var parameter in Space)
            NameRules.CheckKey(parameter.Name, "space");
        Require(Retries is >= 0 and <= 1000, "retries", "0 to 1000", Retries);
        Require(MaxLosses is >= 0 and <= 1000, "maxLosses", "0 to 1000", MaxLosses);
        Require(FirstFailures >= 1, "firstFailures", "at least 1", FirstFailures);
        Require(LeaseSeconds is >= 1 and <= 86_400, "leaseSeconds", "1 to 86400", LeaseSeconds);
        Budget.Check();
        // Made once, so that what they refuse is refused before anything is kept.
        Options();
    }

    /// <summary>The search itself.</summary>
    public StudyOptions Options() => new()
    {
        Directions = [.. Goals.Select(goal => goal.Direction)],
        Space = Space,
        Sampler = SamplerCatalog.Create(Sampler.Name, Sampler.Options),
        Pruner = PrunerCatalog.Create(Pruner.Name, Pruner.Options),
        Terminators = [.. Terminators.Select(terminator => TerminatorCatalog.Create(terminator.Name, terminator.Options))],
        Duplicates = Duplicates,
        Budget = Budget.Trials,
        Parallel = Budget.Parallel ?? 1,
        Seed = Seed,
        RepeatableWidth = RepeatableWidth is >= 0 and <= 100_000 ? RepeatableWidth : throw new LodeException(ErrorCode.InvalidArgument, $"repeatableWidth is 0 to 100000; got {RepeatableWidth}."),
    };

    private static void Require(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"{name} is {allowed}; got {got}."));
    }
}

/// <summary>A metric to make small or large.</summary>
/// <param name="Metric">Its key, as trials log it.</param>
/// <param name="Direction">Which way is better.</param>
public sealed record StudyGoal(string Metric, Direction Direction = Direction.Minimize);

/// <summary>Something of a catalogue, and its options.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Options">A JSON object with names in snake case; null for the defaults.</param>
public sealed record NamedOptions(string Name, JsonElement? Options = null);

/// <summary>What a study may use; null = without limit.</summary>
public sealed record StudyBudget
{
    /// <summary>Trials in all, failed ones included. Range: ≥ 1.</summary>
    public int? Trials { get; init; }

    /// <summary>Hours from its first trial on; those that run then go on to their ends. Range: &gt; 0.</summary>
    public double? Hours { get; init; }

    /// <summary>Trials at once. Range: ≥ 1.</summary>
    public int? Parallel { get; init; }

    internal void Check()
    {
        if (Trials < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"budget.trials is at least 1; got {Trials}.");
        if (Hours is not null and not > 0)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"budget.hours is more than 0; got {Hours}."));
        if (Parallel < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"budget.parallel is at least 1; got {Parallel}.");
    }
}
