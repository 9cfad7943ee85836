using System.Globalization;
using System.Runtime.InteropServices;
using Lode.Core;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>Makes the report for machines of what a search found.</summary>
internal static class AutoMlReports
{
    public static AutoMlReport Make(AutoMlRequest request, AutoMlData data, AutoMlResult result, long bytes, Predictions? scored, AutoMlTest? test, IReadOnlyList<string> warnings,
        (IReadOnlyList<FeatureImportance> Found, string? Rows) importances)
    {
        var target = data.Train.Target;
        var members = result.Leaderboard.Where(candidate => candidate.Weight > 0).OrderByDescending(candidate => candidate.Weight).Select(Member).ToList();
        return new AutoMlReport
        {
            Made = new AutoMlMachine(VersionCommand.Version, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription, Environment.ProcessorCount, DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds())),
            Task = target.Task.ToString().ToLowerInvariant(),
            Target = target.Name,
            Metric = result.Metric.Name,
            HigherIsBetter = result.Metric.HigherIsBetter,
            Data = Describe(data),
            Test = test,
            Score = new AutoMlScore(result.Score.CrossValidated, result.Score.Corrected, result.Score.Low, result.Score.High),
            Nested = result.Nested is { } nested ? new AutoMlNested(nested.Asked, nested.Folds, nested.Mean, nested.Error, nested.Candidates) : null,
            OutOfFold = OutOfFold(data.Train, result) is var (rows, predicted) && rows.Rows > 0 ? Scores(rows, predicted) : new Dictionary<string, double>(),
            Winner = new AutoMlWinner(result.Kind switch { WinnerKind.OneModel => "one_model", var kind => kind.ToString().ToLowerInvariant() }, members, bytes),
            Quantiles = QuantilesOf(data, result, scored),
            Threshold = result.Threshold is { } threshold ? new AutoMlThreshold(threshold.Goal.ToString(), threshold.Value, threshold.Positive, threshold.Score, threshold.Half) : null,
            Simpler = result.Simpler is { } simpler ? Member(simpler) : null,
            Leaderboard = [.. result.Leaderboard.Select(Entry)],
            Importances = [.. importances.Found.Select(importance => new AutoMlImportance(importance.Column, importance.Mean, importance.Deviation))],
            ImportanceRows = importances.Rows,
            Candidates = result.Leaderboard.Count,
            Folds = result.Folds,
            Preset = request.Options.Preset.ToString().ToLowerInvariant(),
            Seed = request.Options.Seed,
            BudgetSeconds = request.Options.Trials is null ? request.Options.Budget?.TotalSeconds : null,
            Trials = request.Options.Trials,
            SearchSeconds = result.Seconds,
            Spent = new AutoMlSpent(result.Times.Models, result.Times.Search, result.Times.Ensemble, 0, 0, 0, 0),
            Seconds = 0,
            Stopped = result.Stopped,
            Warnings = warnings,
            Project = request.Project,
            Files = new Dictionary<string, string>(),
            Code = WinnerCode.Write(request, data, result),
        };
    }

    /// <summary>The rows that some fold tested, and what the winner's members said of them unseen.</summary>
    public static (Dataset Rows, Predictions Predicted) OutOfFold(Dataset train, AutoMlResult result)
    {
        var all = result.OutOfFold;
        int[] tested = [.. Enumerable.Range(0, all.Rows).Where(row => !double.IsNaN(all.Row(row)[0]))];
        if (tested.Length == all.Rows)
            return (train, all);
        var values = new double[tested.Length * all.Outputs];
        for (var i = 0; i < tested.Length; i++)
            all.Row(tested[i]).CopyTo(values.AsSpan(i * all.Outputs));
        return (train.Select(tested), all.With(values));
    }

    private static AutoMlQuantiles? QuantilesOf(AutoMlData data, AutoMlResult result, Predictions? scored)
    {
        var levels = result.Predictor.Quantiles;
        if (levels.Count == 0)
            return null;
        var (rows, predicted) = OutOfFold(data.Train, result);
        return new AutoMlQuantiles(levels, levels[^1] - levels[0], Coverage(rows, predicted), scored is null ? null : Coverage(data.Test!.Truth!, scored));
    }

    private static AutoMlCoverage Coverage(Dataset rows, Predictions predicted)
    {
        var levels = predicted.Quantiles;
        var (below, pinball) = (new double[levels.Count], new double[levels.Count]);
        var (covered, width, total) = (0.0, 0.0, 0.0);
        for (var row = 0; row < rows.Rows; row++)
        {
            var (truth, weight) = (rows.Target.Values[row], rows.Weights.IsEmpty ? 1 : rows.Weights[row]);
            var said = predicted.Row(row);
            for (var i = 0; i < said.Length; i++)
            {
                below[i] += truth <= said[i] ? weight : 0;
                pinball[i] += weight * (truth >= said[i] ? levels[i] * (truth - said[i]) : (levels[i] - 1) * (truth - said[i]));
            }
            covered += truth >= said[0] && truth <= said[^1] ? weight : 0;
            width += weight * (said[^1] - said[0]);
            total += weight;
        }
        return new AutoMlCoverage(covered / total, [.. below.Select(sum => sum / total)], [.. pinball.Select(sum => sum / total)], width / total);
    }

    /// <summary>Every metric of the task that is defined on these rows.</summary>
    public static Dictionary<string, double> Scores(Dataset rows, Predictions predicted)
    {
        var scores = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var metric in MetricCatalog.For(rows.Target.Task))
        {
            try
            {
                if (metric.Score(rows.Target, predicted, rows.Weights) is var score && double.IsFinite(score))
                    scores[metric.Name] = score;
            }
            catch (LodeException)
            {
                // Some metrics want what this target has not, such as numbers above 0.
            }
        }
        return scores;
    }

    public static Dictionary<string, string> Settings(Candidate candidate) => candidate.Settings.ToDictionary(pair => pair.Key, pair => pair.Value.Kind == Optimization.ParamKind.Float
        ? pair.Value.AsDouble().ToString("G4", CultureInfo.InvariantCulture)
        : pair.Value.ToString());

    private static AutoMlTable Describe(AutoMlData data)
    {
        var features = data.Train.Features;
        var counts = data.Train.Target.CountClasses();
        var classes = data.Train.Target.Task == TaskKind.Classification
            ? data.Train.Target.Classes.Select((name, label) => (name, counts[label])).ToDictionary(pair => pair.name, pair => pair.Item2)
            : null;
        return new AutoMlTable(data.Name, data.Fingerprint.Sha256, data.Train.Rows, features.Columns.Count, features.Columns.Count(column => column.Kind == ColumnKind.Numeric),
            features.Columns.Count(column => column.Kind == ColumnKind.Categorical), features.Columns.Sum(column => column.CountMissing()), classes);
    }

    private static AutoMlMember Member(Candidate candidate) => new(candidate.Number, candidate.Family, candidate.Weight, candidate.Score, Settings(candidate));

    private static AutoMlEntry Entry(Candidate candidate) => new()
    {
        Number = candidate.Number,
        Family = candidate.Family,
        State = candidate.State.ToString().ToLowerInvariant(),
        Origin = candidate.Origin,
        Score = candidate.Score,
        Error = candidate.Error,
        Folds = candidate.Folds,
        Repeats = candidate.Repeats,
        TrainShare = candidate.TrainShare,
        FitSeconds = candidate.FitSeconds,
        PredictMicrosecondsPerRow = candidate.PredictSecondsPerRow * 1e6,
        ModelBytes = candidate.ModelBytes,
        Iterations = candidate.Iterations,
        Weight = candidate.Weight,
        Settings = Settings(candidate),
        Steps = [.. candidate.Spec.Transforms.Append(candidate.Spec.Learner).Select(Step)],
        Reason = candidate.Reason.Length > 0 ? candidate.Reason : null,
    };

    private static string Step(StepSpec step) => step.Parameters is { Count: > 0 } values
        ? $"{step.Name}({string.Join(", ", values.Select(pair => $"{pair.Key}={(pair.Value is double number ? number.ToString("G4", CultureInfo.InvariantCulture) : Convert.ToString(pair.Value, CultureInfo.InvariantCulture))}"))})"
        : step.Name;
}
