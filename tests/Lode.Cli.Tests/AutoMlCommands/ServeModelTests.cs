using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Lode.Learning;
using Lode.TestKit;

namespace Lode.Cli.Tests.AutoMlCommands;

/// <summary>The model's server as a process, asked over HTTP.</summary>
public sealed class ServeModelTests : IAsyncLifetime
{
    private readonly TemporaryFolder _home = new();
    private readonly FittedPipeline _model;
    private readonly HttpClient _http = new();
    private LodeProcess _server = null!;

    public ServeModelTests()
    {
        const string Rows = "age,city,y\n20,Oslo,10\n30,Bergen,21\n40,Oslo,30\n50,,41\n60,Bergen,52\n";
        _model = new Pipeline([new Imputer(), new OneHotEncoder()], LearnerCatalog.Create("random_forest", new Dictionary<string, object?> { ["n_estimators"] = 5 }))
            .Fit(Dataset.Of(CsvReader.Read(new StringReader(Rows), "rows"), "y", TaskKind.Regression), 1);
        File.WriteAllBytes(_home["m.lode"], new ModelBundle(_model, "random_forest").ToBytes());
    }

    public async Task InitializeAsync()
    {
        _server = LodeProcess.Start(_home["home"], "serve-model", _home["m.lode"], "--port", "0", "--max-body", "1", "--json");
        await _server.UntilAsync(process => process.Out.Contains('}', StringComparison.Ordinal));
        _http.BaseAddress = new Uri(JsonDocument.Parse(_server.Out).RootElement.GetProperty("address").GetString()!);
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        Assert.Equal(0, (await _server.InterruptAsync()).Code);
        _server.Dispose();
        _home.Dispose();
    }

    private double[] Expected(params string[] rows) =>
        [.. _model.Predict(CsvReader.Read(new StringReader("age,city\n" + string.Join('\n', rows) + "\n"), "rows", new CsvOptions { Kinds = _model.Schema.Kinds })).Values];

    private async Task<JsonElement> PostAsync(string path, string body, HttpStatusCode status = HttpStatusCode.OK, string type = "application/json")
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement.Clone();
    }

    private static double[] Numbers(JsonElement answer) => [.. answer.GetProperty("predictions").EnumerateArray().Select(item => item.GetDouble())];

    [Fact]
    public async Task Server_EveryShapeOfRows_GivesThePredictionsOfTheModel()
    {
        Assert.Equal("ok", await _http.GetStringAsync(new Uri("/health", UriKind.Relative)));
        var schema = await _http.GetFromJsonAsync<JsonElement>(new Uri("/schema", UriKind.Relative));
        Assert.Equal("age numeric, city categorical", string.Join(", ", schema.GetProperty("columns").EnumerateArray().Select(column => $"{column.GetProperty("name")} {column.GetProperty("kind")}")));

        Assert.Equal(Expected("33,Oslo")[0], (await PostAsync("/predict", """{"age":33,"city":"Oslo","extra":[1]}""")).GetProperty("prediction").GetDouble());
        var two = Expected("33,Oslo", ",Bergen");
        Assert.Equal(two, Numbers(await PostAsync("/predict", """[{"age":33,"city":"Oslo"},{"city":"Bergen","age":null}]""")));
        Assert.Equal(two, Numbers(await PostAsync("/invocations", """{"dataframe_split":{"columns":["city","age"],"data":[["Oslo",33],["Bergen",null]]}}""")));
        Assert.Equal(two, Numbers(await PostAsync("/invocations", """{"dataframe_records":[{"age":33,"city":"Oslo"},{"city":"Bergen","age":null}]}""")));
        Assert.Equal(two, Numbers(await PostAsync("/invocations", """{"instances":[[33,"Oslo"],[null,"Bergen"]]}""")));
        Assert.Equal(two, Numbers(await PostAsync("/invocations", """{"inputs":{"age":[33,null],"city":["Oslo","Bergen"]}}""")));
        Assert.Equal(two, Numbers(await PostAsync("/invocations", "age,city\n33,Oslo\n,Bergen\n", type: "text/csv")));
        // A level that training had not, and one that is missing.
        Assert.Equal(Expected("33,Nowhere", "33,"), Numbers(await PostAsync("/predict", """[{"age":33,"city":"Nowhere"},{"age":33,"city":null}]""")));
    }

    [Theory]
    [InlineData("/predict", """[{"age":33,"city":"Oslo"},{"age":"old","city":"Oslo"}]""", "Row 2, column 'age': a number")]
    [InlineData("/predict", """{"age":33}""", "Row 1 lacks the column 'city'")]
    [InlineData("/predict", """{"age":33,"city":{}}""", "Row 1, column 'city': a text")]
    [InlineData("/predict", """{"age":1e999,"city":"Oslo"}""", "column 'age'")]
    [InlineData("/predict", "[]", "no row to predict")]
    [InlineData("/predict", "7", "An array of rows is needed; got a number")]
    [InlineData("/predict", "[7]", "Row 1 is a number; it must be an object")]
    [InlineData("/predict", "{", "not JSON")]
    [InlineData("/predict", "", "not JSON")]
    [InlineData("/invocations", """{"rows":[]}""", "dataframe_split, dataframe_records, instances, inputs")]
    [InlineData("/invocations", """{"dataframe_split":{"columns":["age"],"data":[[1]]}}""", "lack the column 'city'")]
    [InlineData("/invocations", """{"instances":[[33,"Oslo"],[1]]}""", "Row 2 is an array of 1 values")]
    [InlineData("/invocations", """{"inputs":{"age":[33,1],"city":["Oslo"]}}""", "Column 'city' has 1 values; 'age' has 2")]
    public async Task Server_RowsThatDoNotSuit_AreRefusedByRowAndColumn(string path, string body, string message)
    {
        var answer = await PostAsync(path, body, HttpStatusCode.BadRequest);
        Assert.Contains(message, answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_TooLargeForeignOrUnknown_IsRefused()
    {
        await PostAsync("/predict", new string(' ', 2 << 20), HttpStatusCode.RequestEntityTooLarge);
        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/schema") { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.Forbidden, (await _http.SendAsync(foreign)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(new Uri("/elsewhere", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _http.GetAsync(new Uri("/predict", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Server_WithToken_AsksForIt_ButNotForItsHealth()
    {
        using var server = LodeProcess.Start(_home["home"], "serve-model", _home["m.lode"], "--port", "0", "--token", "secret", "--json");
        await server.UntilAsync(process => process.Out.Contains('}', StringComparison.Ordinal));
        using var http = new HttpClient { BaseAddress = new Uri(JsonDocument.Parse(server.Out).RootElement.GetProperty("address").GetString()!) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("/schema", UriKind.Relative))).StatusCode);
        Assert.Equal("ok", await http.GetStringAsync(new Uri("/health", UriKind.Relative)));
        http.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/schema", UriKind.Relative))).StatusCode);
        Assert.Equal(0, (await server.TerminateAsync()).Code);
    }
}
