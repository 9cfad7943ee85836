using Lode.Core;

namespace Lode.Learning;

/// <summary>What boosting makes as small as it can.</summary>
public enum BoostingLoss
{
    /// <summary>Log loss of two or more classes.</summary>
    LogLoss = 1,

    /// <summary>Squares of the errors: predicts means.</summary>
    SquaredError = 2,

    /// <summary>Sizes of the errors: predicts medians.</summary>
    AbsoluteError = 3,

    /// <summary>Pinball loss: predicts a quantile.</summary>
    Quantile = 4,

    /// <summary>Squares of small errors, sizes of large ones.</summary>
    Huber = 5,

    /// <summary>Poisson deviance of counts; predictions are positive.</summary>
    Poisson = 6,
}

/// <summary>How boosted trees are grown. Names and meanings as in scikit-learn's HistGradientBoosting where it has them.</summary>
public sealed record BoostingOptions
{
    /// <summary>Null (default): log loss for classification, squared error for regression.</summary>
    public BoostingLoss? Loss { get; init; }

    /// <summary>The share below the quantile that <see cref="BoostingLoss.Quantile"/> predicts, in (0, 1). Default: 0.5.</summary>
    public double Quantile { get; init; } = 0.5;

    /// <summary>For <see cref="BoostingLoss.Huber"/>: the share of errors that count as small, in (0, 1). Default: 0.9.</summary>
    public double Alpha { get; init; } = 0.9;

    /// <summary>Rounds, each of one tree (one a class where there are more than two), ≥ 1. Default: 100.</summary>
    public int MaxIter { get; init; } = 100;

    /// <summary>What a tree's predictions are multiplied by, in (0, 1]. Default: 0.1.</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Leaves of a tree at most, ≥ 2. Null: no limit. Default: 31.</summary>
    public int? MaxLeafNodes { get; init; } = 31;

    /// <summary>Splits from root to leaf at most, ≥ 1. Null (default): no limit.</summary>
    public int? MaxDepth { get; init; }

    /// <summary>Whether the shallowest leaf is split next, rather than the one that gains most. Default: no.</summary>
    public bool DepthFirst { get; init; }

    /// <summary>Rows that each side of a split must keep, ≥ 0. Default: 20.</summary>
    public int MinSamplesLeaf { get; init; } = 20;

    /// <summary>The sum of second derivatives that each side of a split must keep, ≥ 0. Default: 0.001.</summary>
    public double MinSumHessian { get; init; } = 1e-3;

    /// <summary>What a split must gain, ≥ 0. Default: 0.</summary>
    public double MinSplitGain { get; init; }

    /// <summary>Penalty on the squares of the leaves' values, ≥ 0. Default: 0.</summary>
    public double L2Regularization { get; init; }

    /// <summary>Penalty on the sizes of the leaves' values, ≥ 0. Default: 0.</summary>
    public double L1Regularization { get; init; }

    /// <summary>Bins of a column at most, in [2, 255]. Default: 255.</summary>
    public int MaxBins { get; init; } = 255;

    /// <summary>Share of the rows that a round sees, in (0, 1]. Default: 1.</summary>
    public double Subsample { get; init; } = 1;

    /// <summary>Share of the columns that a tree sees, in (0, 1]. Default: 1.</summary>
    public double ColumnSample { get; init; } = 1;

    /// <summary>What is added to a level's sum of second derivatives before levels are put in order, ≥ 0. Default: 10.</summary>
    public double CategorySmoothing { get; init; } = 10;

    /// <summary>Rows of a node that a level needs to be told from the others, ≥ 1. Default: 10.</summary>
    public int MinCategoryRows { get; init; } = 10;

    /// <summary>By column: 1 where predictions may only rise with it, -1 where they may only fall. Default: none.</summary>
    public IReadOnlyDictionary<string, int> MonotonicConstraints { get; init; } = new Dictionary<string, int>();

    /// <summary>Whether rounds end when the loss of held-out rows falls no further. Null (default): where there are more than 10,000 rows.</summary>
    public bool? EarlyStopping { get; init; }

    /// <summary>Share of the rows held out for early stopping, in (0, 1). Default: 0.1.</summary>
    public double ValidationFraction { get; init; } = 0.1;

    /// <summary>Rounds without a fall of the loss that end the fit, ≥ 1. Default: 10.</summary>
    public int NIterNoChange { get; init; } = 10;

    /// <summary>The least fall of the loss that counts, ≥ 0. Default: 1e-7.</summary>
    public double Tol { get; init; } = 1e-7;

    /// <summary>The longest step of a leaf before the learning rate, where the loss is a log loss or Poisson's, &gt; 0. Default: 30.</summary>
    public double MaxLeafStep { get; init; } = 30;

    /// <summary>What the second derivatives of the log loss of more than two classes are multiplied by, &gt; 0. Default: 2.</summary>
    /// <remarks>Twice the diagonal bounds the whole matrix of second derivatives (Gershgorin: the others of a row sum to the diagonal), so that
    /// steps of all classes at once do not go too far. scikit-learn takes 1, XGBoost 2.</remarks>
    public double SoftmaxHessian { get; init; } = 2;

    internal void Validate(string learner)
    {
        Require(learner, MaxIter >= 1, "max_iter", "at least 1", MaxIter);
        Require(learner, LearningRate is > 0 and <= 1, "learning_rate", "in (0, 1]", LearningRate);
        Require(learner, MaxLeafNodes is null or >= 2, "max_leaf_nodes", "at least 2, or none", MaxLeafNodes ?? 0);
        Require(learner, MaxDepth is null or >= 1, "max_depth", "at least 1, or none", MaxDepth ?? 0);
        Require(learner, MinSamplesLeaf >= 0, "min_samples_leaf", "at least 0", MinSamplesLeaf);
        Require(learner, MinSumHessian >= 0, "min_sum_hessian", "at least 0", MinSumHessian);
        Require(learner, MinSplitGain >= 0, "min_split_gain", "at least 0", MinSplitGain);
        Require(learner, L2Regularization >= 0, "l2_regularization", "at least 0", L2Regularization);
        Require(learner, L1Regularization >= 0, "l1_regularization", "at least 0", L1Regularization);
        Require(learner, MaxBins is >= 2 and <= 255, "max_bins", "in 2 … 255", MaxBins);
        Require(learner, Subsample is > 0 and <= 1, "subsample", "in (0, 1]", Subsample);
        Require(learner, ColumnSample is > 0 and <= 1, "colsample", "in (0, 1]", ColumnSample);
        Require(learner, CategorySmoothing >= 0, "cat_smooth", "at least 0", CategorySmoothing);
        Require(learner, MinCategoryRows >= 1, "cat_min_rows", "at least 1", MinCategoryRows);
        Require(learner, ValidationFraction is > 0 and < 1, "validation_fraction", "in (0, 1)", ValidationFraction);
        Require(learner, NIterNoChange >= 1, "n_iter_no_change", "at least 1", NIterNoChange);
        Require(learner, Tol >= 0, "tol", "at least 0", Tol);
        Require(learner, Quantile is > 0 and < 1, "quantile", "in (0, 1)", Quantile);
        Require(learner, Alpha is > 0 and < 1, "alpha", "in (0, 1)", Alpha);
        Require(learner, MaxLeafStep > 0, "max_leaf_step", "above 0", MaxLeafStep);
        Require(learner, SoftmaxHessian > 0, "softmax_hessian", "above 0", SoftmaxHessian);
        foreach (var (column, direction) in MonotonicConstraints)
            Require(learner, direction is >= -1 and <= 1, $"monotonic_cst of '{column}'", "-1, 0 or 1", direction);
    }

    private static void Require(string learner, bool holds, string option, string allowed, double value)
    {
        if (!holds)
            throw new LodeException(ErrorCode.InvalidArgument, $"Option '{option}' of learner '{learner}' must be {allowed}; got {value}.");
    }
}
