using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Bayesian optimisation with a Gaussian process: a model of the loss over the whole space, uncertain where little is known, is asked
/// where an improvement is to be expected. For searches whose trials are dear: tens to some thousand.
/// </summary>
/// <remarks>
/// Model: Matérn-5/2 with a length scale for each parameter (<see cref="GpOptions"/> names priors and warps), choices by equality, absent parameters
/// on arcs, so conditional and growing spaces are one model. Parameters by maximum posterior density. Acquisition: LogEI (Ament et al. 2023) on the
/// lowest posterior mean of the trials (so noise does not make an incumbent); outcome constraints multiply it by the probability of feasibility (Gardner
/// et al., ICML 2014, eq. 5). Running trials are believed to give their posterior mean (the kriging believer, Ginsbourger, Le Riche, Carraro 2010,
/// section 4.2), so parallel proposals keep apart. Beyond <see cref="GpOptions.ModelLimit"/> trials the model holds a part of them.
/// <b>Purity.</b> The parameters are fitted on a number of trials that depends on how many there are; what was worked out for one proposal is kept
/// for the next, which gets the same numbers, bit for bit, without it. One objective only.
/// </remarks>
public sealed class GpSampler : ISampler
{
    private readonly GpOptions _options;
    private readonly GpCache _cache = new();

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
        var data = GpData.Of(space, history, _options.InputWarping);
        if (data.Embedding.Dims.Length == 0 || data.Told < Startup(data.Embedding))
            return Spread(space, data, rng);
        var posterior = GpPosterior.Of(data, _options, _cache);
        return new GpSearch(space, data, posterior, _options).Run(rng);
    }

    private int Startup(Embedding embedding) => _options.StartupTrials ?? Math.Clamp(embedding.Dims.Length + 1, 4, 10);

    // Mitchell's best candidate: of a few random points the one farthest from all known.
    private static double[] Spread(SearchSpace space, GpData data, Rng rng)
    {
        var (best, distance) = (Array.Empty<double>(), double.NegativeInfinity);
        var d = data.Embedding.Dims.Length;
        var raw = new double[d];
        for (var c = 0; c < 200 && (c < 10 || best.Length == 0); c++)
        {
            var unit = new double[space.Count];
            foreach (ref var coordinate in unit.AsSpan())
                coordinate = rng.NextDouble();
            if (!space.IsFeasible(unit))
                continue;
            var active = (double[])unit.Clone();
            GpSearch.Deactivate(space, active);
            data.Embedding.Encode(active, raw);
            var nearest = double.MaxValue;
            for (var i = 0; i < data.Count; i++)
                nearest = Math.Min(nearest, GpData.Distance(data.Embedding, raw, data.Point(i)));
            for (var i = 0; i < data.Pending.Length; i += Math.Max(d, 1))
                nearest = Math.Min(nearest, GpData.Distance(data.Embedding, raw, data.Pending.AsSpan(i, d)));
            if (best.Length > 0 && !(nearest > distance))
                continue;
            (best, distance) = (unit, nearest);
        }
        return best.Length == 0 ? new RandomSampler().Propose(space, new History([Direction.Minimize], []), rng) : best;
    }
}
