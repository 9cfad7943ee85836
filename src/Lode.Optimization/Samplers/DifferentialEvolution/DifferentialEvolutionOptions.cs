using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="DifferentialEvolutionSampler"/>.</summary>
public sealed record DifferentialEvolutionOptions
{
    /// <summary>
    /// Trials in the first population. Range: ≥ 4, or 0 for a twentieth of <see cref="History.Budget"/>, at least 10 and at most 18·d, and 10
    /// where no budget is known. Default: 0. The papers take 18·d for budgets of 10,000·d evaluations; tuning has some hundreds, and
    /// differential evolution needs some twenty generations to get anywhere.
    /// </summary>
    public int Population { get; init; }

    /// <summary>The share p of the population whose members draw others on; at least two do. Range: (0, 1]. Default: 0.11, as L-SHADE.</summary>
    public double BestShare { get; init; } = 0.11;

    /// <summary>Displaced members that still take part in differences, in populations. Range: ≥ 0. Default: 2.6, as L-SHADE.</summary>
    public double Archive { get; init; } = 2.6;

    /// <summary>Places H of the memory of successful settings. Range: ≥ 1. Default: 6, as L-SHADE.</summary>
    public int Memory { get; init; } = 6;

    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    internal void Validate()
    {
        Check(Population is 0 or >= 4, nameof(Population), "≥ 4, or 0 for the default", Population);
        Check(BestShare is > 0 and <= 1, nameof(BestShare), "in (0, 1]", BestShare);
        Check(Archive >= 0 && double.IsFinite(Archive), nameof(Archive), "≥ 0", Archive);
        Check(Memory >= 1, nameof(Memory), "≥ 1", Memory);
    }

    private static void Check(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"DifferentialEvolutionOptions.{name} must be {allowed}; got {got}."));
    }
}
