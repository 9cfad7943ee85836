using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="LatinHypercubeSampler"/>.</summary>
public sealed record LatinHypercubeOptions
{
    /// <summary>
    /// Points of a design; further trials begin another one. Range: ≥ 1. Default: null: the study's budget, 64 where that is not known.
    /// </summary>
    public int? Points { get; init; }
}

/// <summary>
/// Proposes Latin hypercube designs of n points: each of the n equal slices of every parameter is used once. A point that breaks a
/// constraint is drawn again in its slices; where none of them holds, the study repairs it.
/// </summary>
/// <remarks>McKay, Beckman, Conover, "A comparison of three methods for selecting values of input variables" (Technometrics 1979). O(d) per proposal.</remarks>
public sealed class LatinHypercubeSampler : ISampler
{
    private const int Draws = 32;
    private readonly LatinHypercubeOptions _options;

    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    public LatinHypercubeSampler(LatinHypercubeOptions? options = null)
    {
        _options = options ?? new();
        if (_options.Points < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"LatinHypercubeOptions.Points must be ≥ 1; got {_options.Points}.");
    }

    /// <inheritdoc/>
    public double[] Propose(SearchSpace space, History history, Rng rng)
    {
        var points = _options.Points ?? history.Budget ?? 64;
        var (design, place) = Math.DivRem(history.Trials.Count, points);
        var key = Scrambling.Bits(history.Seed, (ulong)design);
        var unit = new double[space.Count];
        for (var draw = 0; draw < Draws; draw++)
        {
            for (var i = 0; i < unit.Length; i++)
                unit[i] = (Scrambling.Permute(place, points, Scrambling.Bits(key, (ulong)i)) + rng.NextDouble()) / points;
            if (space.IsFeasible(unit))
                break;
        }
        return unit;
    }
}
