using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// A random forest as the model of the objective: proposes the point of the highest expected improvement that a local search from good
/// trials and random challengers find. At home in spaces of many choices, integers and conditions.
/// </summary>
/// <remarks>
/// SMAC: Hutter, Hoos, Leyton-Brown, "Sequential model-based optimization for general algorithm configuration" (LION 2011); settings after
/// SMAC3 (Lindauer et al., JMLR 2022). Losses are scaled by best and median and learnt as logarithms; the expected improvement is that of
/// the loss itself under a normal distribution of the logarithm (Hutter, Hoos, Leyton-Brown, Murphy, GECCO 2009; equation number not checked).
/// Failed and pruned trials, and those that break outcome constraints, count as the worst complete one; running ones as the mean, so that
/// parallel proposals keep apart. Candidates that break a constraint of the space, or were tried before where nothing is continuous, are passed over.
/// O(trees·d·n log² n) per proposal for n trials, at most <see cref="ForestOptions.Limit"/> of them. One objective only.
/// </remarks>
public sealed class ForestSampler : ISampler
{
    // SMAC3: four neighbours of a number, with this deviation.
    private const int Neighbours = 4;
    private const double NeighbourDeviation = 0.2;
    private const int Steps = 30;
    private readonly ForestOptions _options;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public ForestSampler(ForestOptions? options = null)
    {
        _options = options ?? new ForestOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    /// <exception cref="LodeException">NotImplemented: the study has several objectives.</exception>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        SamplerGuards.RequireOneObjective("forest", history);
        var data = new ForestData(space, history, _options.Limit);
        var known = KnownPoints.CanRepeat(space) ? new KnownPoints(space, data.All) : null;
        if (space.Count == 0 || data.Complete < _options.StartupTrials || rng.NextDouble() < _options.RandomShare)
            return UniformDraw.Feasible(space, rng, known);
        var search = new Search(space, new RegressionForest(space, data.Points, data.Targets, _options.Trees, rng.Child(1)), data.Best, known, rng);
        foreach (var start in data.BestPoints(_options.Starts))
            search.Climb(start);
        for (var c = 0; c < _options.Challengers; c++)
            search.Challenge();
        return search.Found ?? UniformDraw.Feasible(space, rng, known);
    }

    // The maximisation of expected improvement.
    private sealed class Search(SearchSpace space, RegressionForest forest, double best, KnownPoints? known, Rng rng)
    {
        private double _highest = double.NegativeInfinity;

        /// <summary>The best point so far that may be proposed.</summary>
        public double[]? Found { get; private set; }

        public void Challenge()
        {
            var unit = new double[space.Count];
            foreach (ref var coordinate in unit.AsSpan())
                coordinate = rng.NextDouble();
            Settle(unit);
            Judge(unit);
        }

        // First improvement over the neighbours that differ in one parameter, in random order.
        public void Climb(double[] start)
        {
            double[] at = [.. start];
            Settle(at);
            var height = Score(at);
            var next = new double[at.Length];
            for (var step = 0; step < Steps; step++)
            {
                var improved = false;
                var offset = rng.NextInt32(at.Length);
                for (var d = 0; d < at.Length && !improved; d++)
                {
                    var dim = (d + offset) % at.Length;
                    if (double.IsNaN(at[dim]))
                        continue;
                    var levels = space.Dimensions[dim].Kind == DimensionKind.Nominal ? (int)space.Dimensions[dim].Levels : 0;
                    for (var k = 0; k < (levels > 0 ? levels : Neighbours) && !improved; k++)
                    {
                        at.CopyTo(next, 0);
                        next[dim] = levels > 0
                            ? (k + 0.5) / levels
                            : SpecialFunctions.TruncatedNormalQuantile(rng.NextDouble(), at[dim], NeighbourDeviation, 0, 1);
                        Settle(next);
                        var score = Judge(next);
                        if (!(score > height))
                            continue;
                        height = score;
                        next.CopyTo(at, 0);
                        improved = true;
                    }
                }
                if (!improved)
                    return;
            }
        }

        private double Judge(double[] unit)
        {
            if (!space.IsFeasible(unit) || known?.Contains(unit) == true)
                return double.NegativeInfinity;
            var score = Score(unit);
            if (score > _highest)
                (_highest, Found) = (score, [.. unit]);
            return score;
        }

        // E[max(0, e^best - e^Y)] for a normal Y: e^best·Φ(v) - e^(μ + σ²/2)·Φ(v - σ), v = (best - μ)/σ.
        private double Score(double[] unit)
        {
            var (mean, variance) = forest.Predict(unit);
            var deviation = Math.Sqrt(Math.Max(variance, 1e-10));
            var v = (best - mean) / deviation;
            return (Math.Exp(best) * SpecialFunctions.NormalCdf(v)) - (Math.Exp(mean + (0.5 * deviation * deviation)) * SpecialFunctions.NormalCdf(v - deviation));
        }

        // Puts each coordinate at the centre of its cell, draws what became active, drops what is not.
        private void Settle(double[] unit)
        {
            foreach (var dim in space.ParentsFirstOrder)
            {
                if (!space.IsActive(dim, unit))
                    unit[dim] = double.NaN;
                else
                    unit[dim] = space.Cell(dim, double.IsNaN(unit[dim]) ? rng.NextDouble() : unit[dim]).Center;
            }
        }
    }
}
