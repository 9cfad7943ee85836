using Lode.Core;

namespace Lode.Optimization;

/// <summary>Proposes where to look next.</summary>
/// <remarks>
/// <b>Pure.</b> The proposal depends on the arguments alone, so any server may answer and a crash loses nothing.
/// <b>Threads.</b> One instance serves many studies at once. It may remember work between calls (a factor, a replayed population) as long as
/// nobody could tell from the proposals; SamplerContract checks that.
/// <b>Check.</b> Every implementation is in <see cref="SamplerCatalog"/> and passes SamplerContract.
/// </remarks>
public interface ISampler
{
    /// <summary>Proposes the next point.</summary>
    /// <param name="space">The domain, d parameters; d may be 0.</param>
    /// <param name="history">What is known; may be empty, may hold failed trials, values that are not numbers, and parameters the space does not know.</param>
    /// <param name="rng">This trial's own stream, addressed by (study seed, trial number): same numbers with 1 worker or 64.</param>
    /// <returns>Coordinates, shape [d], in [0, 1]; those of parameters that are inactive at the point mean nothing and may be NaN.</returns>
    double[] Propose(SearchSpace space, History history, Rng rng);
}
