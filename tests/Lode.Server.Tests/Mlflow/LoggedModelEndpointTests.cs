using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

/// <summary>What the recorded talks do not show of logged models.</summary>
public class LoggedModelEndpointTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private static readonly HttpMethod s_post = HttpMethod.Post;
    private static readonly (string, int) s_invalid = ("INVALID_PARAMETER_VALUE", 400);
    private static readonly (string, int) s_missing = ("RESOURCE_DOES_NOT_EXIST", 404);

    private async Task<string> NewAsync(string experiment, string name = "lm", string more = "") =>
        (string)(await server.PostAsync("logged-models", $$"""{"experiment_id": "{{experiment}}", "name": "{{name}}"{{more}}}"""))["model"]!["info"]!["model_id"]!;

    private async Task<JsonNode> GetAsync(string id) => (await server.GetAsync($"logged-models/{id}"))["model"]!;

    private async Task<string> FindAsync(string experiment, string more) =>
        string.Join(' ', ((await server.PostAsync("logged-models/search", $$"""{"experiment_ids": ["{{experiment}}"]{{more}}}"""))["models"]?.AsArray() ?? []).Select(model => (string)model!["info"]!["name"]!));

    [Fact]
    public async Task Model_FromCreationToDeletion()
    {
        var experiment = await server.NewExperimentAsync();
        var id = await NewAsync(experiment, "lm", """, "model_type": "tree", "source_run_id": "r", "params": [{"key": "a", "value": "1"}], "tags": [{"key": "t", "value": "x"}]""");
        Assert.Matches("^m-[0-9a-f]{32}$", id);
        var (_, patched) = await server.SendAsync(HttpMethod.Patch, $"logged-models/{id}", $$"""{"model_id": "{{id}}", "status": "LOGGED_MODEL_READY"}""");
        Assert.Equal("LOGGED_MODEL_READY", (string)patched["model"]!["info"]!["status"]!);
        Assert.Equal("{}", (await server.PostAsync($"logged-models/{id}/params", """{"params": [{"key": "b", "value": "2"}]}""")).ToJsonString());
        var (_, tagged) = await server.SendAsync(HttpMethod.Patch, $"logged-models/{id}/tags", """{"tags": [{"key": "a/b.c", "value": "y"}]}""");
        Assert.Equal("{}", tagged.ToJsonString());
        Assert.Equal(2, (await GetAsync(id))["info"]!["tags"]!.AsArray().Count);
        Assert.Equal("{}", (await server.SendAsync(HttpMethod.Delete, $"logged-models/{id}/tags/a%2Fb.c")).Body.ToJsonString());
        Assert.Equal(s_missing, await server.RefusedAsync(HttpMethod.Delete, $"logged-models/{id}/tags/a/b.c"));
        var model = await GetAsync(id);
        Assert.Equal("""[{"key":"t","value":"x"}]""", model["info"]!["tags"]!.ToJsonString());
        Assert.Equal("""[{"key":"a","value":"1"},{"key":"b","value":"2"}]""", model["data"]!["params"]!.ToJsonString());
        Assert.Equal(("tree", "r", $"mlflow-artifacts:/{experiment}/models/{id}/artifacts"), ((string)model["info"]!["model_type"]!, (string)model["info"]!["source_run_id"]!, (string)model["info"]!["artifact_uri"]!));
        Assert.Equal("{}", (await server.SendAsync(HttpMethod.Delete, $"logged-models/{id}")).Body.ToJsonString());
        Assert.Equal(s_missing, await server.RefusedAsync(HttpMethod.Get, $"logged-models/{id}"));
        Assert.Equal(s_missing, await server.RefusedAsync(HttpMethod.Delete, $"logged-models/{id}"));
    }

    [Theory]
    [InlineData("""{"name": "x"}""")]
    [InlineData("""{"experiment_id": "0", "name": "a/b"}""")]
    [InlineData("""{"experiment_id": "x"}""")]
    [InlineData("""{"experiment_id": "0", "tags": [{"key": "", "value": "1"}]}""")]
    public async Task Create_ThatMakesNoSense_IsRefused(string body) => Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "logged-models", body));

    [Fact]
    public async Task Create_InNoExperiment_IsMissing() => Assert.Equal(s_missing, await server.RefusedAsync(s_post, "logged-models", """{"experiment_id": "99999"}"""));

    [Fact]
    public async Task Status_ThatIsNone_IsRefused()
    {
        var id = await NewAsync(await server.NewExperimentAsync());
        Assert.Equal(s_invalid, await server.RefusedAsync(HttpMethod.Patch, $"logged-models/{id}", """{"status": "DONE"}"""));
        Assert.Equal(s_invalid, await server.RefusedAsync(HttpMethod.Patch, $"logged-models/{id}", "{}"));
        Assert.Equal(s_missing, await server.RefusedAsync(HttpMethod.Patch, "logged-models/m-nothing", """{"status": 2}"""));
    }

    [Fact]
    public async Task Metrics_OfABatch_ArriveAtTheModelToo()
    {
        var experiment = await server.NewExperimentAsync();
        var (run, id) = (await server.NewRunAsync(experiment), await NewAsync(experiment));
        await server.PostAsync("runs/log-batch",
            $$"""{"run_id": "{{run}}", "metrics": [{"key": "acc", "value": 0.5, "timestamp": 1, "step": 2, "model_id": "{{id}}", "dataset_name": "d", "dataset_digest": "1"}, {"key": "loss", "value": 1, "timestamp": 1}, {"key": "nan", "value": "NaN", "timestamp": 1, "modelId": "{{id}}"}]}""");
        Assert.Equal(3, (await server.RunAsync(run))["data"]!["metrics"]!.AsArray().Count);
        Assert.Equal(
            $$"""[{"key":"acc","value":0.5,"timestamp":1,"step":2,"dataset_name":"d","dataset_digest":"1","model_id":"{{id}}","run_id":"{{run}}"},{"key":"nan","value":"NaN","timestamp":1,"step":0,"model_id":"{{id}}","run_id":"{{run}}"}]""",
            (await GetAsync(id))["data"]!["metrics"]!.ToJsonString());
        await server.PostAsync("runs/log-metric", $$"""{"run_id": "{{run}}", "key": "new", "value": 1, "timestamp": 1, "model_id": "m-nothing"}""");
        Assert.Equal(4, (await server.RunAsync(run))["data"]!["metrics"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(""", "filter": "name = 'b'" """, "b")]
    [InlineData(""", "filter": "name IN ('b', 'c')" """, "b")]
    [InlineData(""", "filter": "name NOT IN ('b')" """, "a")]
    [InlineData(""", "filter": "status = 'LOGGED_MODEL_READY'" """, "b")]
    [InlineData(""", "filter": "status = 'READY' AND params.lr = '0.1'" """, "")]
    [InlineData(""", "filter": "status != 'READY'" """, "a")]
    [InlineData(""", "filter": "attributes.model_type LIKE 'tr%'" """, "a")]
    [InlineData(""", "filter": "creation_timestamp_ms > 0 AND last_updated_timestamp > 0" """, "b a")]
    [InlineData(""", "filter": "params.lr = '0.1'" """, "a")]
    [InlineData(""", "filter": "metrics.acc >= 0.5" """, "b a")]
    [InlineData(""", "filter": "metrics.acc >= 0.5", "datasets": [{"dataset_name": "d"}]""", "b")]
    [InlineData(""", "datasets": [{"dataset_name": "d", "dataset_digest": "2"}]""", "")]
    [InlineData(""", "order_by": [{"field_name": "metrics.acc"}]""", "b a")]
    [InlineData(""", "order_by": [{"field_name": "metrics.acc", "ascending": false}]""", "a b")]
    [InlineData(""", "order_by": [{"field_name": "name"}]""", "a b")]
    [InlineData("", "b a")]
    public async Task Search(string more, string found)
    {
        var experiment = await server.NewExperimentAsync();
        var run = await server.NewRunAsync(experiment);
        var a = await NewAsync(experiment, "a", """, "model_type": "tree", "params": [{"key": "lr", "value": "0.1"}]""");
        await Task.Delay(2);
        var b = await NewAsync(experiment, "b");
        await server.SendAsync(HttpMethod.Patch, $"logged-models/{b}", """{"status": 2}""");
        await server.PostAsync("runs/log-metric", $$"""{"run_id": "{{run}}", "key": "acc", "value": 0.9, "timestamp": 1, "model_id": "{{a}}"}""");
        await server.PostAsync("runs/log-metric", $$"""{"run_id": "{{run}}", "key": "acc", "value": 0.5, "timestamp": 1, "model_id": "{{b}}", "dataset_name": "d", "dataset_digest": "1"}""");
        Assert.Equal(found, await FindAsync(experiment, more));
    }

    [Theory]
    [InlineData(""", "filter": "name > 'b'" """)]
    [InlineData(""", "filter": "size = 'b'" """)]
    [InlineData(""", "filter": "dataset.name = 'b'" """)]
    [InlineData(""", "filter": "metrics.acc = 'x'" """)]
    [InlineData(""", "datasets": [{"dataset_digest": "2"}]""")]
    [InlineData(""", "datasets": [{}]""")]
    [InlineData(""", "order_by": [{"field_name": "params.lr"}]""")]
    [InlineData(""", "order_by": [{"field_name": "name", "dataset_name": "d"}]""")]
    [InlineData(""", "order_by": [{"field_name": "nothing"}]""")]
    [InlineData(""", "order_by": [{}]""")]
    [InlineData(""", "page_token": "x" """)]
    [InlineData(""", "max_results": 0""")]
    public async Task Search_ThatMakesNoSense_IsRefused(string more) => Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "logged-models/search", $$"""{"experiment_ids": ["0"]{{more}}}"""));

    [Fact]
    public async Task Search_PagesBelongToTheirSearch()
    {
        var experiment = await server.NewExperimentAsync();
        foreach (var name in new[] { "a", "b", "c" })
            await NewAsync(experiment, name);
        var names = new List<string>();
        string? token = null;
        do
        {
            var page = await server.PostAsync("logged-models/search", $$"""{"experiment_ids": ["{{experiment}}"], "order_by": [{"field_name": "name"}], "max_results": 2{{(token is null ? "" : $", \"page_token\": \"{token}\"")}}}""");
            names.AddRange(page["models"]!.AsArray().Select(model => (string)model!["info"]!["name"]!));
            var next = (string?)page["next_page_token"];
            if (next is not null)
                Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "logged-models/search", $$"""{"experiment_ids": ["{{experiment}}"], "max_results": 2, "page_token": "{{next}}"}"""));
            token = next;
        }
        while (token is not null);
        Assert.Equal(["a", "b", "c"], names);
    }

    [Fact]
    public async Task Files_OfARegisteredVersion()
    {
        var experiment = await server.NewExperimentAsync();
        var id = await NewAsync(experiment);
        (await server.Http.PutAsync($"/api/2.0/mlflow-artifacts/artifacts/{experiment}/models/{id}/artifacts/MLmodel", new StringContent("flavors:"))).Dispose();
        await server.PostAsync("registered-models/create", $$"""{"name": "of-{{id}}"}""");
        var version = (await server.PostAsync("model-versions/create", $$"""{"name": "of-{{id}}", "source": "models:/{{id}}", "model_id": "{{id}}"}"""))["model_version"]!;
        Assert.Equal("1", (string)version["version"]!);
        Assert.Equal("flavors:", await server.Http.GetStringAsync($"/model-versions/get-artifact?name=of-{id}&version=1&path=MLmodel"));
        Assert.Equal("mlflow.modelVersions", (string)(await GetAsync(id))["info"]!["tags"]![0]!["key"]!);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, (await server.Http.GetAsync($"/model-versions/get-artifact?name=of-{id}&version=x&path=MLmodel")).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await server.Http.GetAsync($"/model-versions/get-artifact?name=of-{id}&version=2&path=MLmodel")).StatusCode);
    }

    [Fact]
    public async Task Files_OfAModel()
    {
        var experiment = await server.NewExperimentAsync();
        var id = await NewAsync(experiment);
        (await server.Http.PutAsync($"/api/2.0/mlflow-artifacts/artifacts/{experiment}/models/{id}/artifacts/code/a.py", new StringContent("x"))).Dispose();
        var root = await server.GetAsync($"logged-models/{id}/artifacts/directories");
        Assert.Equal($$"""{"root_uri":"mlflow-artifacts:/{{experiment}}/models/{{id}}/artifacts","files":[{"path":"code","is_dir":true}]}""", root.ToJsonString());
        Assert.Equal("""[{"path":"code/a.py","is_dir":false,"file_size":1}]""", (await server.GetAsync($"logged-models/{id}/artifacts/directories?artifact_directory_path=code"))["files"]!.ToJsonString());
        Assert.Equal(s_invalid, await server.RefusedAsync(HttpMethod.Get, $"logged-models/{id}/artifacts/directories?artifact_directory_path=../x"));
        Assert.Equal(s_missing, await server.RefusedAsync(HttpMethod.Get, "logged-models/m-nothing/artifacts/directories"));
    }
}
