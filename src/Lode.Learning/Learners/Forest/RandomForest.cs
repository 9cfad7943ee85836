using Lode.Core;

namespace Lode.Learning;

/// <summary>The mean of many trees, each grown on a bootstrap sample with few features to choose from at each split.</summary>
/// <remarks>Breiman, "Random forests" (Machine Learning 45, 2001); trees as in Breiman et al., Classification and Regression Trees (1984).
/// Class probabilities are the trees' mean of the leaf's class shares, as in scikit-learn. Tree t draws from
/// <c>rng.Child(t)</c>, so the number of threads changes no bit (tests: <c>Fit_AnyNumberOfThreads_GivesTheSameBits</c>).</remarks>
public sealed class RandomForest : ILearner
{
    private readonly RandomForestOptions _options;

    /// <param name="options">Null: the defaults.</param>
    /// <param name="name">Which entry of the catalogue it is.</param>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range.</exception>
    public RandomForest(RandomForestOptions? options = null, string name = "random_forest")
    {
        (_options, Name) = (options ?? new RandomForestOptions(), name);
        _options.Validate(name);
    }

    /// <summary>Extra trees: thresholds are drawn, and each tree sees all rows.</summary>
    public static RandomForestOptions ExtraTrees { get; } = new() { DrawThresholds = true, Bootstrap = false };

    /// <summary>One tree of all rows and all features.</summary>
    public static RandomForestOptions SingleTree { get; } = new() { NEstimators = 1, Bootstrap = false, MaxFeatures = MaxFeatures.All };

    internal static RandomForest Create(ParameterReader read) => new(Read(read, new RandomForestOptions()));

    internal static RandomForest CreateExtraTrees(ParameterReader read) => new(Read(read, ExtraTrees), "extra_trees");

    internal static RandomForest CreateTree(ParameterReader read) => new(Read(read, SingleTree), "decision_tree");

    private static RandomForestOptions Read(ParameterReader read, RandomForestOptions usual)
    {
        var single = usual.NEstimators == 1;
        return usual with
        {
            NEstimators = single ? 1 : read.Int32("n_estimators", usual.NEstimators),
            Criterion = read.Find("criterion") switch
            {
                null => null,
                "gini" => SplitCriterion.Gini,
                "entropy" => SplitCriterion.Entropy,
                "squared_error" => SplitCriterion.SquaredError,
                var other => throw read.Bad("criterion", "gini, entropy or squared_error", other),
            },
            MaxDepth = read.Int32OrNull("max_depth"),
            MinSamplesSplit = read.Int32("min_samples_split", usual.MinSamplesSplit),
            MinSamplesLeaf = read.Int32("min_samples_leaf", usual.MinSamplesLeaf),
            MaxFeatures = Learning.MaxFeatures.Read(read) ?? usual.MaxFeatures,
            Bootstrap = !single && read.Boolean("bootstrap", usual.Bootstrap),
            MaxSamples = single ? 1 : read.Double("max_samples", usual.MaxSamples),
            CcpAlpha = read.Double("ccp_alpha", usual.CcpAlpha),
            BalanceClasses = read.Find("class_weight") switch
            {
                null or "none" => false,
                "balanced" => true,
                var other => throw read.Bad("class_weight", "balanced or none", other),
            },
        };
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool Supports(TaskKind task) => _options.Criterion is null || (_options.Criterion == SplitCriterion.SquaredError) == (task == TaskKind.Regression);

    /// <inheritdoc/>
    // With the bootstrap, rows that a tree did not see lie between the rows it saw, where an increasing function moves the middle.
    public LearnerTags Tags => new()
    {
        Missing = true,
        MonotoneInvariant = !_options.Bootstrap && !_options.DrawThresholds,
        Deterministic = _options is { Bootstrap: false, DrawThresholds: false } && _options.MaxFeatures == MaxFeatures.All,
    };

    /// <inheritdoc/>
    IModel ILearner.Fit(TrainingData data, FitContext context) => Fit(data, context);

    /// <summary>Grows the trees.</summary>
    /// <param name="data">Of a task that the criterion is for; numbers, which may be missing.</param>
    /// <param name="context">Cancellation is looked at once a tree.</param>
    /// <exception cref="LodeException">InvalidArgument: the data are not such as it takes.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public ForestModel Fit(TrainingData data, FitContext context)
    {
        data.RequireFor(this);
        return Fit(data, Rank(data, context), context);
    }

    /// <inheritdoc cref="Reweighing.FitsOf"/>
    internal Func<double[], FitContext, IModel> PrepareFits(TrainingData data, FitContext context)
    {
        data.RequireFor(this);
        var ranked = Rank(data, context);
        return (weights, each) => Fit(new TrainingData(data.Features, data.Target, weights), ranked, each);
    }

    private TreeLimits Limits(TrainingData data) => new(_options.MaxDepth ?? int.MaxValue, _options.MinSamplesSplit, _options.MinSamplesLeaf,
        (_options.MaxFeatures ?? (data.Target.Task == TaskKind.Regression ? MaxFeatures.All : MaxFeatures.Sqrt)).Resolve(Math.Max(1, data.Features.Columns)), _options.DrawThresholds, _options.CcpAlpha);

    private RankedFeatures Rank(TrainingData data, FitContext context) => _options.DrawThresholds
        ? RankedFeatures.OfNumbers(data.Features, context.Parallel, NearRows.CapacityOf(data.Features.Rows, data.Features.Columns, Limits(data)) > 0)
        : RankedFeatures.Of(data.Features, context.Parallel);

    private ForestModel Fit(TrainingData data, RankedFeatures ranked, FitContext context) =>
        (_options.Criterion ?? (data.Target.Task == TaskKind.Regression ? SplitCriterion.SquaredError : SplitCriterion.Gini)) switch
        {
            SplitCriterion.Gini => Fit(data, ranked, () => new GiniCriterion(data), context),
            SplitCriterion.Entropy => Fit(data, ranked, () => new EntropyCriterion(data), context),
            _ => Fit(data, ranked, () => new SquaredErrorCriterion(data), context),
        };

    private ForestModel Fit<TCriterion>(TrainingData data, RankedFeatures ranked, Func<TCriterion> criterion, FitContext context)
        where TCriterion : struct, ICriterion
    {
        var limits = Limits(data);
        var classWeights = _options.BalanceClasses && data.Target.Task == TaskKind.Classification ? ClassWeights(data) : [];
        var trees = new Tree[_options.NEstimators];
        Parallel.For(0, trees.Length, context.Parallel, () => new TreeGrower<TCriterion>(ranked, criterion(), limits), (tree, _, grower) =>
        {
            var stream = context.Rng.Child((ulong)tree);
            DrawWeights(data, classWeights, grower.Weights, stream);
            trees[tree] = grower.Grow(stream);
            return grower;
        }, _ => { });
        return new ForestModel(trees, data.Features.Columns, Math.Max(1, data.Target.Classes.Count));
    }

    /// <summary>How often each row is drawn, times its weight; 0: the tree does not see it.</summary>
    private void DrawWeights(TrainingData data, double[] classWeights, Span<double> weights, Rng rng)
    {
        weights.Fill(_options.Bootstrap ? 0 : 1);
        var draws = _options.Bootstrap ? Math.Max(1, (int)Math.Round(_options.MaxSamples * weights.Length)) : 0;
        for (var draw = 0; draw < draws; draw++)
            weights[rng.NextInt32(weights.Length)]++;
        for (var row = 0; row < weights.Length && classWeights.Length > 0; row++)
            weights[row] *= classWeights[data.Target.Labels[row]];
        for (var row = 0; row < data.Weights.Length; row++)
            weights[row] *= data.Weights[row];
    }

    private static double[] ClassWeights(TrainingData data)
    {
        var sums = new double[data.Target.Classes.Count];
        var total = 0.0;
        for (var row = 0; row < data.Target.Rows; row++)
        {
            sums[data.Target.Labels[row]] += data.Weight(row);
            total += data.Weight(row);
        }
        var present = sums.Count(sum => sum > 0);
        foreach (ref var sum in sums.AsSpan())
            sum = sum > 0 ? total / (present * sum) : 1;
        return sums;
    }
}
