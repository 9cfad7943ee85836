using Lode.Core;

namespace Lode.Learning;

/// <summary>Every learner by name. A new learner is one file and one line here.</summary>
public static class LearnerCatalog
{
    private static readonly Dictionary<string, Func<ParameterReader, ILearner>> s_learners = new(StringComparer.Ordinal)
    {
        ["ada_boost"] = AdaBoost.Create,
        ["bagging"] = Bagging.Create,
        ["bayesian_ridge"] = BayesianRidge.Create,
        ["decision_tree"] = RandomForest.CreateTree,
        ["dummy"] = Dummy.Create,
        ["elastic_net"] = ElasticNet.Create,
        ["extra_trees"] = RandomForest.CreateExtraTrees,
        ["hist_gb"] = BoostingParameters.HistGradientBoosting,
        ["huber"] = HuberRegression.Create,
        ["lasso"] = ElasticNet.CreateLasso,
        ["linear"] = LinearRegression.Create,
        ["logistic"] = LogisticRegression.Create,
        ["poisson"] = PoissonRegression.Create,
        ["quantile"] = QuantileRegression.Create,
        ["random_forest"] = RandomForest.Create,
        ["ridge"] = Ridge.Create,
        ["ridge_cv"] = RidgeCv.Create,
        ["voting"] = Voting.Create,
        ["xgb"] = BoostingParameters.XgBoost,
    };

    private static readonly Dictionary<string, object?> s_none = [];

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_learners.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A learner with options.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">Options under their scikit-learn names (<c>max_depth</c>): numbers, texts or booleans; null values and
    /// names that are not given mean the default.</param>
    /// <exception cref="LodeException">InvalidArgument: no such learner, no such option, or a value out of range.</exception>
    public static ILearner Create(string name, IReadOnlyDictionary<string, object?>? parameters = null)
    {
        if (!s_learners.TryGetValue(name, out var create))
            throw new LodeException(ErrorCode.InvalidArgument, $"There is no learner '{name}'.", DidYouMean.Hint(name, Names));
        var reader = new ParameterReader(name, parameters ?? s_none);
        var learner = create(reader);
        reader.RequireAllKnown();
        return learner;
    }
}
