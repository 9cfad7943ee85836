using Lode.Core;
using Lode.Learning;
using Lode.Optimization;
using Lode.Storage;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Cli.Tests.Docs;

/// <summary>The C# of the documentation, run as it stands there.</summary>
public sealed class Snippets : IDisposable
{
    private readonly TextWriter _console = System.Console.Out;
    private readonly StringWriter _output = new();
    private readonly string _folder = Environment.CurrentDirectory;

    public Snippets()
    {
        System.Console.SetOut(_output);
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "Lode.slnx")))
            root = root.Parent;
        Environment.CurrentDirectory = root.FullName;
    }

    public void Dispose()
    {
        System.Console.SetOut(_console);
        Environment.CurrentDirectory = _folder;
    }

    [Fact]
    public void Tuning()
    {
        var study = new Study(new StudyOptions
        {
            Space = new SearchSpace(
            [
                new FloatParameter("lr", 1e-5, 1e-1, log: true),
                new CategoricalParameter("optimizer", "adam", "sgd"),
                new FloatParameter("momentum", 0, 0.99) { When = new Condition("optimizer", ["sgd"]) },
            ]),
            Pruner = new PercentilePruner(),
            Seed = 1,
        });
        study.Optimize(
            trial =>
            {
                var loss = 1.0;
                for (var epoch = 0; epoch < 10; epoch++)
                {
                    loss = Math.Pow(Math.Log10(trial.Params.Float("lr")) + 3, 2) + (1.0 / (epoch + 1));
                    trial.Report(epoch, loss);
                    if (trial.ShouldPrune())
                        return Outcome.Pruned;
                }
                return loss;
            },
            new OptimizeOptions { Trials = 50, Parallel = 2 });
        Console.WriteLine($"{study.Best!.Params}: {study.Best.Values[0]}");

        Assert.Equal(50, study.Trials.Count);
        Assert.InRange(study.Best.Values[0], 0.1, 0.2);
        Assert.Contains("lr=", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Learning()
    {
        var data = Dataset.Of(CsvReader.Read("samples/data/breast_cancer.csv"), "diagnosis");
        var split = new Holdout(0.25).Split(data, seed: 1)[0];
        var (train, holdout) = (data.Select(split.Train), data.Select(split.Test));
        var pipeline = Pipeline.Default(LearnerCatalog.Create("random_forest", new Dictionary<string, object?> { ["n_estimators"] = 50 }));
        var scores = CrossValidation.Run(pipeline, train, new StratifiedKFold(5), [MetricCatalog.Get("log_loss")], seed: 1);
        Console.WriteLine($"{scores["log_loss"].Mean:0.000} ± {scores["log_loss"].StandardError:0.000}");
        var predicted = pipeline.Fit(train, seed: 1).Predict(holdout.Features);
        Console.WriteLine(MetricCatalog.Get("roc_auc").Score(holdout.Target, predicted));

        Assert.InRange(scores["log_loss"].Mean, 0.05, 0.4);
        Assert.Equal(2, _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task LoggingFiles()
    {
        using var folder = new TemporaryFolder();
        await using var database = SqliteDatabase.Open(folder["lode.db"]);
        var (store, journalFolder, stream) = (new SqlRunStore(database, TimeProvider.System), folder["journal"], new MemoryStream([1, 2, 3]));
        var artifacts = new SqlArtifactStore(database, new FolderBlobStore(folder["artifacts"]), TimeProvider.System);
        {
            await using var tracker = new Tracker(store, journalFolder, TimeProvider.System, Console.WriteLine, artifacts);
            var run = tracker.Start("project");
            run.LogArtifact("samples/data/breast_cancer.csv");           // a file, or a folder with all that is below it; it keeps its name
            run.LogArtifact("samples/data/breast_cancer.csv", "inputs"); // into a folder of the run
            run.LogText("notes/report.md", "# Done");
            run.LogArtifact("plots/roc.bin", stream);
            run.Finish();
        }
        var stored = Assert.Single((await store.SearchRunsAsync(new RunQuery { Projects = [new ProjectId(1)] }, default)).Runs);
        var files = await artifacts.ListAsync(ArtifactPath.OfUri(stored.ArtifactUri)!, default);
        Assert.Equal(["breast_cancer.csv", "inputs", "notes", "plots"], files.Select(file => file.Name));
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public void Trees()
    {
        var data = Dataset.Of(CsvReader.Read("samples/data/breast_cancer.csv"), "diagnosis");
        var boosting = LearnerCatalog.Create("hist_gb", new Dictionary<string, object?> { ["max_iter"] = 50, ["monotonic_cst"] = "mean_radius:1" });
        var scores = CrossValidation.Run(new Pipeline([], boosting), data, new StratifiedKFold(5), [MetricCatalog.Get("roc_auc")], seed: 1);
        Console.WriteLine($"{scores["roc_auc"].Mean:0.000}");

        Assert.InRange(scores["roc_auc"].Mean, 0.97, 1);
    }

    [Fact]
    public void Automating()
    {
        var train = Dataset.Of(CsvReader.Read("samples/data/iris.train.csv"), "target");
        var found = AutoMl.Fit(train, new AutoMlOptions { Trials = 8 }); // or Budget = TimeSpan.FromMinutes(1)
        Console.WriteLine($"{found.Metric.Name} {found.Score.Corrected:0.000}, {found.Score.Low:0.000} to {found.Score.High:0.000}");
        var worth = PermutationImportance.Of(found.Predictor, train, found.Metric);
        Console.WriteLine($"{worth[0].Column} matters most");
        var file = new ModelBundle(found.Predictor, "automl").ToBytes();

        Assert.StartsWith("log_loss 0.", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("petal_", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal(found.Predictor.Predict(train.Features).Values.ToArray(), ModelBundle.FromBytes(file).Predictor.Predict(train.Features).Values.ToArray());
    }

    [Fact]
    public async Task Resuming()
    {
        using var folder = new TemporaryFolder();
        await using var database = SqliteDatabase.Open(folder["lode.db"]);
        var (store, journalFolder, id, ct) = (new SqlRunStore(database, TimeProvider.System), folder["journal"], RunId.New(), CancellationToken.None);
        await using (var first = new Tracker(store, journalFolder, TimeProvider.System, Console.WriteLine))
        {
            var attempt = await first.ResumeRunAsync(id, ResumeMode.New, "project", "name", ct);
            attempt.Log(1000, ("loss", 0.5));
            attempt.Log(1001, ("loss", 0.4));
        }
        {
            await using var tracker = new Tracker(store, journalFolder, TimeProvider.System, Console.WriteLine);
            var run = await tracker.ResumeRunAsync(id, ResumeMode.Allow, "project", "name", ct); // goes on with it, or starts it: also while the store is away
            run.Rewind(step: 1000);                                                              // from a checkpoint: its tail is cut
            run.Log(1001, ("loss", 0.25));
            run.Finish();

            await tracker.FlushAsync(ct);
        }
        var stored = await store.GetRunAsync(id, ct);
        Assert.Equal((RunStatus.Finished, 2, 0.25), (stored.Status, stored.Metrics["loss"].Count, stored.Metrics["loss"].Last));
        Assert.Equal("", _output.ToString());
    }
}
