using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

/// <summary>What the recorded talks do not show of datasets, outputs and log-model.</summary>
public class LineageEndpointTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private static readonly HttpMethod s_post = HttpMethod.Post;
    private static readonly (string, int) s_invalid = ("INVALID_PARAMETER_VALUE", 400);
    private static readonly (string, int) s_missing = ("RESOURCE_DOES_NOT_EXIST", 404);

    private static string Dataset(string name, string digest = "1", string? context = null) =>
        $$$"""{"dataset": {"name": "{{{name}}}", "digest": "{{{digest}}}", "source_type": "local", "source": "s"}{{{(context is null ? "" : $$""", "tags": [{"key": "mlflow.data.context", "value": "{{context}}"}]""")}}}}""";

    [Fact]
    public async Task LogInputs_ModelsAreShownByGetAndNotBySearch()
    {
        var experiment = await server.NewExperimentAsync();
        var run = await server.NewRunAsync(experiment);
        await server.PostAsync("runs/log-inputs", $$"""{"run_id": "{{run}}", "models": [{"model_id": "m-1"}], "datasets": [{{Dataset("d")}}]}""");
        await server.PostAsync("runs/outputs", $$"""{"run_id": "{{run}}", "models": [{"model_id": "m-2", "step": "5"}, {"modelId": "m-3"}]}""");
        var shown = await server.RunAsync(run);
        Assert.Equal("""[{"model_id":"m-1"}]""", shown["inputs"]!["model_inputs"]!.ToJsonString());
        Assert.Equal("""[{"dataset":{"name":"d","digest":"1","source_type":"local","source":"s"}}]""", shown["inputs"]!["dataset_inputs"]!.ToJsonString());
        Assert.Equal("""{"model_outputs":[{"model_id":"m-3","step":0},{"model_id":"m-2","step":5}]}""", shown["outputs"]!.ToJsonString());
        var found = (await server.PostAsync("runs/search", $$"""{"experiment_ids": ["{{experiment}}"]}"""))["runs"]![0]!;
        Assert.Null(found["inputs"]!["model_inputs"]);
        Assert.NotNull(found["inputs"]!["dataset_inputs"]);
        Assert.Equal(2, found["outputs"]!["model_outputs"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("""{"datasets": []}""")]
    [InlineData("""{"run_id": "RUN", "datasets": [7]}""")]
    [InlineData("""{"run_id": "RUN", "datasets": [{}]}""")]
    [InlineData("""{"run_id": "RUN", "datasets": [{"dataset": "x"}]}""")]
    [InlineData("""{"run_id": "RUN", "datasets": [{"dataset": {"name": "d", "digest": "1", "source_type": "local"}}]}""")]
    [InlineData("""{"run_id": "RUN", "datasets": [{"dataset": {"name": 7, "digest": "1", "source_type": "local", "source": "s"}}]}""")]
    [InlineData("""{"run_id": "RUN", "datasets": [{"dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "s"}, "tags": [{"value": "x"}]}]}""")]
    [InlineData("""{"run_id": "RUN", "models": [{}]}""")]
    public async Task LogInputs_ThatMakeNoSense_AreRefused(string body)
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/log-inputs", body.Replace("RUN", run, StringComparison.Ordinal)));
        Assert.Equal("{}", (await server.RunAsync(run))["inputs"]!.ToJsonString());
    }

    [Fact]
    public async Task Outputs_ThatMakeNoSense_AreRefused()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/outputs", $$"""{"run_id": "{{run}}"}"""));
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/outputs", $$"""{"run_id": "{{run}}", "models": [{"model_id": "m-1", "step": "x"}]}"""));
        Assert.Equal(s_missing, await server.RefusedAsync(s_post, "runs/outputs", $$"""{"run_id": "{{new string('b', 32)}}", "models": [{"model_id": "m-1"}]}"""));
    }

    [Theory]
    [InlineData("dataset.name = 'alpha'", "a")]
    [InlineData("datasets.name != 'alpha'", "b")]
    [InlineData("dataset.`context` ILIKE 'TR%'", "a b")]
    [InlineData("dataset.digest NOT IN ('1')", "b")]
    [InlineData("dataset.name IN ('beta') AND dataset.context = 'train'", "b")]
    public async Task Search_ByDataset(string filter, string found)
    {
        var experiment = await server.NewExperimentAsync();
        var (a, b) = (await server.NewRunAsync(experiment, "a", 2), await server.NewRunAsync(experiment, "b", 1));
        await server.PostAsync("runs/log-inputs", $$"""{"run_id": "{{a}}", "datasets": [{{Dataset("alpha", context: "train")}}]}""");
        await server.PostAsync("runs/log-inputs", $$"""{"run_id": "{{b}}", "datasets": [{{Dataset("beta", "2", "train")}}]}""");
        Assert.Equal(found, await server.FindAsync(experiment, filter));
    }

    [Theory]
    [InlineData("dataset.size = 'x'")]
    [InlineData("dataset.name > 'x'")]
    [InlineData("dataset.name IS NULL")]
    [InlineData("dataset.name = 3")]
    [InlineData("dataset.name IN ()")]
    public async Task Search_ByDatasetWrongly_IsRefused(string filter) =>
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/search", new JsonObject { ["experiment_ids"] = new JsonArray("0"), ["filter"] = filter }.ToJsonString()));

    [Fact]
    public async Task Search_OrderedByDataset_IsRefused() =>
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/search", """{"experiment_ids": ["0"], "order_by": ["dataset.name"]}"""));

    [Fact]
    public async Task SearchDatasets_NeedsOneToTwentyExperiments()
    {
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "experiments/search-datasets", "{}"));
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "experiments/search-datasets", $$"""{"experiment_ids": [{{string.Join(", ", Enumerable.Repeat("\"0\"", 21))}}]}"""));
        Assert.Equal("{}", (await server.PostAsync("experiments/search-datasets", $$"""{"experiment_ids": ["{{await server.NewExperimentAsync()}}"]}""")).ToJsonString());
    }

    [Fact]
    public async Task LogModel_AppendsToTheTag()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        static string Model(string run, string path) => new JsonObject { ["artifact_path"] = path, ["flavors"] = new JsonObject { ["sklearn"] = new JsonObject() }, ["utc_time_created"] = "2026", ["run_id"] = run }.ToJsonString();
        string Body(string model) => new JsonObject { ["run_id"] = run, ["model_json"] = model }.ToJsonString();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => server.PostAsync("runs/log-model", Body(Model(run, $"m{i}")))));
        Assert.Equal("m0 m1 m2 m3 m4", string.Join(' ', (await HistoryAsync(run)).Select(model => (string)model!["artifact_path"]!).Order()));
        foreach (var bad in new[] { "not json", "[]", "{}", """{"artifact_path": "x", "flavors": {}, "run_id": "r"}""", Model(run, new string('x', 9000)) })
            Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/log-model", Body(bad)));
        await server.PostAsync("runs/log-model", Body(Model(run, new string('y', 7700))));
        Assert.True((await HistoryAsync(run)).Count is > 0 and < 6);
        await server.PostAsync("runs/delete", $$"""{"run_id": "{{run}}"}""");
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/log-model", Body(Model(run, "late"))));
    }

    private async Task<JsonArray> HistoryAsync(string run) => JsonNode.Parse((string)(await server.RunAsync(run))["data"]!["tags"]!.AsArray()
        .Single(tag => (string)tag!["key"]! == "mlflow.log-model.history")!["value"]!)!.AsArray();
}
