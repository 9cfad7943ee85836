using Lode.Core;

namespace Lode.Execution;

/// <summary>What one trial needs of a machine.</summary>
public sealed record ResourceRequest
{
    /// <summary>Processors, fractions allowed. Range: 0 to 4096. Default: 1.</summary>
    public double Cpus { get; init; } = 1;

    /// <summary>GPUs: a fraction below 1 shares one GPU with others, from 1 on whole ones. Range: 0, (0, 1), 1, 2, … 1024. Default: 0.</summary>
    public double Gpus { get; init; }

    /// <summary>Memory in bytes; 0 = none is set aside. Range: ≥ 0. Default: 0.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Refuses what no machine can give.</summary>
    /// <exception cref="LodeException">InvalidArgument: names the field.</exception>
    public void Check()
    {
        if (!(Cpus is >= 0 and <= 4096))
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"cpus is 0 to 4096, fractions allowed; got {Cpus}."));
        if (!(Gpus is >= 0 and <= 1024) || (Gpus > 1 && Gpus != Math.Floor(Gpus)))
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"gpus is a fraction of one (0.5) or a whole number; got {Gpus}."));
        if (MemoryBytes < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"memory is at least 0 bytes; got {MemoryBytes}.");
    }
}
