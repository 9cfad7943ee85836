using Lode.Core;

namespace Lode.Optimization;

/// <summary>What one search is made of.</summary>
public sealed record StudyOptions
{
    /// <summary>One per objective, at least one. Default: minimise the only one.</summary>
    public IReadOnlyList<Direction> Directions { get; init; } = [Direction.Minimize];

    /// <summary>The parameters known beforehand; an objective may ask for more as it runs. Default: none.</summary>
    public SearchSpace Space { get; init; } = SearchSpace.Empty;

    /// <summary>Proposes points. Default: TPE.</summary>
    public ISampler Sampler { get; init; } = new TpeSampler();

    /// <summary>Stops bad trials. Default: never.</summary>
    public IPruner Pruner { get; init; } = new NoPruner();

    /// <summary>Addresses all random numbers of the study. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// 0 for the free mode: a trial sees all that is known when it is asked. b ≥ 1 for the repeatable mode: trial n sees the results
    /// of exactly the trials before its wave of b, and of its own wave only what was proposed before it, so any number of
    /// workers gives the same trials, bit for bit. Up to b trials can run at once. Default: 0.
    /// </summary>
    public int RepeatableWidth { get; init; }

    /// <exception cref="LodeException">InvalidArgument: no direction, or a negative width.</exception>
    internal void Validate()
    {
        if (Directions.Count == 0 || !Directions.All(Enum.IsDefined))
            throw new LodeException(ErrorCode.InvalidArgument, "A study needs at least one direction, each Minimize or Maximize.");
        if (RepeatableWidth < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"StudyOptions.RepeatableWidth must be ≥ 0; got {RepeatableWidth}.");
    }
}
