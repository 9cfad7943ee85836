using Lode.TestKit;

namespace Lode.Cli.Tests.AutoMlCommands;

public sealed class AutoMlMisuseTests : IDisposable
{
    private readonly TemporaryFolder _work = new();

    public AutoMlMisuseTests()
    {
        File.WriteAllText(_work["t.csv"], "x,y,one\n" + string.Concat(Enumerable.Range(0, 20).Select(row => $"{row},{(row % 2 == 0 ? "a" : "b")},same\n")));
        File.WriteAllText(_work["other.csv"], "z,y\n1,a\n");
        File.WriteAllText(_work["bad.csv"], "x,one\nlots,same\n");
        File.WriteAllText(_work["inf.csv"], "x,y\n" + string.Concat(Enumerable.Range(0, 20).Select(row => $"{(row == 11 ? "-inf" : row)},{(row % 2 == 0 ? "a" : "b")}\n")));
        File.WriteAllText(_work["few.csv"], "x,y\n1,a\n2,b\n3,a\n");
        File.WriteAllText(_work["twice.csv"], "x,x,y\n1,2,a\n");
        File.WriteAllText(_work["junk.lode"], "not a model");
    }

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("did you mean 'y'?", "t.csv", "--target", "yy")]
    [InlineData("'one' is same in every row", "t.csv", "--target", "one")]
    [InlineData("exclude each other", "t.csv", "--target", "y", "--budget", "5s", "--trials", "3")]
    [InlineData("got '5 parsecs'", "t.csv", "--target", "y", "--budget", "5 parsecs")]
    [InlineData("at least 1 s; got 0.2 s", "t.csv", "--target", "y", "--budget", "200ms")]
    [InlineData("--trials is 1 to", "t.csv", "--target", "y", "--trials", "0")]
    [InlineData("--folds is 2 to 50; got 1", "t.csv", "--target", "y", "--folds", "1")]
    [InlineData("fast, default, best, interpretable; got 'slow'", "t.csv", "--target", "y", "--preset", "slow")]
    [InlineData("classification, regression; got 'ranking'", "t.csv", "--target", "y", "--task", "ranking")]
    [InlineData("regression needs numbers", "t.csv", "--target", "y", "--task", "regression")]
    [InlineData("no metric 'log_lss'", "t.csv", "--target", "y", "--metric", "log_lss")]
    [InlineData("'rmse' is not for classification", "t.csv", "--target", "y", "--metric", "rmse")]
    [InlineData("no model family 'forest'", "t.csv", "--target", "y", "--include", "forest")]
    [InlineData("--nested is 2 to 20 outer folds; got 1", "t.csv", "--target", "y", "--nested", "1")]
    [InlineData("shares the budget among 6 searches", "t.csv", "--target", "y", "--nested", "5", "--budget", "5s")]
    [InlineData("ascending numbers between 0 and 1; got 0.9, 0.1", "t.csv", "--target", "y", "--quantiles", "0.9,0.1")]
    [InlineData("--quantiles are numbers between 0 and 1; got 'half'", "t.csv", "--target", "y", "--quantiles", "half")]
    [InlineData("got --metric rmse", "t.csv", "--target", "y", "--quantiles", "0.5", "--metric", "rmse")]
    [InlineData("'random_forest' says no quantiles", "t.csv", "--target", "y", "--quantiles", "0.5", "--include", "random_forest")]
    [InlineData("say --task regression", "t.csv", "--target", "y", "--quantiles", "0.5")]
    [InlineData("leave no family", "t.csv", "--target", "y", "--include", "linear", "--exclude", "linear")]
    [InlineData("got '4 lots'", "t.csv", "--target", "y", "--memory-limit", "4 lots")]
    [InlineData("--max-predict-ms is above 0", "t.csv", "--target", "y", "--max-predict-ms", "0")]
    [InlineData("--predictions needs rows", "t.csv", "--target", "y", "--predictions", "p.csv")]
    [InlineData("is read; it cannot be written too", "t.csv", "--target", "y", "--out", "t.csv")]
    [InlineData("different files", "t.csv", "--target", "y", "--test", "t.csv", "--out", "a", "--predictions", "a")]
    [InlineData("ends in .json", "t.csv", "--target", "y", "--json", "t2.csv")]
    [InlineData("Put the table first", "--json", "t.csv", "--target", "y")]
    [InlineData("No table to learn from", "--target", "y")]
    [InlineData("column to predict is not named", "t.csv")]
    [InlineData("no column 'x'", "t.csv", "--target", "y", "--test", "other.csv")]
    [InlineData("line 2, column 1 ('x'): 'lots' is not a number", "t.csv", "--target", "y", "--test", "bad.csv")]
    [InlineData("inf.csv: column 'x' is infinite in row 12", "inf.csv", "--target", "y")]
    [InlineData("inf.csv: column 'x' is infinite in row 12", "t.csv", "--target", "y", "--test", "inf.csv", "--ignore", "one")]
    [InlineData("at least 4 rows; got 3", "few.csv", "--target", "y")]
    [InlineData("line 1, column 2 ('x'): the header's name is that of column 1 too", "twice.csv", "--target", "y")]
    [InlineData("no column 'who' (group)", "t.csv", "--target", "y", "--groups", "who")]
    [InlineData("no column 'nix' (ignored)", "t.csv", "--target", "y", "--ignore", "one,nix")]
    [InlineData("Choose one", "t.csv", "--target", "y", "--resume", "--no-track")]
    public async Task AutoMl_WhatMakesNoSense_IsNamed(string mentions, params string[] args) => await FailsAsync(2, mentions, ["automl", .. args]);

    [Theory]
    [InlineData(4, "no file 'none.csv'", "automl", "none.csv", "--target", "y")]
    [InlineData(4, "no file 'none.lode'", "predict", "none.lode", "t.csv")]
    [InlineData(2, "not a model bundle", "predict", "junk.lode", "t.csv")]
    [InlineData(2, "not a model bundle", "serve-model", "junk.lode")]
    [InlineData(2, "No table to predict", "predict", "junk.lode")]
    [InlineData(2, "exclude each other", "predict", "junk.lode", "t.csv", "--proba", "--labels")]
    [InlineData(2, "--max-body is 1 to 2000", "serve-model", "junk.lode", "--max-body", "0")]
    [InlineData(4, "model 'none' not found", "predict", "models:/none@x", "t.csv")]
    [InlineData(4, "there is no run @last", "predict", "@last", "t.csv")]
    public async Task OtherCommands_WhatMakesNoSense_IsNamed(int code, string mentions, params string[] args) => await FailsAsync(code, mentions, args);

    private async Task FailsAsync(int code, string mentions, string[] args)
    {
        // In this process: the messages are the same, and thirty processes take a minute.
        var (output, error) = (new StringWriter(), new StringWriter());
        var full = args.Select(arg => File.Exists(_work[arg]) || arg is "none.csv" or "none.lode" ? _work[arg] : arg).Concat(args[0] == "automl" ? ["--no-serve"] : Array.Empty<string>()).Concat(["--home", _work["home"]]).ToArray();
        var got = await Cli.RunAsync(full, new Terminal(output, error, false, false, 100), CancellationToken.None);
        Assert.True(got == code, $"exit code {got}, not {code}: {output}{error}");
        Assert.Equal("", output.ToString());
        Assert.Contains(mentions.ToUpperInvariant(), error.ToString().Replace(_work.Path + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).ToUpperInvariant(), StringComparison.Ordinal);
        Assert.DoesNotContain("A bug in lode", error.ToString(), StringComparison.Ordinal);
    }
}
