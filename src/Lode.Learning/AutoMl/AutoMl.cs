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
        if (options.Quantiles is not null && data.Target.Task != TaskKind.Regression)
            throw new LodeException(ErrorCode.InvalidArgument, $"Quantiles are of numbers; the target '{data.Target.Name}' has {data.Target.Classes.Count} classes.", "Say that the task is regression, or leave the quantiles out.");
        var metric = options.Quantiles is not null ? RegressionMetrics.PinballLoss : options.Metric is { } name ? MetricCatalog.Get(name) : MetricCatalog.DefaultFor(data.Target.Task);
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
        return options.Nested is null ? Search(data, metric, options, observer, time ?? TimeProvider.System, cancellation) : Nested(data, metric, options, observer, time ?? TimeProvider.System, cancellation);
    }

    private static AutoMlResult Search(Dataset data, Metric metric, AutoMlOptions options, IAutoMlObserver? observer, TimeProvider time, CancellationToken cancellation)
    {
        using var search = new AutoMlSearch(data, metric, options, observer, time, cancellation);
        return search.Run();
    }

    /// <summary>The search on all rows comes first, so that there is a winner whatever happens to the outer folds.</summary>
    private static AutoMlResult Nested(Dataset data, Metric metric, AutoMlOptions options, IAutoMlObserver? observer, TimeProvider time, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        double Elapsed() => time.GetElapsedTime(start).TotalSeconds;
        // Seen before anything is searched: groups or rows may be too few for so many folds.
        AutoMlSearch.SplitterFor(data, options.Nested!.Value).Split(data, options.Seed);
        var (bound, whole) = (options.Trials is null, options.Budget?.TotalSeconds ?? 0);
        var found = Search(data, metric, options with { Nested = null, Budget = bound ? TimeSpan.FromSeconds(whole / (options.Nested.Value + 1)) : null }, observer, time, cancellation);
        var (score, times) = NestedCrossValidation.Run(data, metric, options, () => bound ? whole - found.AfterSeconds - Elapsed() : double.PositiveInfinity, observer, time, cancellation);
        return found with
        {
            Nested = score,
            Times = found.Times.Add(times),
            Seconds = Elapsed(),
            Stopped = cancellation.IsCancellationRequested ? "interrupted" : found.Stopped,
            Notes = score.Folds.Count == score.Asked ? found.Notes : [.. found.Notes, $"Of the {score.Asked} outer folds of nested cross-validation, {score.Folds.Count} were run to their end."],
        };
    }

    /// <summary>As <see cref="Fit"/>, on a thread of its own.</summary>
    /// <inheritdoc cref="Fit"/>
    public static Task<AutoMlResult> FitAsync(Dataset data, AutoMlOptions? options = null, IAutoMlObserver? observer = null, TimeProvider? time = null, CancellationToken cancellation = default) =>
        Task.Factory.StartNew(() => Fit(data, options, observer, time, cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
