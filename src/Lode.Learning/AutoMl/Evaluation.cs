using Lode.Core;

namespace Lode.Learning;

/// <summary>What cross-validation of one pipeline gave.</summary>
internal sealed class Evaluation
{
    /// <summary>Shape [rows, outputs]; NaN for rows that no fold tested.</summary>
    public required double[] OutOfFold { get; init; }

    /// <summary>One a fold.</summary>
    public required IPredictor[] Models { get; init; }

    /// <summary>Losses (lower is better) of the folds.</summary>
    public required double[] FoldLosses { get; init; }

    /// <summary>Summed over the folds.</summary>
    public required double FitSeconds { get; init; }

    /// <summary>Summed over the folds; together they predict every tested row once.</summary>
    public required double PredictSeconds { get; init; }

    /// <summary>By the clock, in fits and predictions of the folds, of which several may have gone on at once.</summary>
    public required double Seconds { get; init; }

    /// <summary>What was found by stopping early, if asked.</summary>
    public int? Iterations { get; init; }

    /// <summary>Whether the first fold was so bad that the others were not run.</summary>
    public bool Stopped { get; init; }
}

/// <summary>Fits pipelines on the same folds.</summary>
/// <param name="data">All training rows.</param>
/// <param name="splits">The folds.</param>
/// <param name="metric">What folds are scored by.</param>
/// <param name="threads">At most so many, ≥ 1.</param>
/// <param name="time">For the seconds.</param>
/// <param name="quantiles">Levels of quantiles that pipelines say; empty: classes or single numbers.</param>
internal sealed class Evaluator(Dataset data, IReadOnlyList<Split> splits, Metric metric, int threads, TimeProvider time, IReadOnlyList<double> quantiles)
{
    // Folds' rows are kept while all together are small; else cut out anew each time.
    private const long KeepBytes = 256L << 20;

    private readonly Dataset?[] _train = new Dataset?[splits.Count];
    private readonly Dataset?[] _test = new Dataset?[splits.Count];
    private readonly bool _keep = (long)data.Rows * (data.Features.Columns.Count + 1) * 8 * splits.Count < KeepBytes;

    public Dataset Data => data;

    public IReadOnlyList<Split> Splits => splits;

    public Metric Metric => metric;

    public int Threads => threads;

    public IReadOnlyList<double> Quantiles => quantiles;

    /// <summary>Numbers that a pipeline says of a row.</summary>
    public int Outputs => Math.Max(1, data.Target.Classes.Count + quantiles.Count);

    /// <summary>Numbers as predictions.</summary>
    /// <param name="values">Shape [rows, outputs].</param>
    public Predictions Say(double[] values) => quantiles.Count > 0 ? new Predictions(values, quantiles) : new Predictions(values, data.Target.Classes);

    public TimeProvider Time => time;

    /// <summary>Rows that some fold tests.</summary>
    public int[] Tested { get; } = [.. splits.SelectMany(split => split.Test).Distinct().Order()];

    /// <summary>Runs the first fold, asks whether to go on, and runs the others side by side.</summary>
    /// <param name="build">The pipeline; given a number of iterations where early stopping found it.</param>
    /// <param name="findIterations">Whether to find the number of iterations on the first fold's training rows.</param>
    /// <param name="share">The share of the training rows to fit on, in (0, 1].</param>
    /// <param name="seed">Decides all that is random.</param>
    /// <param name="goOn">Given the first fold's loss.</param>
    /// <param name="cancellation">Looked at within fits.</param>
    public Evaluation Run(Func<int?, Pipeline> build, bool findIterations, double share, ulong seed, Func<double, bool> goOn, CancellationToken cancellation)
    {
        var streams = new Rng(seed);
        int? iterations = null;
        var start = time.GetTimestamp();
        if (findIterations)
        {
            var probe = build(null).Fit(Part(0, share, streams).Train, streams.DeriveSeed(0), threads, cancellation);
            iterations = Math.Max(1, ((IIterativeModel)probe.Model).Iterations);
        }
        var probed = time.GetElapsedTime(start).TotalSeconds;
        var pipeline = build(iterations);
        var outputs = Outputs;
        var outOfFold = new double[data.Rows * outputs];
        Array.Fill(outOfFold, double.NaN);
        var (models, losses) = (new IPredictor[splits.Count], new double[splits.Count]);
        var (fit, predict) = (new double[splits.Count], new double[splits.Count]);
        var whole = new double[splits.Count];
        void RunFold(int fold, int inner)
        {
            var begun = time.GetTimestamp();
            var (train, test) = Part(fold, share, streams);
            var at = time.GetTimestamp();
            var fitted = pipeline.Fit(train, streams.DeriveSeed((ulong)fold + 1), inner, cancellation);
            fit[fold] = time.GetElapsedTime(at).TotalSeconds;
            at = time.GetTimestamp();
            var predicted = fitted.Predict(test.Features, inner);
            predict[fold] = time.GetElapsedTime(at).TotalSeconds;
            for (var i = 0; i < test.Rows; i++)
                predicted.Row(i).CopyTo(outOfFold.AsSpan(splits[fold].Test[i] * outputs));
            (models[fold], losses[fold]) = (fitted, LossOf(metric, test, predicted));
            whole[fold] = time.GetElapsedTime(begun).TotalSeconds;
        }
        RunFold(0, threads);
        var seconds = probed + fit[0] + predict[0];
        var stopped = splits.Count > 1 && !goOn(losses[0]);
        if (!stopped && splits.Count > 1)
        {
            var side = Math.Min(threads, splits.Count - 1);
            var options = new ParallelOptions { MaxDegreeOfParallelism = side, CancellationToken = cancellation };
            var at = time.GetTimestamp();
            Parallel.For(1, splits.Count, options, fold => RunFold(fold, Math.Max(1, threads / side)));
            // Of what went on at once, the part that was neither cutting out rows nor scoring.
            var part = whole.Skip(1).Sum() is var all and > 0 ? (fit.Skip(1).Sum() + predict.Skip(1).Sum()) / all : 1;
            seconds += part * time.GetElapsedTime(at).TotalSeconds;
        }
        return new Evaluation
        {
            OutOfFold = outOfFold,
            Models = models,
            FoldLosses = stopped ? [losses[0]] : losses,
            FitSeconds = probed + fit.Sum(),
            PredictSeconds = predict.Sum(),
            Seconds = seconds,
            Iterations = iterations,
            Stopped = stopped,
        };
    }

    /// <summary>The loss (lower is better) of predictions; infinite where the metric is not defined.</summary>
    public static double LossOf(Metric metric, Dataset rows, Predictions predicted)
    {
        var score = metric.Score(rows.Target, predicted, rows.Weights);
        return double.IsNaN(score) ? double.PositiveInfinity : metric.HigherIsBetter ? -score : score;
    }

    private (Dataset Train, Dataset Test) Part(int fold, double share, Rng streams)
    {
        var test = _test[fold] ?? data.Select(splits[fold].Test);
        if (_keep)
            _test[fold] = test;
        if (share >= 1)
        {
            var whole = _train[fold] ?? data.Select(splits[fold].Train);
            if (_keep)
                _train[fold] = whole;
            return (whole, test);
        }
        var rows = splits[fold].Train.ToArray();
        streams.Child((ulong)fold).Shuffle<int>(rows);
        rows = rows[..Math.Max(1, (int)(share * rows.Length))];
        Array.Sort(rows);
        return (data.Select(rows), test);
    }
}
