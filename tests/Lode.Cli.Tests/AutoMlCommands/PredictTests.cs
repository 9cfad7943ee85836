using System.Text.Json;
using Lode.Learning;
using Lode.TestKit;

namespace Lode.Cli.Tests.AutoMlCommands;

public sealed class PredictTests : IDisposable
{
    private readonly TemporaryFolder _home = new();
    private readonly string _iris = AutoMlTests.Sample("iris.test.csv");

    public PredictTests()
    {
        var data = Dataset.Of(CsvReader.Read(AutoMlTests.Sample("iris.train.csv")), "target");
        var model = Pipeline.Default(LearnerCatalog.Create("logistic", null)).Fit(data, 1);
        File.WriteAllBytes(_home["m.lode"], new ModelBundle(model, "logistic", new Dictionary<string, double> { ["cv_log_loss"] = 0.25 }, new Dictionary<string, string> { ["data"] = "iris.train.csv" }).ToBytes());
    }

    public void Dispose() => _home.Dispose();

    private async Task<(int Code, string Out, string Error)> RunAsync(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await Cli.RunAsync([.. args, "--home", _home["home"]], new Terminal(output, error, false, false, 100), CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }

    [Fact]
    public async Task Predict_Labels_AreOneColumnNamedByTheTarget()
    {
        var (_, output, _) = await RunAsync("predict", _home["m.lode"], _iris, "--labels");
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(("target", 39), (lines[0], lines.Length));
        var truth = (CategoricalColumn)CsvReader.Read(_iris)["target"];
        Assert.True(lines.Skip(1).Where((label, row) => label == truth.Levels[truth.Codes[row]]).Count() >= 34);
    }

    [Fact]
    public async Task Predict_OutFileAndJson_SayTheSame()
    {
        var (code, _, error) = await RunAsync("predict", _home["m.lode"], _iris, "--out", _home["p.csv"]);
        Assert.True(code == 0, error);
        var (_, json, _) = await RunAsync("predict", _home["m.lode"], _iris, "--json");
        var predictions = JsonDocument.Parse(json).RootElement.GetProperty("predictions");
        var file = CsvReader.Read(_home["p.csv"]);
        Assert.Equal(38, predictions.GetArrayLength());
        Assert.Equal(((NumericColumn)file["virginica"]).Values[5], predictions[5].GetProperty("probabilities").GetProperty("virginica").GetDouble());
    }

    [Fact]
    public async Task Predict_StandardInput_IsRead()
    {
        var (code, output, error) = await LodeProcess.RunWithInputAsync(_home["home"], await File.ReadAllTextAsync(_iris), "predict", _home["m.lode"], "-");
        Assert.True(code == 0, error);
        Assert.Equal((await RunAsync("predict", _home["m.lode"], _iris)).Out.ReplaceLineEndings(), output.ReplaceLineEndings());
    }

    [Fact]
    public async Task Predict_OtherSchema_IsRefusedByTheColumnsName()
    {
        var lines = await File.ReadAllLinesAsync(_iris);
        await File.WriteAllLinesAsync(_home["lacking.csv"], lines.Select(line => line[(line.IndexOf(',', StringComparison.Ordinal) + 1)..]));
        var (code, output, error) = await RunAsync("predict", _home["m.lode"], _home["lacking.csv"], "--out", _home["p.csv"]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains($"has no column '{lines[0].Split(',')[0]}'", error, StringComparison.Ordinal);
        Assert.False(File.Exists(_home["p.csv"]));
        await File.WriteAllLinesAsync(_home["bad.csv"], [.. lines[..3], "much" + lines[3][lines[3].IndexOf(',', StringComparison.Ordinal)..]]);
        (code, _, error) = await RunAsync("predict", _home["m.lode"], _home["bad.csv"]);
        Assert.Equal(2, code);
        Assert.Contains("bad.csv, line 4, column 1", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_InfiniteInALaterBlock_IsNamedByTheRowOfTheFile()
    {
        var lines = await File.ReadAllLinesAsync(_iris);
        await File.WriteAllLinesAsync(_home["inf.csv"], [lines[0], .. Enumerable.Repeat(lines[1], 25_000), "inf" + lines[1][lines[1].IndexOf(',', StringComparison.Ordinal)..], lines[1]]);
        var (code, _, error) = await RunAsync("predict", _home["m.lode"], _home["inf.csv"], "--out", _home["p.csv"]);
        Assert.Equal(2, code);
        Assert.Contains($"inf.csv: column '{lines[0].Split(',')[0]}' is infinite in row 25001.", error, StringComparison.Ordinal);
        Assert.False(File.Exists(_home["p.csv"]));
    }

    [Fact]
    public async Task Describe_SaysWhatTheFileSays()
    {
        var (code, output, _) = await RunAsync("predict", _home["m.lode"], "--describe", "--json");
        Assert.Equal(0, code);
        var description = JsonDocument.Parse(output).RootElement;
        Assert.Equal("target", description.GetProperty("target").GetString());
        Assert.Equal(["setosa", "versicolor", "virginica"], description.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(4, description.GetProperty("columns").GetArrayLength());
        Assert.Equal(0.25, description.GetProperty("metrics").GetProperty("cv_log_loss").GetDouble());
        var (_, shown, _) = await RunAsync("show", _home["m.lode"]);
        Assert.Contains("setosa, versicolor, virginica", shown, StringComparison.Ordinal);
        Assert.Contains("iris.train.csv", shown, StringComparison.Ordinal);
    }
}
