using Lode.Core;

namespace Lode.Optimization;

/// <summary>What one search is made of.</summary>
public sealed record StudyOptions
{
    /// <summary>One per objective, at least one. Default: minimise the only one.</summary>
    public IReadOnlyList<Direction> Directions { get; init; } = [Direction.Minimize];

    /// <summary>The parameters known beforehand; an objective may ask for more as it runs. Default: none.</summary>
    public SearchSpace Space { get; init; } = SearchSpace.Empty;

    /// <summary>Proposes points. Default: <see cref="AutoSampler"/>, which picks by space, budget, width and noise.</summary>
    public ISampler Sampler { get; init; } = new AutoSampler();

    /// <summary>Stops bad trials. Default: never.</summary>
    public IPruner Pruner { get; init; } = new NoPruner();

    /// <summary>Any of these ends <see cref="Study.Optimize"/>. Default: none.</summary>
    public IReadOnlyList<ITerminator> Terminators { get; init; } = [];

    /// <summary>What happens to a proposal that equals an earlier trial. Default: <see cref="DuplicatePolicy.Reask"/>; noisy objectives want <see cref="DuplicatePolicy.Allow"/>.</summary>
    public DuplicatePolicy Duplicates { get; init; } = DuplicatePolicy.Reask;

    /// <summary>
    /// Trials planned in all, for samplers that plan ahead. Range: ≥ 1. Default: null: while <see cref="Study.Optimize"/> runs, the finished ones
    /// at its start and those that it is to finish, otherwise unknown.
    /// </summary>
    public int? Budget { get; init; }

    /// <summary>How many trials may run at once, for samplers that spread out; <see cref="Study.Optimize"/> knows its own. Range: ≥ 1. Default: 1.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>Addresses all random numbers of the study. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// 0 for the free mode: a trial sees all that is known when it is asked. b ≥ 1 for the repeatable mode: trial n sees the results
    /// of exactly the trials before its wave of b, and of its own wave only what was proposed before it, so any number of
    /// workers gives the same trials, bit for bit. Up to b trials can run at once. Default: 0.
    /// </summary>
    public int RepeatableWidth { get; init; }

    /// <exception cref="LodeException">InvalidArgument: no direction, or a setting outside its range.</exception>
    internal void Validate()
    {
        if (Directions.Count == 0 || !Directions.All(Enum.IsDefined))
            throw new LodeException(ErrorCode.InvalidArgument, "A study needs at least one direction, each Minimize or Maximize.");
        if (!Enum.IsDefined(Duplicates))
            throw new LodeException(ErrorCode.InvalidArgument, $"StudyOptions.Duplicates must be Allow, Reask or Reuse; got {(int)Duplicates}.");
        if (Budget < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"StudyOptions.Budget must be ≥ 1; got {Budget}.");
        if (Parallel < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"StudyOptions.Parallel must be ≥ 1; got {Parallel}.");
        if (RepeatableWidth < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"StudyOptions.RepeatableWidth must be ≥ 0; got {RepeatableWidth}.");
    }
}
