using System.Text.Json;
using Lode.Learning;
using Lode.TestKit;

namespace Lode.Cli.Tests.AutoMlCommands;

/// <summary>The search from the command line as a process, on data that ship with it, judged by the files it writes and by what other commands see.</summary>
public sealed class AutoMlTests : IDisposable
{
    private readonly TemporaryFolder _home = new();
    private readonly TemporaryFolder _work = new();

    public void Dispose()
    {
        _home.Dispose();
        _work.Dispose();
    }

    internal static string Sample(string name) => Path.Combine(Repository.Root, "samples", "data", name);

    private async Task<(JsonElement Report, string Error)> SearchAsync(params string[] args)
    {
        var (code, output, error) = await LodeProcess.RunInAsync(_work.Path, _home.Path, ["automl", .. args, "--no-serve"]);
        Assert.True(code == 0, $"exit code {code}: {error}");
        return (JsonDocument.Parse(output).RootElement.Clone(), error);
    }

    private async Task<JsonElement> AnswerAsync(params string[] args)
    {
        var (code, output, error) = await LodeProcess.RunInAsync(_work.Path, _home.Path, [.. args, "--json"]);
        Assert.True(code == 0, $"exit code {code}: {error}");
        return JsonDocument.Parse(output).RootElement.Clone();
    }

    [Theory]
    [InlineData("iris", "log_loss", 1.0992, 0.4)]
    [InlineData("glass", "log_loss", 1.4945, 0.75)]
    [InlineData("pima", "log_loss", 0.6468, 0.85)]
    [InlineData("vehicle", "log_loss", 1.3857, 0.6)]
    [InlineData("diabetes", "rmse", 70.5, 0.95)]
    public async Task AutoMl_ShippedData_BeatsTheDummyAndWritesWhatItSays(string set, string metric, double dummy, double share)
    {
        var (train, test) = (Sample($"{set}.train.csv"), Sample($"{set}.test.csv"));
        var (report, _) = await SearchAsync(train, "--target", "target", "--trials", "7", "--preset", "fast", "--test", test, "--predictions", "out.csv", "--out", "model.lode", "--json", "report.json");

        Assert.Equal(report.GetRawText(), JsonDocument.Parse(await File.ReadAllTextAsync(_work["report.json"])).RootElement.GetRawText());
        Assert.Equal(metric, report.GetProperty("metric").GetString());
        var score = report.GetProperty("test").GetProperty("scores").GetProperty(metric).GetDouble();
        Assert.InRange(score, 0, share * dummy);
        Assert.InRange(report.GetProperty("score").GetProperty("corrected").GetDouble(), report.GetProperty("score").GetProperty("low").GetDouble(), report.GetProperty("score").GetProperty("high").GetDouble());

        // The file's predictions, read by nothing of the command's, score what the report says.
        var (truth, predicted) = Read(test, _work["out.csv"], train);
        Assert.Equal(score, MetricCatalog.Get(metric).Score(truth, predicted), 12);
        Assert.Equal(1, report.GetProperty("test").GetProperty("timesScored").GetInt32());

        var (code, again, error) = await LodeProcess.RunInAsync(_work.Path, _home.Path, "predict", "model.lode", test);
        Assert.True(code == 0, error);
        Assert.Equal((await File.ReadAllTextAsync(_work["out.csv"])).ReplaceLineEndings("\n").Trim(), again.ReplaceLineEndings("\n").Trim());

        var runs = (await AnswerAsync("ls", "-p", set, "--limit", "100")).GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(8, runs.Count);
        var parent = runs.Single(run => run.GetProperty("tags").GetProperty("lode.kind").GetString() == "automl");
        Assert.Equal("finished", parent.GetProperty("status").GetString());
        Assert.Equal(report.GetProperty("run").GetString(), parent.GetProperty("id").GetString());
        Assert.Equal(score, parent.GetProperty("metrics").GetProperty($"test_{metric}").GetProperty("last").GetDouble());
        Assert.Equal(report.GetProperty("data").GetProperty("sha256").GetString(), parent.GetProperty("tags").GetProperty("lode.data.sha256").GetString());
        Assert.All(runs.Where(run => run.GetProperty("id").GetString() != parent.GetProperty("id").GetString()), run =>
        {
            Assert.Equal(parent.GetProperty("id").GetString(), run.GetProperty("tags").GetProperty("mlflow.parentRunId").GetString());
            Assert.True(run.GetProperty("params").TryGetProperty("family", out _));
        });
        var html = await File.ReadAllTextAsync(_work[Path.Combine("model-report", "report.html")]);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", string.Concat(html.Split("<svg").Skip(1).Select(part => part.Split("</svg>")[0])), StringComparison.Ordinal);
        foreach (var plot in Directory.GetFiles(_work[Path.Combine("model-report", "plots")], "*.svg"))
            System.Xml.Linq.XDocument.Load(plot);
        var files = await AnswerAsync("artifact", "ls", report.GetProperty("run").GetString()!, "report");
        Assert.Contains("winner.cs", files.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AutoMl_SameTrialsAndSeed_GivesTheSamePredictions_AndAScoredHoldoutIsRemembered()
    {
        string[] args = [Sample("iris.train.csv"), "--target", "target", "--trials", "5", "--preset", "fast", "--seed", "9", "--test", Sample("iris.test.csv"), "--json"];
        var (first, _) = await SearchAsync([.. args[..^1], "--predictions", "one.csv", "--json"]);
        var (second, _) = await SearchAsync([.. args[..^1], "--predictions", "two.csv", "--threads", "1", "--json"]);
        Assert.Equal(await File.ReadAllTextAsync(_work["one.csv"]), await File.ReadAllTextAsync(_work["two.csv"]));
        Assert.Equal(first.GetProperty("score").GetRawText(), second.GetProperty("score").GetRawText());
        Assert.Equal((1, 2), (first.GetProperty("test").GetProperty("timesScored").GetInt32(), second.GetProperty("test").GetProperty("timesScored").GetInt32()));
        Assert.DoesNotContain("was scored before", first.GetProperty("warnings").GetRawText(), StringComparison.Ordinal);
        Assert.Contains("this is time 2 in project iris", second.GetProperty("warnings").GetRawText(), StringComparison.Ordinal);
        // Another project has not seen it.
        var (other, _) = await SearchAsync([.. args[..^1], "--project", "other", "--json"]);
        Assert.Equal(1, other.GetProperty("test").GetProperty("timesScored").GetInt32());
    }

    [Fact]
    public async Task AutoMl_Resume_TriesFirstWhatWasGoodBefore()
    {
        string[] args = [Sample("iris.train.csv"), "--target", "target", "--preset", "fast", "--include", "linear", "--json"];
        var (first, _) = await SearchAsync(["--trials", "9", .. args]);
        var best = first.GetProperty("leaderboard")[0];
        var (second, error) = await SearchAsync(["--trials", "3", "--resume", .. args]);
        Assert.Contains("candidates of earlier searches are tried first", error, StringComparison.Ordinal);
        var tried = second.GetProperty("leaderboard").EnumerateArray().Single(entry => entry.GetProperty("number").GetInt32() == 1);
        Assert.Equal((best.GetProperty("family").GetString(), best.GetProperty("settings").GetRawText()), (tried.GetProperty("family").GetString(), tried.GetProperty("settings").GetRawText()));
        // Another target is another search.
        var (_, none) = await SearchAsync([Sample("iris.train.csv"), "--target", "petal_width_cm", "--project", "iris", "--trials", "2", "--resume", "--include", "dummy", "--json"]);
        Assert.Contains("no earlier search", none, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AutoMl_Threshold_IsInTheReportTheModelAndItsLabels()
    {
        var test = Sample("pima.test.csv");
        var (report, _) = await SearchAsync(Sample("pima.train.csv"), "--target", "target", "--trials", "4", "--preset", "fast", "--threshold", "cost:FP=1,FN=9", "--out", "model.lode", "--test", test, "--json");
        var threshold = report.GetProperty("threshold");
        var value = threshold.GetProperty("value").GetDouble();
        Assert.InRange(value, 0.001, 0.4);
        Assert.True(threshold.GetProperty("score").GetDouble() < threshold.GetProperty("atHalf").GetDouble());
        var (_, labels, _) = await LodeProcess.RunInAsync(_work.Path, _home.Path, "predict", "model.lode", test, "--labels");
        var (_, shares, _) = await LodeProcess.RunInAsync(_work.Path, _home.Path, "predict", "model.lode", test);
        var second = threshold.GetProperty("class").GetString();
        var expected = Lines(shares).Select(line => double.Parse(line.Split(',')[1], System.Globalization.CultureInfo.InvariantCulture) >= value).ToList();
        Assert.Equal(expected, Lines(labels).Select(line => line == second));
        Assert.Equal("held_out", (await SearchAsync(Sample("pima.train.csv"), "--target", "target", "--trials", "3", "--preset", "fast", "--json")).Report.GetProperty("importanceRows").GetString());

        static IEnumerable<string> Lines(string text) => text.ReplaceLineEndings("\n").Trim().Split('\n').Skip(1);
    }

    [Fact]
    public async Task AutoMl_Nested_IsInTextReportAndTracker()
    {
        string[] args = [Sample("pima.train.csv"), "--target", "target", "--trials", "2", "--preset", "fast", "--nested", "2", "--out", "model.lode"];
        var (report, _) = await SearchAsync([.. args, "--json"]);
        var nested = report.GetProperty("nested");
        Assert.Equal((2, 4), (nested.GetProperty("folds").GetArrayLength(), nested.GetProperty("candidates").GetInt32()));
        Assert.InRange(nested.GetProperty("mean").GetDouble(), 0.3, 0.67);
        var run = await AnswerAsync("show", "automl-target", "-p", "pima");
        Assert.Equal(nested.GetProperty("mean").GetDouble(), run.GetProperty("metrics").GetProperty("nested_log_loss").GetProperty("last").GetDouble());
        Assert.Equal("2", run.GetProperty("params").GetProperty("nested").GetString());
        foreach (var file in (string[])["report.html", "report.md"])
            Assert.Contains(" by nested cross-validation 0.", await File.ReadAllTextAsync(_work[Path.Combine("model-report", file)]), StringComparison.Ordinal);
        var (code, output, error) = await LodeProcess.RunInAsync(_work.Path, _home.Path, ["automl", .. args, "--no-track", "--no-serve"]);
        Assert.True(code == 0, error);
        Assert.Contains("2 outer folds, each searched anew (4 candidates in all)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AutoMl_Quantiles_AreInPredictionsModelAndReport()
    {
        var test = Sample("diabetes.test.csv");
        var (report, _) = await SearchAsync(Sample("diabetes.train.csv"), "--target", "target", "--trials", "5", "--preset", "fast", "--quantiles", "0.1,0.5,0.9", "--test", test, "--predictions", "out.csv", "--out", "model.lode", "--json");
        Assert.Equal("pinball_loss", report.GetProperty("metric").GetString());
        var quantiles = report.GetProperty("quantiles");
        Assert.Equal(0.8, quantiles.GetProperty("nominal").GetDouble(), 12);
        var (truth, predicted) = (((NumericColumn)CsvReader.Read(test)["target"]).Values.ToArray(), CsvReader.Read(_work["out.csv"]));
        Assert.Equal(["q0.1", "q0.5", "q0.9"], predicted.Columns.Select(column => column.Name));
        double[][] said = [.. predicted.Columns.Select(column => ((NumericColumn)column).Values.ToArray())];
        Assert.All(Enumerable.Range(0, truth.Length), row => Assert.True(said[0][row] <= said[1][row] && said[1][row] <= said[2][row]));
        Assert.Equal(Enumerable.Range(0, truth.Length).Count(row => truth[row] >= said[0][row] && truth[row] <= said[2][row]) / (double)truth.Length, quantiles.GetProperty("test").GetProperty("covered").GetDouble(), 12);
        Assert.InRange(quantiles.GetProperty("outOfFold").GetProperty("covered").GetDouble(), 0.65, 0.92);
        // The losses of the levels are what the metric is the mean of.
        Assert.Equal(report.GetProperty("test").GetProperty("scores").GetProperty("pinball_loss").GetDouble(), quantiles.GetProperty("test").GetProperty("pinball").EnumerateArray().Average(loss => loss.GetDouble()), 9);

        var (_, again, _) = await LodeProcess.RunInAsync(_work.Path, _home.Path, "predict", "model.lode", test);
        Assert.Equal((await File.ReadAllTextAsync(_work["out.csv"])).ReplaceLineEndings("\n").Trim(), again.ReplaceLineEndings("\n").Trim());
        var json = (await AnswerAsync("predict", "model.lode", test)).GetProperty("predictions")[0];
        Assert.Equal(said[2][0], json.GetProperty("q0.9").GetDouble());
        Assert.Equal(3, (await AnswerAsync("predict", "model.lode", "--describe")).GetProperty("quantiles").GetArrayLength());
        var (code, _, error) = await LodeProcess.RunInAsync(_work.Path, _home.Path, "predict", "model.lode", test, "--labels");
        Assert.Equal(2, code);
        Assert.Contains("--labels is for classes", error, StringComparison.Ordinal);
        var run = await AnswerAsync("show", "automl-target", "-p", "diabetes");
        Assert.Equal(quantiles.GetProperty("outOfFold").GetProperty("covered").GetDouble(), run.GetProperty("metrics").GetProperty("interval_coverage").GetProperty("last").GetDouble());
        Assert.Contains("80 % wanted", await File.ReadAllTextAsync(_work[Path.Combine("model-report", "report.html")]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AutoMl_SharedRowsDriftAndDates_AreWarnedOf()
    {
        var rng = new Lode.Core.Rng(5);
        string Row(int i, double shift) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{new DateTime(2020, 1, 1).AddDays(i):yyyy-MM-dd},{rng.NextGaussian() + shift:R},{rng.NextGaussian():R},{(rng.NextDouble() < 0.5 ? "a" : "b")}");
        string[] train = [.. Enumerable.Range(0, 120).Select(i => Row(i, 0))];
        await File.WriteAllLinesAsync(_work["train.csv"], train.Prepend("day,moved,still,y"));
        await File.WriteAllLinesAsync(_work["test.csv"], Enumerable.Range(200, 60).Select(i => Row(i, 3)).Append(train[4]).Prepend("day,moved,still,y"));
        var (report, _) = await SearchAsync("train.csv", "--target", "y", "--trials", "2", "--preset", "fast", "--test", "test.csv", "--json");
        var warnings = report.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()!).ToList();
        Assert.Contains(warnings, warning => warning.StartsWith("1 of 61 rows of test.csv are rows of train.csv too, target included (row 61)", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains("in column 'moved' (values, distance", StringComparison.Ordinal) && !warning.Contains("'still'", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.Contains("'day' is a date", StringComparison.Ordinal) && warning.Contains("--time day", StringComparison.Ordinal));
        var (ordered, _) = await SearchAsync("train.csv", "--target", "y", "--trials", "2", "--preset", "fast", "--time", "day", "--json");
        Assert.DoesNotContain("--time day", ordered.GetProperty("warnings").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AutoMl_TestWithoutTarget_IsPredictedAndNotScored()
    {
        var rows = (await File.ReadAllLinesAsync(Sample("iris.test.csv"))).Select(line => line[..line.LastIndexOf(',')]);
        await File.WriteAllLinesAsync(_work["new.csv"], rows);
        var (report, _) = await SearchAsync(Sample("iris.train.csv"), "--target", "target", "--trials", "3", "--preset", "fast", "--test", "new.csv", "--predictions", "out.csv", "--json");
        Assert.False(report.GetProperty("test").TryGetProperty("scores", out _));
        Assert.Equal(0, report.GetProperty("test").GetProperty("timesScored").GetInt32());
        var lines = await File.ReadAllLinesAsync(_work["out.csv"]);
        Assert.Equal(("setosa,versicolor,virginica", 39), (lines[0], lines.Length));
        Assert.All(lines.Skip(1), line => Assert.Equal(1, line.Split(',').Sum(cell => double.Parse(cell, System.Globalization.CultureInfo.InvariantCulture)), 9));
    }

    [Fact]
    public async Task AutoMl_MissingTargets_AreRefusedByRow_OrLeftOut()
    {
        await File.WriteAllTextAsync(_work["t.csv"], "x,y\n" + string.Concat(Enumerable.Range(0, 30).Select(row => $"{row},{(row is 4 or 7 ? "" : row % 2 == 0 ? "a" : "b")}\n")));
        var (code, output, error) = await LodeProcess.RunInAsync(_work.Path, _home.Path, "automl", "t.csv", "--target", "y", "--trials", "2");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("missing in 2 of 30 rows: row 5, 8", error, StringComparison.Ordinal);
        Assert.Contains("--drop-missing-target", error, StringComparison.Ordinal);
        var (report, _) = await SearchAsync("t.csv", "--target", "y", "--trials", "2", "--drop-missing-target", "--json");
        Assert.Equal(28, report.GetProperty("data").GetProperty("rows").GetInt32());
        Assert.Contains("2 of 30 rows have no target", report.GetProperty("warnings").GetRawText(), StringComparison.Ordinal);
    }

    /// <summary>Columns that are odd are warned of by their names, and what the second file brings that the first had not is taken or named.</summary>
    [Fact]
    public async Task AutoMl_OddData_IsWarnedOf_AndPredictedOrNamed()
    {
        string Row(int row) => $"{Math.Sin(row):F4},{Math.Sin(row):F4},,7,{"uvw"[row % 3]},2024-01-{1 + (row % 28):00},{(row == 9 ? "R" : row % 2 == 0 ? "P" : "Q")},{(row == 9 ? "rare" : row % 2 == 0 ? "a" : "b")}";
        await File.WriteAllLinesAsync(_work["odd.csv"], ["x,twin,gone,same,c,when,code,y", .. Enumerable.Range(0, 60).Select(Row)]);
        var (report, _) = await SearchAsync("odd.csv", "--target", "y", "--trials", "2", "--preset", "fast", "--folds", "50", "--out", "odd.lode", "--json");
        var warnings = report.GetProperty("warnings").GetRawText();
        foreach (var expected in new[] { "'same' has the same value", "'gone' has no value", "'twin' equals column 'x'", "'code' tells the target 'y'", "1 row of class 'rare'" })
            Assert.Contains(expected.Replace("'", "\\u0027", StringComparison.Ordinal), warnings.Replace("'", "\\u0027", StringComparison.Ordinal), StringComparison.Ordinal);
        async Task<(int Code, string Out, string Error)> PredictAsync(string row)
        {
            await File.WriteAllTextAsync(_work["new.csv"], "x,twin,gone,same,c,when,code\n" + row + "\n");
            return await LodeProcess.RunInAsync(_work.Path, _home.Path, "predict", "odd.lode", "new.csv", "--labels");
        }
        var taken = await PredictAsync("1,1,,7,never,2031-05-05,Z\n,,5,,,,");
        Assert.True(taken.Code == 0, taken.Error);
        Assert.Equal(3, taken.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        foreach (var (row, message) in new[] { ("much,1,,7,u,2024-01-01,P", "line 2, column 1 ('x'): 'much' is not a number"), ("1,1,,7,u,soon,P", "line 2, column 6 ('when'): 'soon' is not a date"), ("1,1,,inf,u,2024-01-01,P", "column 'same' is infinite in row 1") })
        {
            var (code, output, error) = await PredictAsync(row);
            Assert.Equal((2, ""), (code, output));
            Assert.Contains(message, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AutoMl_StoreThatCannotBeUsed_SearchesAllTheSame()
    {
        await File.WriteAllTextAsync(_work["file"], "");
        var (code, output, error) = await LodeProcess.RunInAsync(_work.Path, _home.Path, "automl", Sample("iris.train.csv"), "--target", "target", "--trials", "2", "--home", _work[Path.Combine("file", "home")]);
        Assert.True(code == 0, error);
        Assert.Contains("nothing is recorded", error, StringComparison.Ordinal);
        Assert.Contains("winner:", output, StringComparison.Ordinal);
        Assert.True(File.Exists(_work["model.lode"]));
    }

    [Fact]
    public async Task AutoMl_Budget_IsKept()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var (report, _) = await SearchAsync(Sample("pima.train.csv"), "--target", "target", "--budget", "4s", "--json");
        var spent = report.GetProperty("spent");
        double Seconds(string part) => spent.GetProperty(part).GetDouble();
        Assert.InRange(Seconds("models") + Seconds("search") + Seconds("ensemble"), 0.8 * report.GetProperty("searchSeconds").GetDouble(), 1.01 * report.GetProperty("searchSeconds").GetDouble());
        Assert.Equal((Seconds("search") + Seconds("ensemble") + Seconds("tracking")) / report.GetProperty("searchSeconds").GetDouble(), Seconds("overhead"), 9);
        // A busy machine may take seconds to start and end the process; the search itself may not.
        Assert.InRange(report.GetProperty("searchSeconds").GetDouble(), 1, 4.5);
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(2.5), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task AutoMl_CtrlC_KeepsTheBestSoFar()
    {
        using var search = LodeProcess.Start(_home.Path, "automl", Sample("vehicle.train.csv"), "--target", "target", "--budget", "10m", "--out", _work["model.lode"], "--no-serve");
        await search.UntilAsync(process => process.Error.Contains("best log_loss", StringComparison.Ordinal));
        var (code, output, error) = await search.InterruptAsync();
        Assert.Equal(130, code);
        Assert.Contains("interrupted: the best so far is kept", error, StringComparison.Ordinal);
        Assert.Contains("winner:", output, StringComparison.Ordinal);
        var (predicted, _, _) = await LodeProcess.RunAsync(_home.Path, "predict", _work["model.lode"], Sample("vehicle.test.csv"));
        Assert.Equal(0, predicted);
        var parent = await AnswerAsync("show", "automl-target", "-p", "vehicle");
        Assert.Equal("killed", parent.GetProperty("status").GetString());
        Assert.Equal(0, (await AnswerAsync("ls", "-p", "vehicle", "status:running")).GetProperty("total").GetInt32());
        Assert.Equal(0, (await AnswerAsync("predict", "@last", "--describe")).GetProperty("target").GetString()!.CompareTo("target"));
    }

    [Fact]
    public async Task AutoMl_SecondCtrlC_EndsAtOnceWithoutAModel()
    {
        using var search = LodeProcess.Start(_home.Path, "automl", Sample("vehicle.train.csv"), "--target", "target", "--budget", "10m", "--out", _work["model.lode"], "--no-serve");
        await search.UntilAsync(process => process.Error.Contains("best log_loss", StringComparison.Ordinal));
        // Two signals at once would be one: the second follows while the first is still being obeyed.
        var (code, output, _) = await search.InterruptTwiceAsync();
        Assert.Equal(130, code);
        Assert.DoesNotContain("winner:", output, StringComparison.Ordinal);
        Assert.False(File.Exists(_work["model.lode"]));
    }

    [Fact]
    public async Task AutoMl_WhileItRuns_CandidatesAreSeenLive()
    {
        using var search = LodeProcess.Start(_home.Path, "automl", Sample("vehicle.train.csv"), "--target", "target", "--budget", "10m", "--port", "0");
        await search.UntilAsync(process => process.Error.Contains("best log_loss", StringComparison.Ordinal));
        var runs = (await AnswerAsync("ls", "-p", "vehicle", "--limit", "1000")).GetProperty("runs").EnumerateArray().ToList();
        Assert.Contains(runs, run => run.GetProperty("name").GetString() == "000-dummy" && run.GetProperty("status").GetString() == "finished");
        var parent = runs.Single(run => run.GetProperty("name").GetString() == "automl-target");
        Assert.Equal("running", parent.GetProperty("status").GetString());
        Assert.True(parent.GetProperty("metrics").TryGetProperty("best_log_loss", out _));
        Assert.Equal(130, (await search.InterruptAsync()).Code);
    }

    private static (Target Truth, Predictions Predicted) Read(string test, string predictions, string train)
    {
        var trained = Dataset.Of(CsvReader.Read(train), "target").Target;
        var (truth, predicted) = (CsvReader.Read(test)["target"], CsvReader.Read(predictions));
        var values = Enumerable.Range(0, predicted.Rows).SelectMany(row => predicted.Columns.Select(column => ((NumericColumn)column).Values[row])).ToArray();
        if (trained.Task == TaskKind.Regression)
        {
            Assert.Equal(["target"], predicted.Columns.Select(column => column.Name));
            return (Target.Of(truth, TaskKind.Regression), new Predictions(values, []));
        }
        Assert.Equal(trained.Classes, predicted.Columns.Select(column => column.Name));
        var labels = Enumerable.Range(0, truth.Count).Select(row => trained.Classes.ToList().IndexOf(((CategoricalColumn)truth).Levels[((CategoricalColumn)truth).Codes[row]])).ToArray();
        return (Target.Classification("target", labels, trained.Classes), new Predictions(values, trained.Classes));
    }
}
