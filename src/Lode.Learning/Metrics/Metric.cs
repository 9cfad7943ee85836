using Lode.Core;

namespace Lode.Learning;

/// <summary>What a metric computes.</summary>
/// <param name="truth">What was so.</param>
/// <param name="predicted">What was said of the same rows.</param>
/// <param name="weights">How much each row counts, shape [rows]; empty: each 1.</param>
internal delegate double MetricFunction(Target truth, Predictions predicted, ReadOnlySpan<double> weights);

/// <summary>A score of predictions, with its direction. Pure and thread-safe.</summary>
public sealed class Metric
{
    private readonly MetricFunction _compute;

    internal Metric(string name, TaskKind task, bool higherIsBetter, MetricFunction compute) =>
        (Name, Task, HigherIsBetter, _compute) = (name, task, higherIsBetter, compute);

    /// <summary>Its name in the <see cref="MetricCatalog"/>.</summary>
    public string Name { get; }

    /// <summary>The task whose predictions it scores.</summary>
    public TaskKind Task { get; }

    /// <summary>Whether larger scores are better.</summary>
    public bool HigherIsBetter { get; }

    /// <summary>Whether it scores quantiles; others score single numbers or classes.</summary>
    public bool TakesQuantiles { get; internal init; }

    /// <summary>The score.</summary>
    /// <param name="truth">At least one row.</param>
    /// <param name="predicted">Predictions of the same rows, with the same classes.</param>
    /// <param name="weights">How much each row counts, shape [rows], at least 0, not all 0; empty: each 1.</param>
    /// <returns>NaN where the score is not defined for these rows, as the area under the curve of one class.</returns>
    /// <exception cref="LodeException">InvalidArgument: the metric is for the other task.</exception>
    /// <exception cref="ArgumentException">The shapes disagree.</exception>
    public double Score(Target truth, Predictions predicted, ReadOnlySpan<double> weights = default)
    {
        if (truth.Task != Task)
        {
            throw new LodeException(ErrorCode.InvalidArgument,
                $"Metric '{Name}' is for {Task.ToString().ToLowerInvariant()}; the target '{truth.Name}' is for {truth.Task.ToString().ToLowerInvariant()}.",
                $"Use one of: {string.Join(", ", MetricCatalog.For(truth.Task).Select(metric => metric.Name))}.");
        }
        if (predicted.Quantiles.Count > 0 && !TakesQuantiles)
            throw new LodeException(ErrorCode.InvalidArgument, $"Metric '{Name}' scores single predictions, not quantiles.", "Use pinball_loss.");
        if (truth.Rows == 0 || predicted.Rows != truth.Rows || predicted.Classes.Count != truth.Classes.Count || (weights.Length > 0 && weights.Length != truth.Rows))
        {
            throw new ArgumentException(
                $"{truth.Rows} rows of {truth.Classes.Count} classes, {predicted.Rows} predictions of {predicted.Classes.Count} and {weights.Length} weights do not fit.");
        }
        return _compute(truth, predicted, weights);
    }
}
