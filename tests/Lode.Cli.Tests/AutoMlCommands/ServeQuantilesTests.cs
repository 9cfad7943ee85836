using System.Text;
using System.Text.Json;
using Lode.Learning;
using Lode.TestKit;

namespace Lode.Cli.Tests.AutoMlCommands;

/// <summary>A model of quantiles, served by a process of its own.</summary>
public sealed class ServeQuantilesTests
{
    [Fact]
    public async Task Server_OfQuantiles_NamesThemInEveryAnswer()
    {
        using var home = new TemporaryFolder();
        var rows = string.Concat(Enumerable.Range(0, 40).Select(row => $"{row},{(2 * row) + (row % 5)}\n"));
        var model = new PipelineSpec { Learner = new StepSpec { Name = "quantile" }, Quantiles = [0.1, 0.9] }.Create().Fit(Dataset.Of(CsvReader.Read(new StringReader("x,y\n" + rows), "rows"), "y", TaskKind.Regression), 1);
        await File.WriteAllBytesAsync(home["m.lode"], new ModelBundle(model, "quantile").ToBytes());
        using var server = LodeProcess.Start(home["home"], "serve-model", home["m.lode"], "--port", "0", "--json");
        await server.UntilAsync(process => process.Out.Contains('}', StringComparison.Ordinal));
        using var http = new HttpClient { BaseAddress = new Uri(JsonDocument.Parse(server.Out).RootElement.GetProperty("address").GetString()!) };
        async Task<JsonElement> PostAsync(string path, string body)
        {
            using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.Clone();
        }
        var expected = model.Predict(new Table([new NumericColumn("x", [7])]));
        void IsExpected(JsonElement said)
        {
            Assert.Equal(["q0.1", "q0.9"], said.EnumerateObject().Select(member => member.Name));
            Assert.Equal(expected.Row(0).ToArray(), said.EnumerateObject().Select(member => member.Value.GetDouble()));
        }
        IsExpected((await PostAsync("/predict", """{"x":7}""")).GetProperty("prediction"));
        IsExpected((await PostAsync("/predict", """[{"x":3},{"x":7}]""")).GetProperty("predictions")[1]);
        IsExpected((await PostAsync("/invocations", """{"instances":[[7]]}""")).GetProperty("predictions")[0]);
        Assert.Equal([0.1, 0.9], JsonDocument.Parse(await http.GetStringAsync(new Uri("/schema", UriKind.Relative))).RootElement.GetProperty("quantiles").EnumerateArray().Select(level => level.GetDouble()));
        Assert.Equal(0, (await server.InterruptAsync()).Code);
    }
}
