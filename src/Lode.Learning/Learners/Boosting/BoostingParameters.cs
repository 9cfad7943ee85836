using System.Globalization;

namespace Lode.Learning;

/// <summary>Reads boosting's options under scikit-learn's names, or XGBoost's.</summary>
internal static class BoostingParameters
{
    public static GradientBoosting HistGradientBoosting(ParameterReader read)
    {
        var usual = new BoostingOptions();
        return new GradientBoosting(Sampling(read, "colsample", usual with
        {
            Loss = ReadLoss(read),
            Quantile = read.Double("quantile", usual.Quantile),
            Alpha = read.Double("alpha", usual.Alpha),
            MaxIter = read.Int32("max_iter", usual.MaxIter),
            LearningRate = read.Double("learning_rate", usual.LearningRate),
            MaxLeafNodes = read.Find("max_leaf_nodes") is "none" ? null : read.Int32OrNull("max_leaf_nodes") ?? usual.MaxLeafNodes,
            MaxDepth = read.Int32OrNull("max_depth"),
            DepthFirst = read.Boolean("depth_first", usual.DepthFirst),
            MinSamplesLeaf = read.Int32("min_samples_leaf", usual.MinSamplesLeaf),
            MinSumHessian = read.Double("min_sum_hessian", usual.MinSumHessian),
            MinSplitGain = read.Double("min_split_gain", usual.MinSplitGain),
            L2Regularization = read.Double("l2_regularization", usual.L2Regularization),
            L1Regularization = read.Double("l1_regularization", usual.L1Regularization),
            MaxBins = read.Int32("max_bins", usual.MaxBins),
            EarlyStopping = read.Find("early_stopping") is null or "auto" ? null : read.Boolean("early_stopping", false),
            ValidationFraction = read.Double("validation_fraction", usual.ValidationFraction),
            NIterNoChange = read.Int32("n_iter_no_change", usual.NIterNoChange),
            Tol = read.Double("tol", usual.Tol),
        }));
    }

    public static GradientBoosting XgBoost(ParameterReader read)
    {
        var usual = GradientBoosting.XgBoostDefaults;
        if (read.Find("tree_method") is { } method and not ("hist" or "auto"))
            throw read.Bad("tree_method", "hist", method);
        var leaves = read.Int32("max_leaves", 0);
        var depth = read.Int32("max_depth", usual.MaxDepth ?? 0);
        return new GradientBoosting(Sampling(read, "colsample_bytree", usual with
        {
            Loss = ReadLoss(read),
            MaxIter = read.Int32("n_estimators", usual.MaxIter),
            LearningRate = read.Double("learning_rate", usual.LearningRate),
            MaxLeafNodes = leaves == 0 ? null : leaves,
            MaxDepth = depth == 0 ? null : depth,
            DepthFirst = read.Find("grow_policy") switch
            {
                null or "depthwise" => true,
                "lossguide" => false,
                var other => throw read.Bad("grow_policy", "depthwise or lossguide", other),
            },
            MinSumHessian = read.Double("min_child_weight", usual.MinSumHessian),
            MinSplitGain = read.Double("gamma", usual.MinSplitGain),
            L2Regularization = read.Double("reg_lambda", usual.L2Regularization),
            L1Regularization = read.Double("reg_alpha", usual.L1Regularization),
            // XGBoost counts to 256; a byte must also hold the missing value.
            MaxBins = Math.Min(255, read.Int32("max_bin", 256)),
        }), "xgb");
    }

    private static BoostingOptions Sampling(ParameterReader read, string columns, BoostingOptions options) => options with
    {
        Subsample = read.Double("subsample", options.Subsample),
        ColumnSample = read.Double(columns, options.ColumnSample),
        CategorySmoothing = read.Double("cat_smooth", options.CategorySmoothing),
        MinCategoryRows = read.Int32("cat_min_rows", options.MinCategoryRows),
        MonotonicConstraints = ReadConstraints(read),
        MaxLeafStep = read.Double("max_leaf_step", options.MaxLeafStep),
        SoftmaxHessian = read.Double("softmax_hessian", options.SoftmaxHessian),
    };

    private static BoostingLoss? ReadLoss(ParameterReader read) => read.Find("loss") switch
    {
        null => null,
        "log_loss" => BoostingLoss.LogLoss,
        "squared_error" => BoostingLoss.SquaredError,
        "absolute_error" => BoostingLoss.AbsoluteError,
        "quantile" => BoostingLoss.Quantile,
        "huber" => BoostingLoss.Huber,
        "poisson" => BoostingLoss.Poisson,
        var other => throw read.Bad("loss", "log_loss, squared_error, absolute_error, quantile, huber or poisson", other),
    };

    /// <summary>A dictionary by column, or a text such as <c>age:1,price:-1</c>.</summary>
    private static Dictionary<string, int> ReadConstraints(ParameterReader read)
    {
        const string allowed = "-1, 0 or 1 by column, as in age:1,price:-1";
        var constraints = new Dictionary<string, int>(StringComparer.Ordinal);
        switch (read.Find("monotonic_cst"))
        {
            case null:
                break;
            case IReadOnlyDictionary<string, int> given:
                foreach (var (column, direction) in given)
                    constraints[column] = direction;
                break;
            case IReadOnlyDictionary<string, object?> given:
                foreach (var (column, direction) in given)
                    constraints[column] = Convert.ToInt32(direction, CultureInfo.InvariantCulture);
                break;
            case string text:
                foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                {
                    var colon = part.LastIndexOf(':');
                    if (colon < 1 || !int.TryParse(part.AsSpan(colon + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var direction))
                        throw read.Bad("monotonic_cst", allowed, text);
                    constraints[part[..colon]] = direction;
                }
                break;
            case var other:
                throw read.Bad("monotonic_cst", allowed, other);
        }
        return constraints;
    }
}
