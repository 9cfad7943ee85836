using Lode.Core;

namespace Lode.Learning;

/// <summary>What a split of a tree makes as small as it can.</summary>
public enum SplitCriterion
{
    /// <summary>Gini's impurity, 1 - Σ p²; classification.</summary>
    Gini = 1,

    /// <summary>Shannon's entropy, -Σ p·log p; classification.</summary>
    Entropy = 2,

    /// <summary>The variance; regression.</summary>
    SquaredError = 3,
}

/// <summary>How a forest is grown; names and meanings as in scikit-learn.</summary>
public sealed record RandomForestOptions
{
    /// <summary>Trees, ≥ 1. Default: 100.</summary>
    public int NEstimators { get; init; } = 100;

    /// <summary>Null (default): gini for classification, squared error for regression.</summary>
    public SplitCriterion? Criterion { get; init; }

    /// <summary>Splits from root to leaf at most, ≥ 1. Null (default): no limit.</summary>
    public int? MaxDepth { get; init; }

    /// <summary>Rows that a node needs to be split, ≥ 2. Default: 2. A row drawn twice by the bootstrap counts once.</summary>
    public int MinSamplesSplit { get; init; } = 2;

    /// <summary>Rows that each side of a split must keep, ≥ 1. Default: 1. A row drawn twice by the bootstrap counts once.</summary>
    public int MinSamplesLeaf { get; init; } = 1;

    /// <summary>Features looked at for a split. Null (default): the square root of their number for classification, all for regression.</summary>
    public MaxFeatures? MaxFeatures { get; init; }

    /// <summary>Whether each tree sees a sample of rows drawn with replacement. Default: yes.</summary>
    public bool Bootstrap { get; init; } = true;

    /// <summary>Rows drawn for a tree by the bootstrap, as a share of all, in (0, 1]. Default: 1.</summary>
    public double MaxSamples { get; init; } = 1;

    /// <summary>Whether a feature's threshold is drawn, one for each feature that is looked at, rather than searched for. Default: no.</summary>
    public bool DrawThresholds { get; init; }

    /// <summary>What a leaf costs when the grown tree is pruned, in units of impurity times share of the rows, ≥ 0. Default: 0, no pruning.</summary>
    public double CcpAlpha { get; init; }

    /// <summary>Whether classes weigh the same together, whatever their rows: each row by rows / (classes · rows of its class). Default: no.</summary>
    public bool BalanceClasses { get; init; }

    internal void Validate(string learner)
    {
        if (MaxSamples is not (> 0 and <= 1) || CcpAlpha is not >= 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"{learner} needs max_samples in (0, 1] and ccp_alpha ≥ 0; got {MaxSamples} and {CcpAlpha}.");
        if (NEstimators < 1 || MaxDepth < 1 || MinSamplesSplit < 2 || MinSamplesLeaf < 1)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"{learner} needs n_estimators ≥ 1, max_depth ≥ 1, min_samples_split ≥ 2 and min_samples_leaf ≥ 1; got " +
                $"{NEstimators}, {MaxDepth?.ToString() ?? "none"}, {MinSamplesSplit} and {MinSamplesLeaf}.");
        }
    }
}
