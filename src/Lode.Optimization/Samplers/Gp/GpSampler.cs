using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Bayesian optimisation with a Gaussian process: a model of the loss over the whole space, uncertain where little is known, is asked
/// where an improvement is to be expected. For searches whose trials are dear: tens to some thousand.
/// </summary>
/// <remarks>
/// Model: Matérn-5/2 with a length scale for each parameter (<see cref="GpOptions"/> names priors and warps), choices by equality, absent parameters
/// on arcs, so conditional and growing spaces are one model. Parameters by maximum posterior density and, while trials are few, draws around it (<see cref="GpOptions.Draws"/>). Acquisition: LogEI (Ament et al. 2023) on the
/// lowest posterior mean of the trials (so noise does not make an incumbent); outcome constraints multiply it by the probability of feasibility (Gardner
/// et al., "Bayesian optimization with inequality constraints", ICML 2014). Running trials are believed to give their posterior mean (the kriging believer, Ginsbourger, Le Riche, Carraro, "Kriging is
/// well-suited to parallelize optimization", 2010), so parallel proposals keep apart. Beyond <see cref="GpOptions.ModelLimit"/> trials the model holds a part of them.
/// <b>Purity.</b> The parameters are fitted on a number of trials that depends on how many there are; what was worked out for one proposal is kept
/// for the next, which gets the same numbers, bit for bit, without it. One objective only.
/// </remarks>
public sealed class GpSampler : ISampler
{
    private readonly GpOptions _options;
    private readonly GpCache _cache = new();
    private readonly SobolSampler _startup = new();

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public GpSampler(GpOptions? options = null)
    {
        _options = options ?? new GpOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    /// <exception cref="LodeException">NotImplemented: the study has several objectives.</exception>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        if (history.Directions.Count != 1)
            throw new LodeException(ErrorCode.NotImplemented, $"The sampler 'gp' takes one objective; the study has {history.Directions.Count}.", "Use the sampler 'random'.");
        var (data, region) = Known(space, history, _options);
        if (data.Embedding.Dims.Length == 0 || data.Told < Startup(data.Embedding, _options))
            return _startup.Propose(space, history, rng);
        return new GpSearch(space, data, GpPosterior.Of(data, _options, _cache), _options, region).Run(rng);
    }

    /// <summary>What the model is made of, and where it looks.</summary>
    internal static (GpData Data, TrustRegion Region) Known(SearchSpace space, History history, GpOptions options)
    {
        var data = GpData.Of(space, history, options.InputWarping);
        if (!options.TrustRegion)
            return (data, TrustRegion.None);
        var region = TrustRegion.Replay(history, data.Embedding.Dims.Length, Startup(data.Embedding, options));
        return (region.First == 0 ? data : GpData.Of(space, region.Part(history), options.InputWarping), region);
    }

    private static int Startup(Embedding embedding, GpOptions options) => options.StartupTrials ?? Math.Clamp(embedding.Dims.Length + 1, 4, 10);
}
