using System.Text.Json.Serialization;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>What happens when a run of CMA-ES can improve no more. The numbers are persisted; append only.</summary>
public enum CmaRestart
{
    /// <summary>It goes on.</summary>
    None = 1,

    /// <summary>It starts anew elsewhere with twice the population (Auger and Hansen, CEC 2005).</summary>
    Ipop = 2,

    /// <summary>Large populations as Ipop, and between them small local runs for as many trials (Hansen, GECCO BBOB 2009).</summary>
    Bipop = 3,
}

/// <summary>What is learnt of how parameters depend on each other. The numbers are persisted; append only.</summary>
public enum CmaCovariance
{
    /// <summary>Full up to 50 numeric parameters, separable beyond.</summary>
    Auto = 1,

    /// <summary>All of it: d² numbers, d³ work per generation.</summary>
    Full = 2,

    /// <summary>Variances alone, learnt (d + 2)/3 times faster (Ros and Hansen, PPSN 2008).</summary>
    Separable = 3,
}

/// <summary>The settings of <see cref="CmaSampler"/>; the defaults are those of the cited papers.</summary>
public sealed record CmaOptions
{
    /// <summary>Trials per generation λ. Range: ≥ 4, or 0 for 4 + ⌊3 ln d⌋ (Hansen, eq. 48). Default: 0.</summary>
    public int Population { get; init; }

    /// <summary>The first step size, in widths of the domain. Range: (0, 1]. Default: 1/6: half the domain is three of it, and the budgets of tuning are short.</summary>
    public double StepSize { get; init; } = 1.0 / 6;

    /// <summary>What happens when a run can improve no more. Default: <see cref="CmaRestart.Ipop"/>.</summary>
    public CmaRestart Restart { get; init; } = CmaRestart.Ipop;

    /// <summary>What is learnt of dependences. Default: <see cref="CmaCovariance.Auto"/>.</summary>
    public CmaCovariance Covariance { get; init; } = CmaCovariance.Auto;

    /// <summary>
    /// Whether learning rates follow the signal-to-noise ratio (Nomura, Akimoto, Ono, GECCO 2023): slower, but sound on noisy and
    /// multimodal objectives without larger populations. The paper and its longer version (arXiv 2401.15876) define it for the full
    /// covariance alone, so with <see cref="CmaCovariance.Separable"/> it is refused, and Auto is then Full. Default: false.
    /// </summary>
    public bool AdaptLearningRate { get; init; }

    /// <summary>
    /// The study's first trials from which the first distribution is estimated (Nomura et al., AAAI 2021); whoever proposed them, else
    /// drawn at random. Range: ≥ 0; 0 with <see cref="WarmStartStudy"/>. Default: 0, the middle of the domain.
    /// </summary>
    public int WarmStartTrials { get; init; }

    /// <summary>
    /// Another study, of a like task, from whose trials the first distribution is estimated (Nomura et al., AAAI 2021): live, by
    /// <see cref="StudyFile.Of"/>, or exported, by <see cref="StudyFile.Read"/>. Its space may differ: parameters are matched by name, values
    /// outside the domain are unknown, and a number that it knows nothing of starts as without a warm start; so do choices. Has one
    /// objective and a trial that is complete or pruned. Not in JSON. Default: null, none.
    /// </summary>
    [JsonIgnore]
    public StudyFile? WarmStartStudy { get; init; }

    /// <summary>The share γ of those trials that count. Range: (0, 1]. Default: 0.1, as in the paper.</summary>
    public double WarmStartShare { get; init; } = 0.1;

    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    internal void Validate()
    {
        Check(Population is 0 or >= 4, nameof(Population), "≥ 4, or 0 for the default", Population);
        Check(StepSize is > 0 and <= 1, nameof(StepSize), "in (0, 1]", StepSize);
        Check(Enum.IsDefined(Restart), nameof(Restart), "None, Ipop or Bipop", (double)Restart);
        Check(Enum.IsDefined(Covariance), nameof(Covariance), "Auto, Full or Separable", (double)Covariance);
        Check(WarmStartTrials >= 0, nameof(WarmStartTrials), "≥ 0", WarmStartTrials);
        Check(WarmStartShare is > 0 and <= 1, nameof(WarmStartShare), "in (0, 1]", WarmStartShare);
        if (WarmStartStudy is { } source)
        {
            Check(WarmStartTrials == 0, nameof(WarmStartTrials), "0 where there is a WarmStartStudy: losses of two studies cannot be compared", WarmStartTrials);
            Check(source.Directions.Count == 1, nameof(WarmStartStudy), "a study of one objective", source.Directions.Count);
            var known = new History(source.Directions, source.Trials);
            Check(source.Trials.Any(trial => Standing.Of(known, trial).IsRanked), nameof(WarmStartStudy), "a study with a complete or pruned trial", 0);
        }
        if (AdaptLearningRate && Covariance == CmaCovariance.Separable)
            throw new LodeException(ErrorCode.InvalidArgument, "CmaOptions.AdaptLearningRate needs the covariance Auto or Full; got Separable.", "The paper defines it for full covariances alone.");
    }

    private static void Check(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"CmaOptions.{name} must be {allowed}; got {got}."));
    }
}
