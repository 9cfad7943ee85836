using Lode.Core;

namespace Lode.Optimization;

/// <summary>How much each good trial counts in the density of good points. The numbers are persisted; append only.</summary>
public enum TpeWeighting
{
    /// <summary>All the same.</summary>
    Uniform = 1,

    /// <summary>By how much it is better than the best trial that is not good: then the ratio of densities is expected improvement itself.</summary>
    Improvement = 2,
}

/// <summary>The settings of <see cref="TpeSampler"/>. The defaults suit searches of 20 to 10,000 trials.</summary>
/// <remarks>
/// Sources: Bergstra, Bardenet, Bengio, Kégl, "Algorithms for hyper-parameter optimization" (NeurIPS 2011) [B];
/// Watanabe, "Tree-structured Parzen estimator: understanding its algorithm components and their roles for better empirical
/// performance" (arXiv 2304.11127, 2023) [W].
/// </remarks>
public sealed record TpeOptions
{
    /// <summary>Trials drawn at random before the densities are trusted. Range: ≥ 0. Default: 10.</summary>
    public int StartupTrials { get; init; } = 10;

    /// <summary>Points drawn from the density of good ones, of which the best ratio is proposed. Range: ≥ 1. Default: 24, as in [B] and [W].</summary>
    public int Candidates { get; init; } = 24;

    /// <summary>The share γ of ranked trials that count as good, rounded up. Range: (0, 1). Default: 0.1, the linear rule of [W].</summary>
    public double GoodShare { get; init; } = 0.1;

    /// <summary>The most trials that count as good. Range: ≥ 1. Default: 25, as in [W].</summary>
    public int GoodLimit { get; init; } = 25;

    /// <summary>How good trials are weighed. Default: <see cref="TpeWeighting.Improvement"/>, recommended by [W].</summary>
    public TpeWeighting Weighting { get; init; } = TpeWeighting.Improvement;

    /// <summary>The weight of the prior (the whole space), in trials. Range: &gt; 0. Default: 1, as in [B] and [W].</summary>
    public double PriorWeight { get; init; } = 1;

    /// <summary>
    /// The bandwidth of a single observation, in widths of the domain; n observations of d parameters get n^(-1/(d + 4)) of it, Scott's
    /// rule. Range: (0, 1]. Default: 0.07.
    /// </summary>
    /// <remarks>
    /// Scott's factor is the spread of the sample: 0.29 for points all over the domain, and less for good ones, which gather.
    /// Optuna takes 0.2; [W] too finds the bandwidth decisive and small ones good. Checked on fifteen tasks and ten other functions
    /// with twenty seeds of their own at 25 to 200 trials: 0.07 ranks before 0.15 throughout, and before 0.1 but for the fifteen tasks at
    /// 100 trials; 0.05 is better from 100 trials on and worse at 25.
    /// </remarks>
    public double Bandwidth { get; init; } = 0.07;

    /// <summary>The smallest bandwidth, in widths of the domain. Range: (0, 1]. Default: 0.01: a floor keeps the search from digging in one hole (the minimum bandwidth factor of [W]).</summary>
    public double MinBandwidth { get; init; } = 0.01;

    /// <summary>
    /// Whether half of the trials are spread over the branches of a conditional space that may still overtake the best one (rising bandits, Li
    /// et al., AAAI 2020). The density of good trials alone stays in the branch that is easy to tune. Default: true.
    /// </summary>
    public bool BranchByBandit { get; init; } = true;

    /// <summary>Whether configurations that were tried before are passed over, where all parameters are choices or on grids. Default: true.</summary>
    public bool AvoidDuplicates { get; init; } = true;

    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    internal void Validate()
    {
        Check(StartupTrials >= 0, nameof(StartupTrials), "≥ 0", StartupTrials);
        Check(Candidates >= 1, nameof(Candidates), "≥ 1", Candidates);
        Check(GoodShare is > 0 and < 1, nameof(GoodShare), "in (0, 1)", GoodShare);
        Check(GoodLimit >= 1, nameof(GoodLimit), "≥ 1", GoodLimit);
        Check(Enum.IsDefined(Weighting), nameof(Weighting), "Uniform or Improvement", (double)Weighting);
        Check(PriorWeight > 0 && double.IsFinite(PriorWeight), nameof(PriorWeight), "> 0", PriorWeight);
        Check(Bandwidth is > 0 and <= 1, nameof(Bandwidth), "in (0, 1]", Bandwidth);
        Check(MinBandwidth is > 0 and <= 1, nameof(MinBandwidth), "in (0, 1]", MinBandwidth);
    }

    private static void Check(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"TpeOptions.{name} must be {allowed}; got {got}."));
    }
}
