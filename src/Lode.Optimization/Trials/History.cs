namespace Lode.Optimization;

/// <summary>What a sampler, pruner or terminator may know of a study: its directions and its trials. A snapshot: it never changes.</summary>
/// <remarks>
/// A trial may lack a parameter that is active at its point: the space has grown since. It then takes part with the parameter's
/// <see cref="Parameter.Default"/>, or, where there is none, as a trial that does not know this coordinate (NaN in
/// <see cref="SearchSpace.ToUnit"/>): its result still counts for the coordinates that it has.
/// </remarks>
/// <param name="Directions">One per objective, at least one.</param>
/// <param name="Trials">By ascending number; running ones included, so that parallel proposals can spread out.</param>
public sealed record History(IReadOnlyList<Direction> Directions, IReadOnlyList<Trial> Trials)
{
    /// <summary>How many trials are planned in all, those of <see cref="Trials"/> included; null when nobody knows.</summary>
    public int? Budget { get; init; }

    /// <summary>The study's seed: for what all its proposals share, such as the scrambling of a sequence. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many trials may run at once. Range: ≥ 1. Default: 1.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>A value as a loss: smaller is better.</summary>
    public double Loss(int objective, double value) => Directions[objective] == Direction.Maximize ? -value : value;
}
