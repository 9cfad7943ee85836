using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// CMA-ES: draws trials from a normal distribution whose mean, step size and covariance each whole generation of trials moves towards
/// what did well. Strong where numbers dominate, parameters depend on each other, and some hundred trials or more can be had.
/// </summary>
/// <remarks>
/// Hansen, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772, version of 2016), eq. 38 to 58, with negative weights, and a
/// Cholesky factor for the root of the covariance (see CmaUpdate). Numbers on grids: with margin (Hamano et al., GECCO 2022); choices: the
/// categorical half of CatCMA (Hamano et al., GECCO 2024); restarts: IPOP and BIPOP (Auger and Hansen 2005, Hansen 2009); many parameters:
/// separable (Ros and Hansen 2008); options: learning-rate adaptation (Nomura et al. 2023) and warm start, also from another study
/// (Nomura et al. 2021). Conditional parameters are always drawn; a trial in which one is inactive tells nothing of it. Proposals outside
/// the domain or against its constraints are redrawn up to 100 times, then pulled to the border.
/// <b>History.</b> The state is a function of the trials alone: generations are cut by trial number, so it does not matter who
/// proposed a trial, in what order results came, or whether the process restarted. A failed trial counts as worst, a pruned one as worse
/// than any complete one, one that breaks outcome constraints as worse than these. With more workers than the population, trials are
/// drawn from a distribution one or two generations old.
/// <b>Cost.</b> O(n²) per proposal, O(n³) per generation of about 4 + 3 ln n trials; the first proposal of a process replays the history.
/// One objective only.
/// </remarks>
public sealed class CmaSampler : ISampler
{
    private readonly GenerationReplay<CmaState> _replay;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public CmaSampler(CmaOptions? options = null)
    {
        options ??= new CmaOptions();
        options.Validate();
        _replay = new(
            options.WarmStartTrials,
            (space, history) => CmaGeneration.First(space, history, options),
            state => state.Constants.Population,
            (state, history, start) => CmaGeneration.Advance(state, history, start, options));
    }

    /// <inheritdoc/>
    /// <exception cref="LodeException">NotImplemented: the study has several objectives.</exception>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        SamplerGuards.RequireOneObjective("cma", history);
        return _replay.StateOf(space, history)?.State.Sample(rng) ?? UniformDraw.Feasible(space, rng);
    }
}
