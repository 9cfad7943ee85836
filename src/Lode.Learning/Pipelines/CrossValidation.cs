using Lode.Core;

namespace Lode.Learning;

/// <summary>One fold's scores.</summary>
/// <param name="Index">The fold, from 0.</param>
/// <param name="Count">Folds in all.</param>
/// <param name="TrainRows">Rows fitted on.</param>
/// <param name="TestRows">Rows scored.</param>
/// <param name="Scores">By metric's name.</param>
public sealed record FoldScores(int Index, int Count, int TrainRows, int TestRows, IReadOnlyDictionary<string, double> Scores);

/// <summary>A metric over the folds.</summary>
/// <param name="Metric">Which.</param>
/// <param name="Folds">One score a fold that was run.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="StandardError">Their sample standard deviation divided by the root of their number; NaN for a single fold.
/// Training sets overlap, so it is rather too small.</param>
public sealed record MetricSummary(Metric Metric, IReadOnlyList<double> Folds, double Mean, double StandardError);

/// <summary>What cross-validation found.</summary>
/// <param name="Folds">The folds that were run, in order.</param>
/// <param name="Metrics">A summary of each metric, in the order asked for.</param>
/// <param name="OutOfFold">A prediction of every row by pipelines that had not seen it, their mean where it was tested more than once;
/// NaN for rows of folds not run and, for a splitter that does not cover all rows, rows never tested.</param>
/// <param name="Stopped">Whether the callback ended it early.</param>
public sealed record CrossValidationResult(
    IReadOnlyList<FoldScores> Folds, IReadOnlyList<MetricSummary> Metrics, Predictions OutOfFold, bool Stopped)
{
    /// <summary>The summary of a metric.</summary>
    /// <exception cref="LodeException">InvalidArgument: it was not asked for.</exception>
    public MetricSummary this[string metric] => Metrics.FirstOrDefault(summary => summary.Metric.Name == metric)
        ?? throw new LodeException(ErrorCode.InvalidArgument, $"Metric '{metric}' was not computed.",
            DidYouMean.Hint(metric, Metrics.Select(summary => summary.Metric.Name)));
}

/// <summary>Fits a pipeline on each split's training rows and scores it on its test rows.</summary>
public static class CrossValidation
{
    /// <summary>Runs the folds one after the other.</summary>
    /// <param name="pipeline">Fitted anew for each fold.</param>
    /// <param name="dataset">All rows. Its weights count in the fits and in the scores.</param>
    /// <param name="splitter">Parts them.</param>
    /// <param name="metrics">At least one, of the target's task.</param>
    /// <param name="seed">Decides the splits and all fits.</param>
    /// <param name="onFold">Called after each fold; returning false stops.</param>
    /// <param name="threads">At most so many threads, ≥ 1; 0: one a processor. Changes no result.</param>
    /// <param name="cancellation">Looked at between folds and within fits.</param>
    /// <exception cref="LodeException">InvalidArgument: no metric, one of the other task, or a split or fit that is refused.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static CrossValidationResult Run(Pipeline pipeline, Dataset dataset, ISplitter splitter, IReadOnlyList<Metric> metrics, ulong seed,
        Func<FoldScores, bool>? onFold = null, int threads = 0, CancellationToken cancellation = default)
    {
        if (metrics.Count == 0)
            throw new LodeException(ErrorCode.InvalidArgument, "Cross-validation needs at least one metric.");
        // Asked of all rows at once, so that the message names the row as the table has it.
        ColumnMap.RequireFinite(dataset.Features);
        var streams = new Rng(seed);
        var splits = splitter.Split(dataset, streams.DeriveSeed(0));
        var outputs = Math.Max(1, dataset.Target.Classes.Count + pipeline.Quantiles.Count);
        var outOfFold = new double[dataset.Rows * outputs];
        var tested = new int[dataset.Rows];
        var folds = new List<FoldScores>(splits.Count);
        var go = true;
        for (var fold = 0; fold < splits.Count && go; fold++)
        {
            var (train, test) = (dataset.Select(splits[fold].Train), dataset.Select(splits[fold].Test));
            var fitted = pipeline.Fit(train, streams.DeriveSeed((ulong)fold + 1), threads, cancellation);
            var predicted = fitted.Predict(test.Features, threads);
            for (var i = 0; i < test.Rows; i++)
            {
                tested[splits[fold].Test[i]]++;
                Vectors.AddScaled(1, predicted.Row(i), outOfFold.AsSpan(splits[fold].Test[i] * outputs, outputs));
            }
            var scores = new Dictionary<string, double>(StringComparer.Ordinal);
            foreach (var metric in metrics)
                scores[metric.Name] = metric.Score(test.Target, predicted, test.Weights);
            folds.Add(new FoldScores(fold, splits.Count, train.Rows, test.Rows, scores));
            go = onFold?.Invoke(folds[^1]) ?? true;
        }
        for (var i = 0; i < outOfFold.Length; i++)
            outOfFold[i] = tested[i / outputs] == 0 ? double.NaN : outOfFold[i] / tested[i / outputs];
        return new CrossValidationResult(folds, [.. metrics.Select(metric => Summarise(metric, folds))],
            pipeline.Quantiles.Count > 0 ? new Predictions(outOfFold, [.. pipeline.Quantiles.Select(quantile => quantile.Level)]) : new Predictions(outOfFold, dataset.Target.Classes), Stopped: folds.Count < splits.Count);
    }

    private static MetricSummary Summarise(Metric metric, List<FoldScores> folds)
    {
        double[] scores = [.. folds.Select(fold => fold.Scores[metric.Name])];
        var mean = scores.Average();
        var variance = scores.Sum(score => (score - mean) * (score - mean)) / (scores.Length - 1);
        return new MetricSummary(metric, scores, mean, Math.Sqrt(variance / scores.Length));
    }
}
