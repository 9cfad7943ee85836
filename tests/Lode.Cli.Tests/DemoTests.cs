using System.Text.Json;
using Lode.TestKit;

namespace Lode.Cli.Tests;

/// <summary>The demo end to end, as a process, judged by its JSON and by what other commands see afterwards.</summary>
public sealed class DemoTests : IDisposable
{
    private readonly TemporaryFolder _home = new();

    public void Dispose() => _home.Dispose();

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private async Task<JsonElement> AnswerAsync(params string[] args)
    {
        var (code, output, error) = await LodeProcess.RunAsync(_home.Path, [.. args, "--json"]);
        Assert.True(code == 0, $"exit code {code}: {error}");
        return Json(output);
    }

    [Fact]
    public async Task Demo_TracksTunesAndJudges()
    {
        var report = await AnswerAsync("demo", "--no-serve", "--port", "0");

        Assert.Equal((569, 30, 143), (report.GetProperty("data").GetProperty("rows").GetInt32(), report.GetProperty("data").GetProperty("columns").GetInt32(), report.GetProperty("data").GetProperty("holdoutRows").GetInt32()));
        var candidates = report.GetProperty("candidates").EnumerateArray().ToDictionary(candidate => candidate.GetProperty("name").GetString()!);
        Assert.Equal(["dummy", "logistic-regression", "random-forest", "random-forest-tuned"], candidates.Keys);
        double Loss(string name) => candidates[name].GetProperty("logLoss").GetDouble();
        Assert.InRange(Loss("dummy"), 0.65, 0.67); // the entropy of 357 against 212
        Assert.All(candidates.Keys.Skip(1), name => Assert.InRange(Loss(name), 0.02, 0.3));
        var winner = report.GetProperty("winner").GetString()!;
        Assert.Equal(candidates.Keys.MinBy(Loss), winner);
        var holdout = report.GetProperty("holdout");
        Assert.InRange(holdout.GetProperty("rocAuc").GetDouble(), 0.95, 1);
        Assert.InRange(holdout.GetProperty("accuracy").GetDouble(), 0.9, 1);
        var trials = report.GetProperty("trials");
        Assert.Equal(40, trials.GetProperty("complete").GetInt32() + trials.GetProperty("pruned").GetInt32());
        Assert.InRange(trials.GetProperty("pruned").GetInt32(), 1, 30);

        var runs = (await AnswerAsync("ls", "-p", "demo", "--limit", "100")).GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(45, runs.Count);
        Assert.All(runs, run => Assert.Equal("finished", run.GetProperty("status").GetString()));
        Assert.Equal(trials.GetProperty("pruned").GetInt32(), runs.Count(run => run.GetProperty("tags").TryGetProperty("lode.trial.state", out var state) && state.GetString() == "pruned"));
        var trial = runs.Single(run => run.GetProperty("name").GetString() == "trial-0");
        Assert.Equal("100", trial.GetProperty("params").GetProperty("n_estimators").GetString());
        Assert.Equal(5, trial.GetProperty("metrics").GetProperty("fold_log_loss").GetProperty("count").GetInt32());
        Assert.Equal("trial", trial.GetProperty("tags").GetProperty("lode.kind").GetString());
        Assert.True(trial.GetProperty("tags").TryGetProperty("lode.env.os", out _));
        Assert.True(trial.GetProperty("metrics").TryGetProperty("fit_seconds", out _));
        var judged = runs.Where(run => run.GetProperty("metrics").TryGetProperty("holdout_log_loss", out _)).ToList();
        Assert.Equal(holdout.GetProperty("run").GetString(), Assert.Single(judged).GetProperty("id").GetString());
        Assert.Equal(1, judged[0].GetProperty("metrics").GetProperty("holdout_log_loss").GetProperty("count").GetInt32());
        Assert.Empty(Directory.GetFiles(_home["journal"]));

        var compared = await AnswerAsync("compare", "-p", "demo", "--by", "cv_log_loss", "--top", "3");
        Assert.Equal("minimize", compared.GetProperty("goal").GetString());
        Assert.Equal(Loss(winner), double.Parse(compared.GetProperty("rows")[0].GetProperty("values").GetProperty("metrics.cv_log_loss").GetString()!, System.Globalization.CultureInfo.InvariantCulture));
        var shown = await AnswerAsync("show", "@best:cv_log_loss", "-p", "demo");
        Assert.Equal(Loss(winner), shown.GetProperty("metrics").GetProperty("cv_log_loss").GetProperty("last").GetDouble());
    }

    [Fact]
    public async Task Demo_Twice_AddsRunsAndGivesTheSameNumbers()
    {
        // Four processors' worth of workers and one must agree: the study is repeatable.
        var numbers = new List<string>();
        foreach (var cpus in new[] { "4", "1" })
        {
            Environment.SetEnvironmentVariable("DOTNET_PROCESSOR_COUNT", cpus);
            try
            {
                var report = await AnswerAsync("demo", "--no-serve", "--port", "0", "--seed", "7", "--trials", "12");
                numbers.Add(string.Join('\n', report.GetProperty("candidates").EnumerateArray().Select(candidate => $"{candidate.GetProperty("name")} {candidate.GetProperty("params")} {candidate.GetProperty("logLoss").GetRawText()} {candidate.GetProperty("rocAuc").GetRawText()}"))
                    + report.GetProperty("trials").GetRawText() + report.GetProperty("holdout").GetProperty("logLoss").GetRawText());
            }
            finally
            {
                Environment.SetEnvironmentVariable("DOTNET_PROCESSOR_COUNT", null);
            }
        }
        Assert.Equal(numbers[0], numbers[1]);
        Assert.Equal(2 * (3 + 1 + 12 + 1), (await AnswerAsync("ls", "-p", "demo")).GetProperty("all").GetInt32());
    }

    [Fact]
    public async Task Demo_Killed_LosesNoFinishedTrial_AndShowsTheOthersAsStale()
    {
        using var demo = LodeProcess.Start(_home.Path, "demo", "--no-serve", "--port", "0", "--trials", "5000");
        await demo.UntilAsync(_ => FinishedTrials() >= 6);
        await demo.KillAsync();
        var onDisk = JournalsWithoutEnd();

        var runs = (await AnswerAsync("ls", "-p", "demo", "--limit", "10000")).GetProperty("runs").EnumerateArray().ToList();
        string Status(JsonElement run) => run.GetProperty("status").GetString()!;
        Assert.DoesNotContain(runs, run => Status(run) == "running");
        var stale = runs.Where(run => Status(run) == "stale").ToList();
        Assert.Equal(onDisk.Order(), stale.Select(run => run.GetProperty("id").GetString()).Order());
        Assert.Contains(stale, run => run.GetProperty("name").GetString() == "tune");
        var finished = runs.Where(run => Status(run) == "finished" && run.GetProperty("tags").TryGetProperty("lode.trial.state", out var state) && state.GetString() == "complete").ToList();
        Assert.True(finished.Count >= 3, $"{finished.Count} finished trials");
        Assert.All(finished, run => Assert.Equal(5, run.GetProperty("metrics").GetProperty("fold_log_loss").GetProperty("count").GetInt32()));
        Assert.All(finished, run => Assert.True(run.GetProperty("metrics").TryGetProperty("cv_log_loss", out _)));

        // And the folder is as good as new.
        await AnswerAsync("demo", "--no-serve", "--port", "0", "--trials", "2");
    }

    [Fact]
    public async Task Demo_Interrupted_SaysSo_AndLeavesNoRunOpen()
    {
        using var demo = LodeProcess.Start(_home.Path, "demo", "--no-serve", "--port", "0", "--trials", "5000");
        await demo.UntilAsync(_ => FinishedTrials() >= 2);
        var (code, _, error) = await demo.InterruptAsync();
        Assert.Equal(130, code);
        Assert.Contains("interrupted", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        var runs = (await AnswerAsync("ls", "-p", "demo", "status:running")).GetProperty("total").GetInt32();
        Assert.Equal(0, runs);
        Assert.Equal(0, (await AnswerAsync("ls", "-p", "demo", "status:stale")).GetProperty("total").GetInt32());
    }

    // Journals vanish once the store has them, so finished trials are counted by what is gone: numbers seen minus still open.
    private readonly HashSet<string> _seen = [];

    private int FinishedTrials()
    {
        if (!Directory.Exists(_home["journal"]))
            return 0;
        var open = Directory.GetFiles(_home["journal"]).ToHashSet();
        _seen.UnionWith(open);
        return _seen.Count - open.Count - 3;
    }

    private List<string> JournalsWithoutEnd() => [.. Directory.GetFiles(_home["journal"], "*.jsonl")
        .Where(file => File.ReadAllText(file) is var text && text.Contains('\n', StringComparison.Ordinal) && !text.Contains("\"e\":\"finish\"", StringComparison.Ordinal))
        .Select(file => Path.GetFileNameWithoutExtension(file))];
}
