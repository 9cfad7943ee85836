using Lode.Core;

namespace Lode.Learning;

/// <summary>Every metric by name. A new metric is one file and one line here.</summary>
public static class MetricCatalog
{
    private static readonly Dictionary<string, Metric> s_metrics = new[]
    {
        LabelMetrics.Accuracy,
        LabelMetrics.BalancedAccuracy,
        ProbabilityMetrics.Brier,
        ProbabilityMetrics.LogLoss,
        RegressionMetrics.MeanAbsoluteError,
        RegressionMetrics.MeanSquaredError,
        RegressionMetrics.R2,
        RocAuc.Metric,
        RegressionMetrics.RootMeanSquaredError,
    }.ToDictionary(metric => metric.Name, StringComparer.Ordinal);

    /// <summary>The names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_metrics.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The metric of a name.</summary>
    /// <exception cref="LodeException">InvalidArgument: there is none; the hint names the nearest.</exception>
    public static Metric Get(string name) => s_metrics.TryGetValue(name, out var metric)
        ? metric
        : throw new LodeException(ErrorCode.InvalidArgument, $"There is no metric '{name}'.", DidYouMean.Hint(name, Names));

    /// <summary>The metrics of a task, by name.</summary>
    public static IReadOnlyList<Metric> For(TaskKind task) => [.. Names.Select(name => s_metrics[name]).Where(metric => metric.Task == task)];

    /// <summary>The metric to choose models by when nobody says: log loss, or the root mean squared error.</summary>
    public static Metric DefaultFor(TaskKind task) =>
        task == TaskKind.Classification ? ProbabilityMetrics.LogLoss : RegressionMetrics.RootMeanSquaredError;
}
