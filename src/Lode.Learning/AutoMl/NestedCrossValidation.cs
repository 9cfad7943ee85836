using Lode.Core;

namespace Lode.Learning;

/// <summary>How good a whole search is: each part of the rows was scored by a winner that a search of its own found on the others.</summary>
/// <param name="Asked">Outer folds that were asked for.</param>
/// <param name="Folds">The metric on each outer fold that was run to its end.</param>
/// <param name="Mean">Their mean; NaN without any.</param>
/// <param name="Error">Their sample standard deviation divided by the root of their number; NaN for fewer than two. Training rows overlap, so it is rather too small.</param>
/// <param name="Candidates">Candidates that these searches tried together.</param>
public sealed record NestedScore(int Asked, IReadOnlyList<double> Folds, double Mean, double Error, int Candidates);

/// <summary>Nested cross-validation: the search, as a whole, within each of some outer folds.</summary>
/// <remarks>Varma and Simon, "Bias in error estimation when using cross-validation for model selection" (BMC Bioinformatics 7, 2006). The outer folds keep
/// groups together and the order of time, as those of the search do.</remarks>
internal static class NestedCrossValidation
{
    private const ulong SplitStream = 5;
    private const ulong SearchStream = 500;

    /// <summary>Searches within each outer fold.</summary>
    /// <param name="data">All rows.</param>
    /// <param name="metric">What is optimised and scored.</param>
    /// <param name="options">Of the search. Its trials are those of each search, so that what is scored is what was asked for; its budget is not looked at.</param>
    /// <param name="left">Seconds left for the outer folds that are still to be run.</param>
    /// <param name="observer">Told of the outer folds, not of their candidates.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it early; a fold whose search it cut off does not count.</param>
    /// <returns>The score, and what the searches' seconds went into.</returns>
    public static (NestedScore Score, AutoMlTimes Times) Run(Dataset data, Metric metric, AutoMlOptions options, Func<double> left, IAutoMlObserver? observer, TimeProvider time, CancellationToken cancellation)
    {
        var asked = options.Nested!.Value;
        var streams = new Rng(options.Seed);
        var splits = AutoMlSearch.SplitterFor(data, asked).Split(data, streams.DeriveSeed(SplitStream));
        var scores = new List<double>();
        var (times, candidates) = (new AutoMlTimes(0, 0, 0), 0);
        for (var fold = 0; fold < splits.Count && !cancellation.IsCancellationRequested; fold++)
        {
            var share = left() / (splits.Count - fold);
            if (options.Trials is null && share < AutoMlOptions.LeastSeconds / 2)
                break;
            observer?.Phase($"nested cross-validation, fold {fold + 1} of {splits.Count}");
            var (train, test) = (data.Select(splits[fold].Train), data.Select(splits[fold].Test));
            var inner = options with
            {
                Nested = null,
                // What earlier searches found, they found with the rows that are scored here.
                Earlier = [],
                Budget = options.Trials is null ? TimeSpan.FromSeconds(share) : null,
                PredictRows = test.Rows,
                Seed = streams.DeriveSeed(SearchStream + (ulong)fold),
            };
            using var search = new AutoMlSearch(train, metric, inner, null, time, cancellation);
            var found = search.Run();
            if (found.Stopped == "interrupted")
                break;
            scores.Add(metric.Score(test.Target, found.Predictor.Predict(test.Features, options.Threads), test.Weights));
            candidates += found.Leaderboard.Count;
            times = times.Add(found.Times);
        }
        double[] known = [.. scores.Where(double.IsFinite)];
        var mean = known.Length == 0 ? double.NaN : known.Average();
        var error = known.Length < 2 ? double.NaN : Math.Sqrt(known.Sum(score => (score - mean) * (score - mean)) / (known.Length - 1) / known.Length);
        return (new NestedScore(asked, scores, mean, error, candidates), times);
    }
}
