using Lode.Core;

namespace Lode.Optimization;

/// <summary>
/// Proposes the points of Sobol's sequence, one per trial: they fill the cube more evenly than random ones, each parameter as well as pairs.
/// Best after a power of two of trials. Where the space has constraints, the points that break them are left out.
/// </summary>
/// <remarks>
/// Sobol (1967) in Gray-code order (Antonov and Saleev 1979), scrambled as Owen, "Randomly permuted (t, m, s)-nets" (1995). The direction
/// numbers: see <see cref="SobolSequence"/>. Trial n gets point n, whatever else is known. O(d) per proposal.
/// </remarks>
public sealed class SobolSampler : ISampler
{
    private readonly FeasiblePoints _feasible = new();
    private readonly bool _scramble;

    /// <param name="options">Settings; null for the defaults.</param>
    public SobolSampler(QmcOptions? options = null) => _scramble = (options ?? new()).Scramble;

    /// <inheritdoc/>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        var seed = history.Seed;
        double[] Point(long n)
        {
            var unit = new double[space.Count];
            SobolSequence.Point(n, _scramble ? seed : null, unit);
            return unit;
        }
        var place = _feasible.PlaceOf(space, seed, history.Trials.Count, long.MaxValue, Point);
        return Point(place < 0 ? history.Trials.Count : place);
    }
}
