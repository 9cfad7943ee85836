using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lode.Bench.AutoMl;
using Lode.Learning;

// Usage: Lode.Bench.AutoMl --data DIR [--sets a,b] [--budget SECONDS] [--seed N] [--threads N] [--cpu-per-second X] [--include a,b] [--verbose]
// For every NAME.train.csv and NAME.test.csv of a folder: AutoML on the first, one look at the second; one JSON object a line.
// overhead: the share of the seconds that went neither into fits nor predictions. good_after_s: when the best candidate had 95 % of the winner's gain over the dummy,
// by cross-validation.
// With --cpu-per-second the budget is counted in this process's CPU seconds divided by X, which load on the machine does not disturb.
var folder = Option("--data", "../shared/data");
var sets = Option("--sets", "") is { Length: > 0 } list ? list.Split(',') : [.. Directory.GetFiles(folder, "*.train.csv").Select(path => Path.GetFileName(path)[..^10]).Order(StringComparer.Ordinal)];
var budget = TimeSpan.FromSeconds(Number("--budget", 60));
var perSecond = Number("--cpu-per-second", 0);
var verbose = args.Contains("--verbose");
foreach (var set in sets)
{
    var table = CsvReader.Read(Path.Combine(folder, $"{set}.train.csv"));
    if (table.Find("date") is not null)
        table = table.Without("date");
    var train = Dataset.Of(table, "target");
    var test = CsvReader.Read(Path.Combine(folder, $"{set}.test.csv"), new CsvOptions { Kinds = table.Schema.Kinds });
    var truth = TruthOf(test["target"], train.Target);
    TimeProvider clock = perSecond > 0 ? new CpuClock(perSecond) : TimeProvider.System;
    var (wall, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
    var options = new AutoMlOptions
    {
        Budget = budget,
        Seed = (ulong)Number("--seed", 0),
        Threads = (int)Number("--threads", 2),
        Include = Option("--include", "") is { Length: > 0 } names ? names.Split(',') : null,
    };
    var course = new Course(clock, verbose ? new Verbose() : null);
    var result = AutoMl.Fit(train, options, course, clock);
    var (seconds, used) = (Stopwatch.GetElapsedTime(wall).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
    var predicted = result.Predictor.Predict(test.Without("target"));
    string[] metrics = train.Target.Task == TaskKind.Classification ? ["log_loss", "accuracy", "roc_auc"] : ["rmse", "r2", "mae"];
    var line = new Dictionary<string, object?>
    {
        ["dataset"] = set,
        ["metric"] = result.Metric.Name,
        ["test"] = Math.Round(result.Metric.Score(truth, predicted), 5),
        ["cv"] = Math.Round(result.Score.CrossValidated, 5),
        ["corrected"] = Math.Round(result.Score.Corrected, 5),
        ["interval"] = new[] { Math.Round(result.Score.Low, 5), Math.Round(result.Score.High, 5) },
        ["kind"] = result.Kind.ToString(),
        ["all"] = metrics.ToDictionary(name => name, name => Math.Round(MetricCatalog.Get(name).Score(truth, predicted), 5)),
        ["candidates"] = result.Leaderboard.Count,
        ["complete"] = result.Leaderboard.Count(candidate => candidate.State == CandidateState.Complete),
        ["families"] = result.Leaderboard.GroupBy(candidate => candidate.Family).ToDictionary(group => group.Key, group => $"{group.Count()}x best {group.Where(c => c.State == CandidateState.Complete).Select(c => c.Score).DefaultIfEmpty(double.NaN).Aggregate((a, b) => result.Metric.HigherIsBetter == a > b ? a : b):G5} weight {group.Sum(c => c.Weight):0.00}"),
        ["repeats"] = result.Leaderboard.Max(candidate => candidate.Repeats),
        ["models_s"] = Math.Round(result.Times.Models, 2),
        ["search_s"] = Math.Round(result.Times.Search, 2),
        ["ensemble_s"] = Math.Round(result.Times.Ensemble, 2),
        ["overhead"] = Math.Round((result.Times.Search + result.Times.Ensemble) / result.Seconds, 4),
        ["good_after_s"] = course.GoodAfter(result) is var good && double.IsFinite(good) ? Math.Round(good, 2) : null,
        ["wall"] = Math.Round(seconds, 1),
        ["cpu"] = Math.Round(used, 1),
        ["peak_mb"] = Process.GetCurrentProcess().PeakWorkingSet64 >> 20,
    };
    Console.WriteLine(JsonSerializer.Serialize(line));
    if (verbose)
    {
        foreach (var candidate in result.Leaderboard.Take(25))
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {candidate.Number,4} {candidate.Family,-16} {candidate.State,-9} {candidate.Score:G6} w {candidate.Weight:0.00} fit {candidate.FitSeconds:0.00} {candidate.Iterations} {candidate.Settings}"));
    }
}

static Target TruthOf(Column column, Target train)
{
    if (train.Task == TaskKind.Regression)
        return Target.Regression(column.Name, ((NumericColumn)column).Values.ToArray());
    var classes = train.Classes.Select((name, label) => (name, label)).ToDictionary(pair => pair.name, pair => pair.label, StringComparer.Ordinal);
    var labels = Enumerable.Range(0, column.Count).Select(row => classes[column is CategoricalColumn texts
        ? texts.Levels[texts.Codes[row]]
        : ((NumericColumn)column).Values[row].ToString(CultureInfo.InvariantCulture)]);
    return Target.Classification(column.Name, [.. labels], train.Classes);
}

string Option(string name, string usual)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : usual;
}

double Number(string name, double usual) => double.Parse(Option(name, usual.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

/// <summary>Remembers when which score was reached.</summary>
internal sealed class Course(TimeProvider clock, IAutoMlObserver? next) : IAutoMlObserver
{
    private readonly long _start = clock.GetTimestamp();
    private readonly List<(double Seconds, double Score)> _scores = [];

    public void Started(Candidate candidate) => next?.Started(candidate);

    public void Finished(Candidate candidate)
    {
        if (candidate.State == CandidateState.Complete)
            _scores.Add((clock.GetElapsedTime(_start).TotalSeconds, candidate.Score));
        next?.Finished(candidate);
    }

    public void Phase(string phase) => next?.Phase(phase);

    /// <summary>Seconds until a candidate had 95 % of the winner's gain over the dummy, which comes first; NaN where none had.</summary>
    public double GoodAfter(AutoMlResult result)
    {
        var dummy = _scores[0].Score;
        var wanted = dummy + (0.95 * (result.Score.CrossValidated - dummy));
        return _scores.Where(score => result.Metric.HigherIsBetter ? score.Score >= wanted : score.Score <= wanted).Select(score => score.Seconds).DefaultIfEmpty(double.NaN).First();
    }
}

/// <summary>Writes what happens to standard error.</summary>
internal sealed class Verbose : IAutoMlObserver
{
    public void Started(Candidate candidate)
    {
    }

    public void Finished(Candidate candidate) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{candidate.Number,4} {candidate.Family,-16} {candidate.Origin,-9} {candidate.State,-9} {candidate.Score:G6} ± {candidate.Error:G2} fit {candidate.FitSeconds:0.00} share {candidate.TrainShare:0.00} {candidate.Iterations} {candidate.Settings} {candidate.Reason}"));

    public void Phase(string phase) => Console.Error.WriteLine(phase);
}
