namespace Lode.Optimization;

/// <summary>What a sampler or pruner may know of a study: its directions and its trials.</summary>
/// <param name="Directions">One per objective, at least one.</param>
/// <param name="Trials">By ascending number; running ones included, so that parallel proposals can spread out.</param>
public sealed record History(IReadOnlyList<Direction> Directions, IReadOnlyList<Trial> Trials)
{
    /// <summary>How many trials are planned in all, those of <see cref="Trials"/> included; null when nobody knows.</summary>
    public int? Budget { get; init; }

    /// <summary>How many trials may run at once. Range: ≥ 1. Default: 1.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>A value as a loss: smaller is better.</summary>
    public double Loss(int objective, double value) => Directions[objective] == Direction.Maximize ? -value : value;
}
