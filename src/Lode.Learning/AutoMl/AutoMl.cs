using Lode.Core;

namespace Lode.Learning;

/// <summary>
/// Finds the best model for a table: baselines, a portfolio of settings known to be good, then a search that shares its time among model
/// families by what each may still gain; all scored by cross-validation on the same folds, and put together by their out-of-fold predictions.
/// </summary>
/// <remarks>Methods and sources: docs/automl.md. The search is deterministic where <see cref="AutoMlOptions.Trials"/> bounds it; where time
/// does, the clock decides how much is tried.</remarks>
public static class AutoMl
{
    /// <summary>Searches until the budget is used up, then makes the winner.</summary>
    /// <param name="data">The training rows. Rows to judge the winner by should not be among them.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="observer">Told what happens; null: nobody.</param>
    /// <param name="time">The clock of the budget; null: the system's.</param>
    /// <param name="cancellation">Ends the search early: the best so far is still made and returned.</param>
    /// <returns>A model that predicts, whatever happened: at worst the classes' shares or the mean.</returns>
    /// <exception cref="LodeException">InvalidArgument: an option is out of range, or the data cannot be learned from.</exception>
    public static AutoMlResult Fit(Dataset data, AutoMlOptions? options = null, IAutoMlObserver? observer = null, TimeProvider? time = null, CancellationToken cancellation = default)
    {
        options ??= new AutoMlOptions();
        options.Validate();
        var metric = options.Metric is { } name ? MetricCatalog.Get(name) : MetricCatalog.DefaultFor(data.Target.Task);
        if (metric.Task != data.Target.Task)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"Metric '{metric.Name}' is not for {data.Target.Task.ToString().ToLowerInvariant()}, which the target '{data.Target.Name}' asks for.",
                $"Use one of: {string.Join(", ", MetricCatalog.For(data.Target.Task).Select(other => other.Name))}.");
        }
        if (options.Threshold is not null && data.Target.Classes.Count != 2)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"A threshold lies between two classes; the target '{data.Target.Name}' has {(data.Target.Task == TaskKind.Regression ? "numbers" : $"{data.Target.Classes.Count} classes")}.",
                "Leave the threshold out.");
        }
        if (data.Rows < 4)
            throw new LodeException(ErrorCode.InvalidArgument, $"AutoML needs at least 4 rows; got {data.Rows}.");
        ColumnMap.RequireFinite(data.Features);
        using var search = new AutoMlSearch(data, metric, options, observer, time ?? TimeProvider.System, cancellation);
        return search.Run();
    }

    /// <summary>As <see cref="Fit"/>, on a thread of its own.</summary>
    /// <inheritdoc cref="Fit"/>
    public static Task<AutoMlResult> FitAsync(Dataset data, AutoMlOptions? options = null, IAutoMlObserver? observer = null, TimeProvider? time = null, CancellationToken cancellation = default) =>
        Task.Factory.StartNew(() => Fit(data, options, observer, time, cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
