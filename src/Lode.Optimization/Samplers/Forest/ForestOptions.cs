using Lode.Core;

namespace Lode.Optimization;

/// <summary>The settings of <see cref="ForestSampler"/>.</summary>
public sealed record ForestOptions
{
    /// <summary>Trials drawn at random before the forest is trusted. Range: ≥ 2. Default: 10.</summary>
    public int StartupTrials { get; init; } = 10;

    /// <summary>Trees. Range: ≥ 2. Default: 10, as SMAC3.</summary>
    public int Trees { get; init; } = 10;

    /// <summary>Random points that compete with those of the local search. Range: ≥ 1. Default: 1,000; SMAC3 takes 5,000.</summary>
    public int Challengers { get; init; } = 1000;

    /// <summary>Trials from which the local search starts. Range: ≥ 1. Default: 10, as SMAC3.</summary>
    public int Starts { get; init; } = 10;

    /// <summary>The chance of a trial that is drawn at random, whatever the forest says. Range: [0, 1]. Default: 0.1.</summary>
    public double RandomShare { get; init; } = 0.1;

    /// <summary>The most trials that the forest learns from: the better half of these, and the latest. Range: ≥ 10. Default: 1,000.</summary>
    public int Limit { get; init; } = 1000;

    /// <exception cref="LodeException">InvalidArgument: a setting is outside its range.</exception>
    internal void Validate()
    {
        Check(StartupTrials >= 2, nameof(StartupTrials), "≥ 2", StartupTrials);
        Check(Trees >= 2, nameof(Trees), "≥ 2", Trees);
        Check(Challengers >= 1, nameof(Challengers), "≥ 1", Challengers);
        Check(Starts >= 1, nameof(Starts), "≥ 1", Starts);
        Check(RandomShare is >= 0 and <= 1, nameof(RandomShare), "in [0, 1]", RandomShare);
        Check(Limit >= 10, nameof(Limit), "≥ 10", Limit);
    }

    private static void Check(bool ok, string name, string allowed, double got)
    {
        if (!ok)
            throw new LodeException(ErrorCode.InvalidArgument, FormattableString.Invariant($"ForestOptions.{name} must be {allowed}; got {got}."));
    }
}
