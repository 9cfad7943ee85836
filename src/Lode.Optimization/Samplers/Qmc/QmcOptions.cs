namespace Lode.Optimization;

/// <summary>The settings of <see cref="SobolSampler"/> and <see cref="HaltonSampler"/>.</summary>
public sealed record QmcOptions
{
    /// <summary>
    /// Whether the digits are permuted at random (addressed by the study's seed): every point then is uniform by itself, the first is not the
    /// corner, and studies of different seeds differ. Default: true.
    /// </summary>
    public bool Scramble { get; init; } = true;
}
