using Lode.Core;

namespace Lode.Learning;

/// <summary>Every metric by name. A new metric is one file and one line here.</summary>
public static class MetricCatalog
{
    private static readonly Dictionary<string, Func<string, ParameterReader, Metric>> s_metrics = new(StringComparer.Ordinal)
    {
        ["accuracy"] = (_, _) => LabelMetrics.Accuracy,
        ["average_precision"] = (_, _) => RankingMetrics.AveragePrecision,
        ["balanced_accuracy"] = (_, _) => LabelMetrics.BalancedAccuracy,
        ["brier"] = (_, _) => ProbabilityMetrics.Brier,
        ["cohen_kappa"] = (_, _) => LabelMetrics.Kappa,
        ["explained_variance"] = (_, _) => RegressionMetrics.ExplainedVariance,
        ["huber"] = (name, read) => RegressionMetrics.Huber(name, Positive(read, "delta", 1)),
        ["kendall_tau"] = (_, _) => CorrelationMetrics.Kendall,
        ["log_loss"] = (_, _) => ProbabilityMetrics.LogLoss,
        ["mae"] = (_, _) => RegressionMetrics.MeanAbsoluteError,
        ["mape"] = (_, _) => RegressionMetrics.MeanAbsolutePercentageError,
        ["max_error"] = (_, _) => RegressionMetrics.MaxError,
        ["mcc"] = (_, _) => LabelMetrics.Matthews,
        ["median_absolute_error"] = (_, _) => RegressionMetrics.MedianAbsoluteError,
        ["mse"] = (_, _) => RegressionMetrics.MeanSquaredError,
        ["msle"] = (_, _) => RegressionMetrics.MeanSquaredLogError,
        ["pearson"] = (_, _) => CorrelationMetrics.Pearson,
        ["pinball"] = (name, read) => RegressionMetrics.Pinball(name, Share(read, "alpha", 0.5)),
        ["pinball_loss"] = (_, _) => RegressionMetrics.PinballLoss,
        ["poisson_deviance"] = (_, _) => RegressionMetrics.PoissonDeviance,
        ["r2"] = (_, _) => RegressionMetrics.R2,
        ["rmse"] = (_, _) => RegressionMetrics.RootMeanSquaredError,
        ["rmsle"] = (_, _) => RegressionMetrics.RootMeanSquaredLogError,
        ["roc_auc"] = (_, _) => RankingMetrics.RocAuc,
        ["roc_auc_ovo"] = (_, _) => RankingMetrics.RocAucOneVersusOne,
        ["roc_auc_ovr_weighted"] = (_, _) => RankingMetrics.RocAucWeighted,
        ["spearman"] = (_, _) => CorrelationMetrics.Spearman,
        ["top_k_accuracy"] = (name, read) => LabelMetrics.TopK(name, Count(read, "k", 2)),
    };

    private static readonly Dictionary<string, Metric> s_plain;

    static MetricCatalog()
    {
        foreach (var averaging in Enum.GetValues<Averaging>())
        {
            var end = averaging == Averaging.Binary ? "" : $"_{averaging.ToString().ToLowerInvariant()}";
            s_metrics[$"f1{end}"] = (name, _) => LabelMetrics.FBeta(name, averaging, 1);
            s_metrics[$"fbeta{end}"] = (name, read) => LabelMetrics.FBeta(name, averaging, Positive(read, "beta", 2));
            s_metrics[$"jaccard{end}"] = (name, _) => LabelMetrics.Jaccard(name, averaging);
            s_metrics[$"precision{end}"] = (name, _) => LabelMetrics.Precision(name, averaging);
            s_metrics[$"recall{end}"] = (name, _) => LabelMetrics.Recall(name, averaging);
        }
        Names = [.. s_metrics.Keys.Order(StringComparer.Ordinal)];
        s_plain = Names.ToDictionary(name => name, name => Create(name, name, []), StringComparer.Ordinal);
    }

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; }

    /// <summary>The metric of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>; where the metric has parameters, <c>name:parameter=value</c>, several apart by commas:
    /// <c>fbeta:beta=2</c>, <c>pinball:alpha=0.9</c>, <c>huber:delta=1</c>, <c>top_k_accuracy:k=3</c>.</param>
    /// <exception cref="LodeException">InvalidArgument: there is none (the hint names the nearest), or a parameter is unknown or out of range.</exception>
    public static Metric Get(string name)
    {
        if (s_plain.TryGetValue(name, out var metric))
            return metric;
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var plain = colon < 0 ? name : name[..colon];
        if (!s_metrics.ContainsKey(plain))
            throw new LodeException(ErrorCode.InvalidArgument, $"There is no metric '{plain}'.", DidYouMean.Hint(plain, Names));
        var parameters = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var part in name[(colon + 1)..].Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !parameters.TryAdd(part[..equals], part[(equals + 1)..]))
                throw new LodeException(ErrorCode.InvalidArgument, $"'{name}' is no metric with parameters.", "They are written name:parameter=value, such as fbeta:beta=2.");
        }
        return Create(plain, name, parameters);
    }

    /// <summary>The metrics of a task, by name.</summary>
    public static IReadOnlyList<Metric> For(TaskKind task) => [.. Names.Select(name => s_plain[name]).Where(metric => metric.Task == task)];

    /// <summary>The metric to choose models by when nobody says: log loss, or the root mean squared error.</summary>
    public static Metric DefaultFor(TaskKind task) =>
        task == TaskKind.Classification ? ProbabilityMetrics.LogLoss : RegressionMetrics.RootMeanSquaredError;

    private static Metric Create(string plain, string name, Dictionary<string, object?> parameters)
    {
        var reader = new ParameterReader(plain, parameters, "metric");
        var metric = s_metrics[plain](name, reader);
        reader.RequireAllKnown();
        return metric;
    }

    private static double Positive(ParameterReader read, string name, double usual) =>
        read.Double(name, usual) is var value && value > 0 && double.IsFinite(value) ? value : throw read.Bad(name, "a number above 0", value);

    private static double Share(ParameterReader read, string name, double usual) =>
        read.Double(name, usual) is var value && value > 0 && value < 1 ? value : throw read.Bad(name, "a number between 0 and 1", value);

    private static int Count(ParameterReader read, string name, int usual) =>
        read.Int32(name, usual) is var value && value >= 1 ? value : throw read.Bad(name, "a whole number of at least 1", value);
}
