using System.Globalization;
using Lode.Core;
using Lode.Learning;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>
/// The demo's work: baselines, a search, a winner, one look at the holdout; every step a tracked run.
/// Deterministic: options and data decide every number, whatever the number of workers.
/// </summary>
internal sealed class DemoJob(DemoOptions options, Tracker tracker, IReadOnlyDictionary<string, string> source, DemoProgress progress, TimeProvider time)
{
    // A wave of four: enough for four workers, small enough that the search still learns as it goes.
    private const int WaveWidth = 4;
    private const string TunedName = "random-forest-tuned";

    private static readonly IReadOnlyList<Metric> s_metrics = [MetricCatalog.Get("log_loss"), MetricCatalog.Get("roc_auc"), MetricCatalog.Get("accuracy")];

    private static readonly SearchSpace s_space = new(
    [
        new IntParameter("n_estimators", 20, 200, log: true),
        new IntParameter("max_depth", 2, 16),
        new FloatParameter("max_features", 0.05, 1.0, step: 0.05),
        new IntParameter("min_samples_leaf", 1, 20, log: true),
        new CategoricalParameter("criterion", "gini", "entropy"),
    ]);

    // scikit-learn's defaults, as near as the space has them: the search begins where a careful person would.
    private static readonly Params s_usual = new(
    [
        new("n_estimators", 100), new("max_depth", 16), new("max_features", 0.2), new("min_samples_leaf", 1), new("criterion", "gini"),
    ]);

    public DemoReport Run(CancellationToken ct)
    {
        var start = time.GetTimestamp();
        var (name, table) = Load();
        var dataset = Dataset.Of(table, options.Target);
        if (dataset.Target.Task != TaskKind.Classification)
            throw new LodeException(ErrorCode.InvalidArgument, $"The demo predicts classes; column '{options.Target}' of {name} holds numbers.", "Name another column with --target.");
        var seeds = new Rng(options.Seed);
        var split = new Holdout(options.HoldoutShare).Split(dataset, seeds.DeriveSeed(0))[0];
        var train = dataset.Select(split.Train);
        var data = Describe(name, table, dataset, split);
        progress.Step($"{name}: {data.Rows} rows, {data.Columns} features; {data.HoldoutRows} rows held out");

        var candidates = new List<DemoCandidate>();
        foreach (var (run, learner) in new[] { ("dummy", "dummy"), ("logistic-regression", "logistic"), ("random-forest", "random_forest") })
            candidates.Add(Baseline(run, learner, train, data, seeds, ct));
        var study = Search(train, data, seeds, candidates, ct);
        var winner = candidates.MinBy(candidate => candidate.LogLoss)!;
        var holdout = JudgeOnce(winner, train, dataset.Select(split.Test), data, seeds, ct);
        var trials = study.Trials.ToLookup(trial => trial.State);
        return new DemoReport
        {
            Data = data,
            Seed = options.Seed,
            Candidates = candidates,
            Trials = new DemoTrials(trials[TrialState.Complete].Count(), trials[TrialState.Pruned].Count(), trials[TrialState.Failed].Count()),
            Winner = winner.Name,
            Holdout = holdout,
            Seconds = time.GetElapsedTime(start).TotalSeconds,
        };
    }

    private (string Name, Table Table) Load()
    {
        if (options.Data is { } path)
            return (Path.GetFileName(path), CsvReader.Read(path));
        using var stream = typeof(DemoJob).Assembly.GetManifestResourceStream("breast_cancer.csv")!;
        return ("breast_cancer.csv", CsvReader.Read(stream, "breast_cancer.csv"));
    }

    private static DemoData Describe(string name, Table table, Dataset dataset, Split split)
    {
        var counts = dataset.Target.CountClasses();
        var classes = dataset.Target.Classes.Select((label, i) => (label, counts[i])).ToDictionary(pair => pair.label, pair => pair.Item2);
        return new DemoData(name, dataset.Rows, dataset.Features.Columns.Count, split.Test.Length, dataset.Target.Name, classes, table.Fingerprint().Sha256);
    }

    private ActiveRun Start(string name, string kind, DemoData data, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var tags = new Dictionary<string, string>(source)
        {
            ["lode.kind"] = kind,
            ["lode.data.name"] = data.Name,
            ["lode.data.sha256"] = data.Sha256,
        };
        foreach (var (key, value) in more)
            tags[key] = value;
        return tracker.Start(options.Project, name, tags);
    }

    private DemoCandidate Baseline(string name, string learner, Dataset train, DemoData data, Rng seeds, CancellationToken ct)
    {
        var @params = learner switch
        {
            "logistic" => new Dictionary<string, object?> { ["C"] = 1.0 },
            "random_forest" => new Dictionary<string, object?> { ["n_estimators"] = 100L },
            _ => [],
        };
        var run = Start(name, "baseline", data);
        var (result, seconds) = Track(run, () =>
        {
            run.LogParams(Texts(learner, @params));
            return Evaluate(run, learner, @params, threads: 0, train, seeds, null, ct);
        });
        LogResult(run, result, seconds);
        run.Finish();
        var candidate = Candidate(name, learner, run, @params, result);
        progress.Step(string.Create(CultureInfo.InvariantCulture, $"{name}: CV log loss {candidate.LogLoss:0.0000} ± {candidate.LogLossError:0.0000}"));
        return candidate;
    }

    private Study Search(Dataset train, DemoData data, Rng seeds, List<DemoCandidate> candidates, CancellationToken ct)
    {
        var study = new Study(new StudyOptions
        {
            Space = s_space,
            Sampler = new TpeSampler(),
            Pruner = PrunerCatalog.Create("median"),
            Seed = seeds.DeriveSeed(2),
            RepeatableWidth = WaveWidth,
        });
        study.Enqueue(s_usual);
        var tune = Start("tune", "study", data, ("lode.study", "tune"), ("lode.sampler", "tpe"), ("lode.pruner", "median"));
        tune.LogParams([new("trials", Text(options.Trials)), new("folds", Text(options.Folds)), new("seed", options.Seed.ToString(CultureInfo.InvariantCulture)), .. s_space.Select(parameter => new KeyValuePair<string, string>($"space/{parameter.Name}", parameter.ToString().Split(": ", 2)[1]))]);
        var mirror = new TrialRuns(study, tune, progress, options.Trials, (number, values) =>
        {
            var run = Start($"trial-{number}", "trial", data, ("lode.study", "tune"), ("lode.trial", Text(number)), ("mlflow.parentRunId", tune.Id.ToString()));
            run.LogParams(Texts("random_forest", Plain(values)));
            return run;
        });
        try
        {
            study.Optimize(
                trial =>
                {
                    var run = mirror[trial.Number];
                    var sum = 0.0;
                    var started = time.GetTimestamp();
                    var result = Evaluate(run, "random_forest", Plain(trial.Params), threads: 1, train, seeds, fold =>
                    {
                        // The mean so far: what the median pruner compares with other trials at the same fold.
                        sum += fold.Scores["log_loss"];
                        trial.Report(fold.Index, sum / (fold.Index + 1));
                        return fold.Index + 1 == fold.Count || !trial.ShouldPrune();
                    }, trial.Cancellation);
                    mirror.SetResult(trial.Number, result);
                    LogResult(run, result, time.GetElapsedTime(started).TotalSeconds);
                    return result.Stopped ? Outcome.Pruned : result["log_loss"].Mean;
                },
                new OptimizeOptions { Trials = options.Trials, Parallel = Math.Clamp(Environment.ProcessorCount, 1, WaveWidth), Hooks = mirror.Hooks, StopOnFailure = true },
                ct);
            tune.Finish();
        }
        catch
        {
            mirror.Abandon();
            tune.Finish(ct.IsCancellationRequested ? RunStatus.Killed : RunStatus.Failed);
            throw;
        }
        if (study.Best is { } best)
            candidates.Add(Candidate(TunedName, "random_forest", mirror[best.Number], Plain(best.Params), mirror.Result(best.Number)));
        return study;
    }

    private DemoHoldout JudgeOnce(DemoCandidate winner, Dataset train, Dataset holdout, DemoData data, Rng seeds, CancellationToken ct)
    {
        progress.Step($"refitting {winner.Name} on all {train.Rows} training rows");
        var run = Start("winner", "winner", data, ("lode.winner", winner.Name), ("lode.source_run", winner.Run.ToString()));
        return Track(run, () =>
        {
            run.LogParams(winner.Params.Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value)).Prepend(new("learner", winner.Learner)));
            var started = time.GetTimestamp();
            var fitted = Pipeline.Default(LearnerCatalog.Create(winner.Learner, winner.Params.ToDictionary(pair => pair.Key, pair => (object?)Parse(pair.Value)))).Fit(train, seeds.DeriveSeed(3), cancellation: ct);
            var seconds = time.GetElapsedTime(started).TotalSeconds;
            var predicted = fitted.Predict(holdout.Features);
            var scores = s_metrics.ToDictionary(metric => metric.Name, metric => metric.Score(holdout.Target, predicted));
            run.Log(0, ("cv_log_loss", winner.LogLoss), ("cv_log_loss_se", winner.LogLossError), ("cv_roc_auc", winner.RocAuc), ("cv_accuracy", winner.Accuracy), ("fit_seconds", seconds),
                ("holdout_log_loss", scores["log_loss"]), ("holdout_roc_auc", scores["roc_auc"]), ("holdout_accuracy", scores["accuracy"]));
            run.Finish();
            return new DemoHoldout(run.Id, scores["log_loss"], scores["roc_auc"], scores["accuracy"]);
        }).Result;
    }

    private CrossValidationResult Evaluate(ActiveRun run, string learner, IReadOnlyDictionary<string, object?> @params, int threads, Dataset train, Rng seeds, Func<FoldScores, bool>? onFold, CancellationToken ct) =>
        CrossValidation.Run(Pipeline.Default(LearnerCatalog.Create(learner, @params)), train, new StratifiedKFold(options.Folds), s_metrics, seeds.DeriveSeed(1), fold =>
        {
            run.Log(fold.Index, [.. fold.Scores.Select(score => ($"fold_{score.Key}", score.Value))]);
            return onFold?.Invoke(fold) ?? true;
        }, threads, ct);

    /// <summary>Runs a part of the work; the run fails or is killed with it.</summary>
    private (T Result, double Seconds) Track<T>(ActiveRun run, Func<T> work)
    {
        var started = time.GetTimestamp();
        try
        {
            return (work(), time.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception error)
        {
            run.Tag("lode.error", error.Message);
            run.Finish(error is OperationCanceledException ? RunStatus.Killed : RunStatus.Failed);
            throw;
        }
    }

    private static void LogResult(ActiveRun run, CrossValidationResult result, double seconds)
    {
        if (!result.Stopped)
            run.Log(0, ("cv_log_loss", result["log_loss"].Mean), ("cv_log_loss_se", result["log_loss"].StandardError), ("cv_roc_auc", result["roc_auc"].Mean), ("cv_accuracy", result["accuracy"].Mean));
        run.Log(0, ("fit_seconds", seconds));
    }

    private static DemoCandidate Candidate(string name, string learner, ActiveRun run, Dictionary<string, object?> @params, CrossValidationResult result) => new(name, learner, run.Id,
        @params.ToDictionary(pair => pair.Key, pair => Text(pair.Value)), result["log_loss"].Mean, result["log_loss"].StandardError, result["roc_auc"].Mean, result["accuracy"].Mean);

    private static IEnumerable<KeyValuePair<string, string>> Texts(string learner, IReadOnlyDictionary<string, object?> @params) =>
        @params.Select(pair => new KeyValuePair<string, string>(pair.Key, Text(pair.Value))).Prepend(new("learner", learner));

    private static Dictionary<string, object?> Plain(Params values) => values.ToDictionary(pair => pair.Key, pair => pair.Value.Kind switch
    {
        ParamKind.Int => pair.Value.AsInt(),
        ParamKind.Float => pair.Value.AsDouble(),
        ParamKind.Bool => pair.Value.AsBool(),
        _ => (object?)pair.Value.AsText(),
    });

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private static object Parse(string text) => long.TryParse(text, CultureInfo.InvariantCulture, out var whole) ? whole
        : double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number
        : text;
}
