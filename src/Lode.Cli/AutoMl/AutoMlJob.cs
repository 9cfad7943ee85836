using System.Text;
using System.Text.Json;
using Lode.Core;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>The work of <c>lode automl</c>: reads, searches, judges once, writes what was found.</summary>
internal sealed class AutoMlJob(CommandContext context, AutoMlRequest request)
{
    // What reports and importances may take of the budget, at least and at most; and what of it writing takes, importances apart.
    private const double ReportShare = 0.03;
    private const double LeastReportSeconds = 0.5;
    private const double MostReportSeconds = 3;
    private const double WriteSeconds = 0.3;

    private static readonly JsonWriterOptions s_indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TimeProvider _time = context.Time;

    private double Elapsed => _time.GetElapsedTime(request.Started).TotalSeconds;

    public async Task<int> RunAsync(CancellationToken ct)
    {
        request.Validate();
        // Fits fill the pool with work that lasts: whoever asks the dashboard must not wait for it.
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, (2 * Environment.ProcessorCount) + 6), ports);
        var opening = AutoMlTracking.OpenAsync(context, request, ct);
        AutoMlData data;
        try
        {
            data = await Task.Run(() => AutoMlData.Load(request), CancellationToken.None);
        }
        catch
        {
            if (await opening is { } unused)
                await unused.DisposeAsync();
            throw;
        }
        await using var tracking = await opening;
        var metric = MetricOf(data);
        IReadOnlyList<EarlierTrial> earlier = [];
        if (tracking is not null)
        {
            if (request.Resume)
                earlier = await tracking.EarlierAsync(request, data, metric, ct);
            await tracking.BeginAsync(request, data, metric, ct);
            if (tracking.Dashboard is { } page)
                context.Terminal.Note($"lode: dashboard at {page}");
        }
        if (request.Resume)
            context.Terminal.Note(earlier.Count > 0 ? $"lode: {earlier.Count} candidates of earlier searches are tried first" : $"lode: project {request.Project} has no earlier search on this data, target and metric");
        try
        {
            return await SearchAsync(data, metric, earlier, tracking, ct);
        }
        catch (Exception error) when (tracking is not null)
        {
            await tracking.AbandonAsync(error);
            throw;
        }
    }

    private Metric MetricOf(AutoMlData data)
    {
        var task = data.Train.Target.Task;
        if (request.Options.Quantiles is not null)
        {
            return task == TaskKind.Regression ? MetricCatalog.Get("pinball_loss") : throw new LodeException(ErrorCode.InvalidArgument,
                $"--quantiles are of numbers; the target '{data.Train.Target.Name}' was taken for {data.Train.Target.Classes.Count} classes.", "Where it is a number all the same, say --task regression.");
        }
        var metric = request.Options.Metric is { } name ? MetricCatalog.Get(name) : MetricCatalog.DefaultFor(task);
        return metric.Task == task ? metric : throw new LodeException(ErrorCode.InvalidArgument,
            $"Metric '{metric.Name}' is not for {Word(task)}, which the target '{data.Train.Target.Name}' asks for.", $"Use one of: {string.Join(", ", MetricCatalog.For(task).Select(other => other.Name))}; or say --task.");
    }

    private async Task<int> SearchAsync(AutoMlData data, Metric metric, IReadOnlyList<EarlierTrial> earlier, AutoMlTracking? tracking, CancellationToken ct)
    {
        var budget = request.Options.Trials is null ? request.Options.Budget : null;
        var left = budget is { } all ? Math.Max(0.1, all.TotalSeconds - Elapsed - Math.Clamp(ReportShare * all.TotalSeconds, LeastReportSeconds, MostReportSeconds)) : (double?)null;
        if (left is { } shared && request.Options.Nested is { } outer && shared < outer + 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"Reading the data left {shared:0.#} s of the budget, too little for the {outer + 1} searches of --nested {outer}.", "Give it more time, or fewer outer folds.");
        var options = request.Options with { Budget = left is { } seconds ? TimeSpan.FromSeconds(seconds) : null, Earlier = earlier, Metric = metric.Name, PredictRows = data.Test?.Table.Rows ?? 0 };
        var before = Elapsed;
        AutoMlResult result;
        IReadOnlyList<(double Seconds, double Best)> course;
        using (var progress = new AutoMlProgress(context.Terminal, _time, metric, budget, request.Options.Trials, request.Started))
        {
            result = await Learning.AutoMl.FitAsync(data.Train, options, new AutoMlObservers(progress, tracking?.Observer), _time, ct);
            course = progress.Course;
        }
        // From here on what was found is kept, whether or not somebody pressed Ctrl-C.
        if (result.Stopped == "interrupted")
            context.Terminal.Note("lode: interrupted: the best so far is kept (Ctrl-C again ends at once)");
        if (tracking is not null)
            await tracking.EndCandidatesAsync(result);
        var winner = Winner.Of(data, result, BundleOf(data, result, tracking).ToBytes(), request.Options.Threads);
        var report = await JudgeAsync(data, result, winner, tracking);
        report = report with { Spent = SpentOf(result, tracking?.Seconds ?? 0, before) };
        await WriteAsync(data, result, winner, report, course, tracking);
        return result.Stopped == "interrupted" ? ExitCodes.Interrupted : ExitCodes.Ok;
    }

    private AutoMlSpent SpentOf(AutoMlResult result, double tracking, double before)
    {
        var times = result.Times;
        return new AutoMlSpent(times.Models, times.Search, times.Ensemble, tracking, (times.Search + times.Ensemble + tracking) / Math.Max(1e-9, result.Seconds), before, Elapsed - before - result.Seconds);
    }

    private ModelBundle BundleOf(AutoMlData data, AutoMlResult result, AutoMlTracking? tracking)
    {
        var metric = result.Metric.Name;
        var provenance = new Dictionary<string, string>
        {
            ["data"] = data.Name,
            ["data_sha256"] = data.Fingerprint.Sha256,
            ["lode"] = VersionCommand.Version,
            ["made_at"] = _time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture),
            ["metric"] = metric,
            ["rows"] = data.Train.Rows.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["seed"] = request.Options.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (result.Threshold is { } threshold)
            provenance["threshold"] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{threshold.Value:R} of {threshold.Positive}, for {threshold.Goal}");
        if (result.Predictor.Quantiles.Count > 0)
            provenance["quantiles"] = string.Join(", ", result.Predictor.Quantiles.Select(Predictions.NameOf));
        if (tracking?.RunId is { } run)
            (provenance["run"], provenance["project"]) = (run.ToString(), request.Project);
        var scores = new Dictionary<string, double> { [$"cv_{metric}"] = result.Score.CrossValidated, [$"corrected_{metric}"] = result.Score.Corrected };
        if (double.IsFinite(result.Score.Low))
            (scores["corrected_low"], scores["corrected_high"]) = (result.Score.Low, result.Score.High);
        return new ModelBundle(result.Predictor, $"automl: {string.Join(", ", result.Leaderboard.Where(candidate => candidate.Weight > 0).Select(candidate => candidate.Family).Distinct())}", scores, provenance);
    }

    private async Task<AutoMlReport> JudgeAsync(AutoMlData data, AutoMlResult result, Winner winner, AutoMlTracking? tracking)
    {
        var warnings = new List<string>(data.Warnings.Concat(result.Notes));
        if (result.Leaderboard.All(candidate => candidate.Family == "dummy" || candidate.State != CandidateState.Complete))
            warnings.Add($"Nothing but the baseline could be fitted{(result.Stopped is "budget" or "interrupted" ? " in the time" : "")}: the model predicts {(data.Train.Target.Task == TaskKind.Classification ? "the classes' shares" : "one number")} for every row. Give it more time.");
        if (request.Options.MaxModelBytes is { } most && winner.Model.LongLength is var bytes && bytes > most)
            warnings.Add($"The model takes {Format.Bytes(bytes)}, more than --max-model-size {Format.Bytes(most)}: {(request.Options.Refit ? "models of all rows came out larger than those of the folds" : "nothing smaller was found; --refit keeps one model in place of one a fold")}.");
        AutoMlTest? test = null;
        if (data.Test is { } second)
        {
            var scores = winner.Scored is null ? null : AutoMlReports.Scores(second.Truth!, winner.Scored);
            var times = scores is null ? 0 : 1 + (tracking is null ? 0 : await tracking.CountHoldoutScoresAsync(second.Fingerprint.Sha256, CancellationToken.None));
            if (times > 1)
                warnings.Add($"{second.Name} was scored before: this is time {times} in project {request.Project}. Choosing between models by it makes its score too good; the corrected score does not suffer by that.");
            test = new AutoMlTest(second.Name, second.Fingerprint.Sha256, second.Table.Rows, second.Scored.Length, scores, times);
        }
        return AutoMlReports.Make(request, data, result, winner.Model.LongLength, winner.Scored, test, warnings, Importances(data, result)) with
        {
            Run = tracking?.RunId,
            Unrecorded = tracking?.Skipped ?? 0,
            Seconds = Elapsed,
        };
    }

    /// <summary>Importances, as exactly as the time allows that is left for the report.</summary>
    private (IReadOnlyList<FeatureImportance> Importances, string? Rows) Importances(AutoMlData data, AutoMlResult result)
    {
        var seconds = request.Options is { Trials: null, Budget: { } budget } ? Math.Min(budget.TotalSeconds - Elapsed - WriteSeconds, MostReportSeconds) : MostReportSeconds;
        if (seconds <= 0)
            return ([], null);
        // Without a second file, each fold's models are asked about the rows that they have not seen.
        (IPredictor Predictor, Dataset Rows)[] parts = data.Test?.Truth is { } truth
            ? [(result.Predictor, truth)]
            : [.. result.Unseen.Where(part => part.Rows.Length >= 2).Select(part => (part.Predictor, data.Train.Select(part.Rows)))];
        if (parts.Length == 0)
            return ([], null);
        // A few rows say how long all would take.
        const int Probe = 200;
        var sample = parts[0].Rows.Rows <= Probe ? parts[0].Rows : parts[0].Rows.Select(Every(parts[0].Rows.Rows, Probe));
        var start = _time.GetTimestamp();
        parts[0].Predictor.Predict(sample.Features, request.Options.Threads);
        var perRow = _time.GetElapsedTime(start).TotalSeconds / sample.Rows;
        var affordable = seconds / Math.Max(1e-9, perRow * (result.Predictor.Schema.Columns.Count + 1));
        var all = parts.Sum(part => part.Rows.Rows);
        var used = Math.Min(all, Math.Min(5000, (int)Math.Min(affordable, int.MaxValue)));
        if (used < Math.Min(50, all))
            return ([], null);
        var repeats = request.Options.Trials is null ? Math.Clamp((int)(affordable / used), 1, 5) : 3;
        var found = new List<(double Weight, IReadOnlyList<FeatureImportance> Importances)>();
        using var deadline = request.Options.Trials is null ? new CancellationTokenSource(TimeSpan.FromSeconds(seconds), _time) : new CancellationTokenSource();
        foreach (var (predictor, rows) in parts)
        {
            var count = Math.Clamp((int)((long)used * rows.Rows / all), 2, rows.Rows);
            try
            {
                found.Add((count, PermutationImportance.Of(predictor, count == rows.Rows ? rows : rows.Select(Every(rows.Rows, count)), result.Metric, repeats, request.Options.Seed, request.Options.Threads, deadline.Token)));
            }
            catch (Exception error) when (error is LodeException or OperationCanceledException)
            {
                // The metric is not defined on these rows, or they took longer than the few that were tried said.
            }
        }
        return (found.Count == 1 ? found[0].Importances : Mean(found), found.Count == 0 ? null : data.Test?.Truth is null ? "held_out" : "test");
    }

    private static IReadOnlyList<FeatureImportance> Mean(List<(double Weight, IReadOnlyList<FeatureImportance> Importances)> parts)
    {
        var total = parts.Sum(part => part.Weight);
        return [.. parts.SelectMany(part => part.Importances.Select(importance => (part.Weight, importance))).GroupBy(pair => pair.importance.Column).Select(column =>
        {
            var mean = column.Sum(pair => pair.Weight * pair.importance.Mean) / total;
            // Between the folds, which differ in models and rows.
            var spread = Math.Sqrt(column.Sum(pair => pair.Weight * Math.Pow(pair.importance.Mean - mean, 2)) / total);
            return new FeatureImportance(column.Key, mean, spread, [.. column.Select(pair => pair.importance.Mean)]);
        }).OrderByDescending(importance => importance.Mean)];
    }

    private static int[] Every(int rows, int count) => [.. Enumerable.Range(0, count).Select(i => (int)((long)i * rows / count))];

    private async Task WriteAsync(AutoMlData data, AutoMlResult result, Winner winner, AutoMlReport report, IReadOnlyList<(double Seconds, double Best)> course, AutoMlTracking? tracking)
    {
        // Where nothing is recorded the file is all there is.
        var target = request.Out ?? (tracking?.RunId is null ? "model.lode" : null);
        var predictions = winner.Predicted is { } predicted ? PredictionsFile.Of(result.Predictor, predicted) : null;
        var folder = request.ReportFolder ?? (request.Out is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(request.Out))!, Path.GetFileNameWithoutExtension(request.Out) + "-report"));
        var written = new Dictionary<string, string>();
        if (target is not null)
            written["model"] = target;
        if (request.Predictions is not null)
            written["predictions"] = request.Predictions;
        if (folder is not null)
            written["report"] = Path.Combine(folder, "report.html");
        if (request.JsonFile is not null)
            written["json"] = request.JsonFile;
        report = report with { Files = written, Seconds = Elapsed };
        var views = AutoMlViews.Of(report, data, result, winner.Scored, course);
        var files = new Dictionary<string, byte[]>
        {
            ["report/report.html"] = Encoding.UTF8.GetBytes(HtmlReport.Write(report, views)),
            ["report/report.md"] = Encoding.UTF8.GetBytes(MarkdownReport.Write(report, views)),
            ["report/report.json"] = Json(report),
            ["report/winner.cs"] = Encoding.UTF8.GetBytes(report.Code),
            ["model/model.lode"] = winner.Model,
        };
        foreach (var view in views)
            files[$"report/plots/{view.Name}.svg"] = Encoding.UTF8.GetBytes(view.Picture);
        if (predictions is not null)
            files["predictions.csv"] = predictions;
        if (target is not null)
            await SaveAsync(target, winner.Model);
        if (request.Predictions is not null)
            await SaveAsync(request.Predictions, predictions!);
        if (request.JsonFile is not null)
            await SaveAsync(request.JsonFile, files["report/report.json"]);
        foreach (var (path, bytes) in files.Where(file => folder is not null && file.Key.StartsWith("report/", StringComparison.Ordinal)))
            await SaveAsync(Path.Combine(folder!, path["report/".Length..]), bytes);
        if (tracking is not null)
            await tracking.FinishAsync(report, files);
        if (context.Json)
            context.Terminal.Json(report, CliJson.Default.AutoMlReport);
        else
            AutoMlText.Write(report, context.Terminal, request.Leaderboard);
    }

    private static byte[] Json(AutoMlReport report)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, s_indented))
            JsonSerializer.Serialize(writer, report, CliJson.Default.AutoMlReport);
        return bytes.ToArray();
    }

    private static async Task SaveAsync(string path, byte[] bytes)
    {
        await using var file = new NewFile(path);
        await file.Stream.WriteAsync(bytes);
        await file.KeepAsync();
    }

    private static string Word(TaskKind task) => task == TaskKind.Classification ? "classification" : "regression";

    /// <summary>The winner's file, and what it says of the second file's rows: made once, since both may be large.</summary>
    /// <param name="Model">The file.</param>
    /// <param name="Predicted">Of all rows of the second file; null without one.</param>
    /// <param name="Scored">Of those that have a target; null where none has.</param>
    private sealed record Winner(byte[] Model, Predictions? Predicted, Predictions? Scored)
    {
        public static Winner Of(AutoMlData data, AutoMlResult result, byte[] model, int threads)
        {
            if (data.Test is not { } test)
                return new Winner(model, null, null);
            var predicted = result.Predictor.Predict(test.Table, threads);
            return new Winner(model, predicted, test.Truth is null ? null : predicted.Select(test.Scored));
        }
    }
}
