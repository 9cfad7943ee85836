using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lode.Bench.Learning;
using Lode.Core;
using Lode.Learning;

// Usage: Lode.Bench.Learning --train A.csv --test B.csv --learner NAME [--task binary|multiclass|regression] [--params JSON] [--native]
//          [--threads N] [--repeat N] [--seed N] [--json]
//        One learner on any two files with a column 'target': min of the repeats, see CsvBench. --native: missing values and categories stay.
// Or:    Lode.Bench.Learning csv [--megabytes N] [--repeat N]
//        Reads a made CSV file.
// Or:    Lode.Bench.Learning [--json] [--threads N] [--repeats N] [--csv FILE]
// Median of the repeats after one that warms up: wall seconds, and CPU seconds of all threads, which load on the machine disturbs less.
// The scores show that the work was done.
if (args is ["csv", ..])
{
    CsvReadBench.Run(args[1..]);
    return 0;
}
var json = args.Contains("--json");
var threads = int.Parse(Option("--threads", "2"), CultureInfo.InvariantCulture);
if (args.Contains("--train"))
{
    var bench = new CsvBench(new CsvBenchOptions(Option("--train", ""), Option("--test", ""), Option("--task", "auto") switch
    {
        "binary" or "multiclass" or "classification" => TaskKind.Classification,
        "regression" => TaskKind.Regression,
        _ => null,
    }, Option("--learner", "hist_gb"), args.Contains("--params") ? Option("--params", "{}") : null, args.Contains("--native"), threads,
        int.Parse(Option("--repeat", "3"), CultureInfo.InvariantCulture), ulong.Parse(Option("--seed", "0"), CultureInfo.InvariantCulture)));
    var row = bench.Run();
    if (json)
        Console.WriteLine(row.ToJsonString());
    else
        Console.WriteLine(string.Join(Environment.NewLine, row.Select(pair => $"{pair.Key,-14} {pair.Value}")));
    return 0;
}
var repeats = int.Parse(Option("--repeats", "5"), CultureInfo.InvariantCulture);
var path = Option("--csv", Path.Combine("samples", "data", "breast_cancer.csv"));
var results = new List<Result>();

var cancer = Dataset.Of(CsvReader.Read(path), "diagnosis");
results.AddRange(Fit("breast_cancer", new TrainingData(FeatureMatrix.Of(cancer.Features), cancer.Target)));
results.AddRange(Fit("made_20000x20", Made.Classification(20_000, 20, 1)));
results.Add(ReadCsv());
results.AddRange(CrossValidate());
Print();
return 0;

IEnumerable<Result> Fit(string name, TrainingData data)
{
    var forest = new RandomForest();
    ForestModel? model = null;
    yield return Timed($"random_forest fit, 100 trees, {name}", () => model = forest.Fit(data, new FitContext(new Rng(1), threads)));
    yield return new Result($"random_forest nodes, {name}", "nodes", model!.NodeCount);
    var output = new double[data.Target.Rows * data.Target.Classes.Count];
    yield return Timed($"random_forest predict, {data.Target.Rows} rows, {name}", () => model.Predict(data.Features, output, threads));
    var logistic = new LogisticRegression();
    yield return Timed($"logistic fit, {name}", () => logistic.Fit(data));
}

Result ReadCsv()
{
    var data = Made.Classification(20_000, 20, 1).Features;
    var text = new StringBuilder().AppendJoin(',', data.Names).AppendLine();
    for (var row = 0; row < data.Rows; row++)
        text.AppendJoin(',', data.Row(row).ToArray().Select(value => value.ToString("F6", CultureInfo.InvariantCulture))).AppendLine();
    var bytes = Encoding.UTF8.GetBytes(text.ToString());
    return Timed($"csv read, {bytes.Length / 1e6:F1} MB of numbers", () => CsvReader.Read(new MemoryStream(bytes), "made"));
}

IEnumerable<Result> CrossValidate()
{
    const int seeds = 10;
    string[] names = ["log_loss", "roc_auc", "accuracy"];
    var pipeline = new Pipeline([], new RandomForest());
    var runs = Enumerable.Range(0, seeds).Select(seed => CrossValidation.Run(
        pipeline, cancer, new StratifiedKFold(5), [.. names.Select(MetricCatalog.Get)], (ulong)seed, threads: threads)).ToArray();
    return names.Select(name => new Result($"random_forest 5-fold {name}, breast_cancer, mean of {seeds} seeds", "", runs.Average(run => run[name].Mean)));
}

(double Wall, double Cpu) Median(Action action)
{
    action();
    var (wall, cpu) = (new double[repeats], new double[repeats]);
    for (var repeat = 0; repeat < repeats; repeat++)
    {
        var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        action();
        wall[repeat] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cpu[repeat] = (Environment.CpuUsage.TotalTime - used).TotalSeconds;
    }
    Array.Sort(wall);
    Array.Sort(cpu);
    return (wall[repeats / 2], cpu[repeats / 2]);
}

Result Timed(string name, Action action)
{
    var (wall, cpu) = Median(action);
    return new Result(name, "s", wall, cpu);
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
        Console.WriteLine($"{result.Name,-75} {result.Value,12:G5} {result.Unit,-5} {result.Cpu,10:G4}{(result.Cpu is null ? "" : " s cpu")}");
}

string Option(string name, string usual)
{
    var at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : usual;
}

/// <summary>One figure; for times, wall and CPU seconds.</summary>
internal sealed record Result(string Name, string Unit, double Value, double? Cpu = null);
