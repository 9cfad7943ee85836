using System.Net;
using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

/// <summary>What MLflow's own client and REST tests, run against this server, and the same requests sent to MLflow's server beside it have shown.</summary>
public class ClientFindingTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private static readonly HttpMethod s_post = HttpMethod.Post;

    [Fact]
    public async Task CreateExperiment_RelativeLocation_BecomesAbsolute()
    {
        var id = (string)(await server.PostAsync("experiments/create", """{"name": "relative", "artifact_location": "my_location"}"""))["experiment_id"]!;
        Assert.Equal(Path.GetFullPath("my_location"), (string)(await server.GetAsync($"experiments/get?experiment_id={id}"))["experiment"]!["artifact_location"]!);
    }

    [Fact]
    public async Task Query_OfRepeatedFields_CountsTheFirst() =>
        Assert.Equal("0", (string)(await server.GetAsync("experiments/get?experiment_id=0&experiment_id=999"))["experiment"]!["experiment_id"]!);

    [Fact]
    public async Task DeleteExperimentTag_InTheTrash_IsRefusedAsTheState()
    {
        var id = await server.NewExperimentAsync();
        await server.PostAsync("experiments/delete", $$"""{"experiment_id": "{{id}}"}""");
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(s_post, "experiments/delete-experiment-tag", $$"""{"experiment_id": "{{id}}", "key": "k"}"""));
    }

    [Fact]
    public async Task DeleteTag_OfTheRunsName_KeepsTheName()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync(), "kept");
        await server.PostAsync("runs/delete-tag", $$"""{"run_id": "{{run}}", "key": "mlflow.runName"}""");
        Assert.Equal("kept", (string)(await server.RunAsync(run))["info"]!["run_name"]!);
    }

    [Fact]
    public async Task CreateRun_TagsWithAnyKey_AreKept()
    {
        var experiment = await server.NewExperimentAsync();
        var run = (await server.PostAsync("runs/create", $$"""{"experiment_id": "{{experiment}}", "tags": [{"key": "a*[b]", "value": "x"}]}"""))["run"]!;
        Assert.Contains(run["data"]!["tags"]!.AsArray(), tag => (string)tag!["key"]! == "a*[b]");
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(s_post, "runs/create", $$"""{"experiment_id": "{{experiment}}", "tags": [{"key": "", "value": "x"}]}"""));
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(s_post, "runs/set-tag", $$"""{"run_id": "{{run["info"]!["run_id"]}}", "key": "a*", "value": "x"}"""));
    }

    [Fact]
    public async Task LoggedModel_AnyKeys_AreKept_AndTaggingAnswersNothing()
    {
        var body = $$"""{"experiment_id": "{{await server.NewExperimentAsync()}}", "params": [{"key": "model[0]*", "value": "1"}], "tags": [{"key": "t(x)", "value": "1"}]}""";
        var id = (string)(await server.PostAsync("logged-models", body))["model"]!["info"]!["model_id"]!;
        var (status, answer) = await server.SendAsync(HttpMethod.Patch, $"logged-models/{id}/tags", """{"tags": [{"key": "u,v", "value": "2"}]}""");
        Assert.Equal((HttpStatusCode.OK, "{}"), (status, answer.ToJsonString()));
        var model = (await server.GetAsync($"logged-models/{id}"))["model"]!;
        Assert.Equal("model[0]*", (string)model["data"]!["params"]![0]!["key"]!);
        Assert.Equal(2, model["info"]!["tags"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("max_results=3", "0 3 6 9")]
    [InlineData("start_step=2&end_step=8&max_results=2", "2 5 8")]
    [InlineData("max_results=10", "0 1 2 3 4 5 6 7 8 9")]
    public async Task BulkInterval_PicksEvenlySpacedSteps(string query, string steps)
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        // Later steps have earlier times, so that the order by step shows.
        var points = Enumerable.Range(0, 10).Select(i => $$"""{"key": "m", "value": 1, "timestamp": {{100 - i}}, "step": {{i}}}""");
        await server.PostAsync("runs/log-batch", $$"""{"run_id": "{{run}}", "metrics": [{{string.Join(',', points)}}]}""");
        var found = (await server.GetAsync($"metrics/get-history-bulk-interval?run_ids={run}&metric_key=m&{query}"))["metrics"]!.AsArray();
        Assert.Equal(steps, string.Join(' ', found.Select(point => (long)point!["step"]!)));
    }

    [Fact]
    public async Task BulkHistories_RepeatedRuns_CountEachTime()
    {
        var many = string.Join('&', Enumerable.Repeat($"run_id={new string('a', 32)}", 101));
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Get, $"metrics/get-history-bulk?metric_key=m&{many}"));
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Get, $"metrics/get-history-bulk-interval?metric_key=m&{many.Replace("run_id", "run_ids", StringComparison.Ordinal)}"));
    }

    [Fact]
    public async Task Versions_NumberInQuotes_IsANumber_AndTheLoggedModelListsThemAsPythonWrites()
    {
        var id = (string)(await server.PostAsync("logged-models", $$"""{"experiment_id": "{{await server.NewExperimentAsync()}}"}"""))["model"]!["info"]!["model_id"]!;
        await server.PostAsync("registered-models/create", """{"name": "quoted", "description": ""}""");
        await server.PostAsync("model-versions/create", $$"""{"name": "quoted", "source": "models:/{{id}}", "model_id": "{{id}}"}""");
        Assert.Single((await server.GetAsync($"model-versions/search?filter={Uri.EscapeDataString("version_number = '1' AND name = 'quoted'")}"))["model_versions"]!.AsArray());
        var tag = (await server.GetAsync($"logged-models/{id}"))["model"]!["info"]!["tags"]![0]!;
        Assert.Equal(("mlflow.modelVersions", """[{"name": "quoted", "version": 1}]"""), ((string)tag["key"]!, (string)tag["value"]!));
        Assert.Null((await server.GetAsync("registered-models/get?name=quoted"))["registered_model"]!["description"]);
    }

    [Theory]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'false'", "plain-model")]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'true'", "prompt-model")]
    public async Task SearchModels_ThatAreNoPrompts_AreThoseWithoutTheMark(string filter, string found)
    {
        await server.SendAsync(s_post, "registered-models/create", """{"name": "plain-model"}""");
        await server.SendAsync(s_post, "registered-models/create", """{"name": "prompt-model", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}""");
        var models = (await server.GetAsync($"registered-models/search?filter={Uri.EscapeDataString(filter + " AND name LIKE '%-model'")}"))["registered_models"]!.AsArray();
        Assert.Equal(found, string.Join(' ', models.Select(model => (string)model!["name"]!)));
    }

    [Fact]
    public async Task Download_TextAndPlainNames_HaveMlflowsHeaders()
    {
        using var put = await server.Http.PutAsync("/api/2.0/mlflow-artifacts/artifacts/0/headers/a.txt", new ByteArrayContent("hi"u8.ToArray()));
        using var got = await server.Http.GetAsync("/api/2.0/mlflow-artifacts/artifacts/0/headers/a.txt");
        Assert.Equal(("text/plain", "attachment; filename=a.txt"), (got.Content.Headers.ContentType!.ToString(), got.Content.Headers.ContentDisposition!.ToString()));
    }

    [Fact]
    public async Task LogOutputs_OfNone_IsTaken_AndOfNothingIsNot()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        await server.PostAsync("runs/outputs", $$"""{"run_id": "{{run}}", "models": []}""");
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(s_post, "runs/outputs", $$"""{"run_id": "{{run}}"}"""));
    }

    [Theory]
    [InlineData("?path=x", "hi", "Request must specify run_uuid.")]
    [InlineData("?run_uuid=0123456789abcdef0123456789abcdef", "hi", "Request must specify path.")]
    [InlineData("?run_uuid=0123456789abcdef0123456789abcdef&path=x", "", "Request must specify data.")]
    public async Task Upload_WithoutWhatItNeeds_IsRefusedInMlflowsWords(string query, string content, string words)
    {
        using var answer = await server.Http.PostAsync("/ajax-api/2.0/mlflow/upload-artifact" + query, new StringContent(content));
        Assert.Equal((HttpStatusCode.BadRequest, words), (answer.StatusCode, (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["message"]!));
    }
}
