using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Proposes the points of Halton's sequence, one per trial: parameter i counts in the i-th prime with its digits mirrored. Good up to some
/// ten parameters at any number of trials; use <see cref="SobolSampler"/> for more. Constraints as there.
/// </summary>
/// <remarks>
/// Halton (1960); scrambled by random permutations of the digits, another one at each place, as Owen, "A randomized Halton algorithm in R"
/// (arXiv 1706.02808, 2017). Trial n gets point n, whatever else is known. O(d log n) per proposal, O(d) more when scrambled.
/// </remarks>
public sealed class HaltonSampler : ISampler
{
    private readonly FeasiblePoints _feasible = new();
    private readonly bool _scramble;

    /// <param name="options">Settings; null for the defaults.</param>
    public HaltonSampler(QmcOptions? options = null) => _scramble = (options ?? new()).Scramble;

    /// <inheritdoc/>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        var seed = history.Seed;
        double[] Point(long n)
        {
            var unit = new double[space.Count];
            HaltonSequence.Point(n, 0, _scramble ? seed : null, unit);
            return unit;
        }
        var place = _feasible.PlaceOf(space, seed, history.Trials.Count, long.MaxValue, Point);
        return Point(place < 0 ? history.Trials.Count : place);
    }
}
