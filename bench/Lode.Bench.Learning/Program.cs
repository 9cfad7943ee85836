using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lode.Bench.Learning;
using Lode.Core;
using Lode.Learning;

// Usage: Lode.Bench.Learning [--json] [--threads N] [--repeats N] [--csv FILE]
// Wall seconds, the median of the repeats after one that warms up. The scores show that the work was done.
var json = args.Contains("--json");
var threads = int.Parse(Option("--threads", "2"), CultureInfo.InvariantCulture);
var repeats = int.Parse(Option("--repeats", "5"), CultureInfo.InvariantCulture);
var path = Option("--csv", Path.Combine("samples", "data", "breast_cancer.csv"));
var results = new List<Result>();

var cancer = Dataset.Of(CsvReader.Read(path), "diagnosis");
results.AddRange(Fit("breast_cancer", new TrainingData(FeatureMatrix.Of(cancer.Features), cancer.Target)));
results.AddRange(Fit("made_20000x20", Made.Classification(20_000, 20, 1)));
results.Add(ReadCsv());
results.AddRange(CrossValidate());
Print();

IEnumerable<Result> Fit(string name, TrainingData data)
{
    var forest = new RandomForest(new RandomForestOptions { Threads = threads });
    ForestModel? model = null;
    yield return new Result($"random_forest fit, 100 trees, {name}", "s", Median(() => model = forest.Fit(data, new Rng(1))));
    yield return new Result($"random_forest nodes, {name}", "nodes", model!.NodeCount);
    var output = new double[data.Target.Rows * data.Target.Classes.Count];
    yield return new Result($"random_forest predict, {data.Target.Rows} rows, {name}", "s", Median(() => model.Predict(data.Features, output)));
    var logistic = new LogisticRegression();
    yield return new Result($"logistic fit, {name}", "s", Median(() => logistic.Fit(data)));
}

Result ReadCsv()
{
    var data = Made.Classification(20_000, 20, 1).Features;
    var text = new StringBuilder().AppendJoin(',', data.Names).AppendLine();
    for (var row = 0; row < data.Rows; row++)
        text.AppendJoin(',', data.Row(row).ToArray().Select(value => value.ToString("F6", CultureInfo.InvariantCulture))).AppendLine();
    var bytes = Encoding.UTF8.GetBytes(text.ToString());
    var seconds = Median(() => CsvReader.Read(new MemoryStream(bytes), "made"));
    return new Result($"csv read, {bytes.Length / 1e6:F1} MB of numbers", "MB/s", bytes.Length / 1e6 / seconds);
}

IEnumerable<Result> CrossValidate()
{
    const int seeds = 10;
    string[] names = ["log_loss", "roc_auc", "accuracy"];
    var pipeline = new Pipeline([], new RandomForest(new RandomForestOptions { Threads = threads }));
    var runs = Enumerable.Range(0, seeds).Select(seed => CrossValidation.Run(
        pipeline, cancer, new StratifiedKFold(5), [.. names.Select(MetricCatalog.Get)], (ulong)seed)).ToArray();
    return names.Select(name => new Result($"random_forest 5-fold {name}, breast_cancer, mean of {seeds} seeds", "", runs.Average(run => run[name].Mean)));
}

double Median(Action action)
{
    action();
    var seconds = new double[repeats];
    for (var repeat = 0; repeat < repeats; repeat++)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        seconds[repeat] = Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
    Array.Sort(seconds);
    return seconds[repeats / 2];
}

void Print()
{
    if (json)
    {
        var document = new { threads, repeats, processors = Environment.ProcessorCount, results };
        Console.WriteLine(JsonSerializer.Serialize(document, JsonSerializerOptions.Web));
        return;
    }
    Console.WriteLine($"{threads} threads, median of {repeats}");
    foreach (var result in results)
        Console.WriteLine($"{result.Name,-75} {result.Value,12:G5} {result.Unit}");
}

string Option(string name, string usual)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : usual;
}

/// <summary>One figure.</summary>
internal sealed record Result(string Name, string Unit, double Value);
