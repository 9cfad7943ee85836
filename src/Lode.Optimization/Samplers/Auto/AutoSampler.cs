using System.Collections.Frozen;
using Lode.Core;

namespace Lode.Optimization;

/// <summary>Which sampler <see cref="AutoSampler"/> takes for the next trial, and why.</summary>
/// <param name="Sampler">Its name in the catalogue.</param>
/// <param name="Reason">A sentence for the user.</param>
public sealed record AutoChoice(string Sampler, string Reason);

/// <summary>
/// Picks among the other samplers by the space, the trials so far, the width and signs of noise, trial for trial, and says why. The default.
/// </summary>
/// <remarks>
/// The rules are one table, AutoRules: the first that applies decides. They follow published comparisons: models beat evolution at few
/// trials (Turner et al., NeurIPS 2020 challenge, arXiv 2104.10201), forests are ahead in large spaces of choices and conditions
/// (Eggensperger et al., BayesOpt workshop 2013), and CMA-ES overtakes models where trials are many (Hansen et al., BBOB 2010). A budget
/// that is not known decides by being used up: few trials never leave the model. Because every sampler reads the whole history, whoever proposed it, a switch
/// loses nothing. <b>Pure.</b> The choice depends on the arguments alone. O(n) beside the cost of the chosen sampler.
/// </remarks>
public sealed class AutoSampler : ISampler
{
    private readonly FrozenDictionary<AutoRule, ISampler> _samplers;

    /// <summary>A sampler that picks among those of <see cref="SamplerCatalog"/>, with their defaults.</summary>
    public AutoSampler() => _samplers = AutoRules.All.ToFrozenDictionary(rule => rule, rule => rule.WarmStartTrials > 0
        ? new CmaSampler(new CmaOptions { WarmStartTrials = rule.WarmStartTrials })
        : SamplerCatalog.Create(rule.Sampler));

    /// <summary>Which sampler would propose the next trial, and why.</summary>
    /// <param name="space">The domain.</param>
    /// <param name="history">What is known.</param>
    public static AutoChoice Explain(SearchSpace space, History history)
    {
        var rule = RuleFor(space, history);
        return new(rule.Sampler, rule.Reason);
    }

    /// <inheritdoc/>
    public double[] Propose(SearchSpace space, History history, Rng rng) => _samplers[RuleFor(space, history)].Propose(space, history, rng);

    private static AutoRule RuleFor(SearchSpace space, History history)
    {
        var facts = AutoFacts.Of(space, history);
        return AutoRules.All.First(rule => rule.Applies(facts));
    }
}
