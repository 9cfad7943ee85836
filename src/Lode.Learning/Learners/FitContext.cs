using Lode.Core;

namespace Lode.Learning;

/// <summary>What a fit may use.</summary>
/// <param name="Rng">This fit's own stream of random numbers.</param>
/// <param name="Threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
/// <param name="Cancellation">Looked at once an iteration or tree.</param>
public readonly record struct FitContext(Rng Rng, int Threads = 0, CancellationToken Cancellation = default)
{
    /// <summary>How <see cref="System.Threading.Tasks.Parallel"/> is to run.</summary>
    internal ParallelOptions Parallel => new() { MaxDegreeOfParallelism = ThreadCount(Threads), CancellationToken = Cancellation };

    /// <summary>The number that is meant: 0 stands for one a processor.</summary>
    /// <exception cref="LodeException">InvalidArgument: it is negative.</exception>
    internal static int ThreadCount(int threads) => threads switch
    {
        0 => Environment.ProcessorCount,
        > 0 => threads,
        _ => throw new LodeException(ErrorCode.InvalidArgument, $"The number of threads must be at least 1, or 0 for one a processor; got {threads}."),
    };
}
