using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

/// <summary>What the recorded talks do not show of experiments, runs and logging.</summary>
public class TrackingEndpointTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private static readonly HttpMethod s_get = HttpMethod.Get;
    private static readonly HttpMethod s_post = HttpMethod.Post;
    private static readonly (string, int) s_invalid = ("INVALID_PARAMETER_VALUE", 400);
    private static readonly (string, int) s_missing = ("RESOURCE_DOES_NOT_EXIST", 404);

    [Theory]
    [InlineData("/api/2.0/mlflow/")]
    [InlineData("/ajax-api/2.0/mlflow/")]
    public async Task BothPrefixes_Answer(string prefix)
    {
        Assert.Equal("Default", (string)(await server.SendAsync(s_get, "experiments/get?experiment_id=0", null, prefix)).Body["experiment"]!["name"]!);
        var (status, body) = await server.SendAsync(s_post, "no-such-things/create", "{}", prefix);
        Assert.Equal((HttpStatusCode.NotFound, "ENDPOINT_NOT_FOUND"), (status, (string)body["error_code"]!));
    }

    [Theory]
    [InlineData("/api/3.0/mlflow/")]
    [InlineData("/ajax-api/3.0/mlflow/")]
    public async Task ServerInfo_SaysOneWorkspace(string prefix) =>
        Assert.Equal("""{"store_type":"SqlStore","workspaces_enabled":false}""", (await server.SendAsync(s_get, "server-info", null, prefix)).Body.ToJsonString());

    [Theory]
    [InlineData("GET", "/api/2.0/mlflow-nothing/x")]
    [InlineData("POST", "/api/3.0/mlflow/traces")]
    public async Task UnknownEndpoint_IsRefusedInMlflowsWords(string method, string path)
    {
        var (status, body) = await server.SendAsync(new HttpMethod(method), path, null, "");
        Assert.Equal((HttpStatusCode.NotFound, "ENDPOINT_NOT_FOUND"), (status, (string)body["error_code"]!));
    }

    [Theory]
    [InlineData("DELETE", "/ajax-api/2.0/mlflow/runs/get", "GET")]
    [InlineData("PUT", "/api/2.0/mlflow/experiments/search", "GET, POST")]
    public async Task KnownEndpoint_WrongMethod_Is405(string method, string path, string allowed)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await server.Http.SendAsync(request);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, allowed), (response.StatusCode, string.Join(", ", response.Content.Headers.Allow)));
        Assert.Equal("ENDPOINT_NOT_FOUND", (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error_code"]!);
    }

    [Fact]
    public async Task Request_CamelCaseNullsAndUnknownFields_AreRead()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        await server.PostAsync("runs/log-metric", $$"""{"runId": "{{run}}", "key": "a", "value": 5, "timestamp": 3.0, "step": null, "what": {"ever": [1] } }""");
        await server.PostAsync("runs/update", $$"""{"runUuid": "{{run}}", "status": 3, "endTime": "77"}""");
        var read = await server.RunAsync(run);
        Assert.Equal("""{"key":"a","value":5,"timestamp":3,"step":0}""", read["data"]!["metrics"]![0]!.ToJsonString());
        Assert.Equal(("FINISHED", 77), ((string)read["info"]!["status"]!, (int)read["info"]!["end_time"]!));
    }

    [Fact]
    public async Task Request_JsonInsideAJsonText_IsRead()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        var inner = $$"""{"run_id": "{{run}}", "key": "k", "value": "v"}""";
        await server.PostAsync("runs/set-tag", JsonValue.Create(inner).ToJsonString());
        Assert.Contains((await server.RunAsync(run))["data"]!["tags"]!.AsArray(), tag => (string)tag!["key"]! == "k");
    }

    [Fact]
    public async Task Request_GetWithABody_IsRead()
    {
        var (status, body) = await server.SendAsync(s_get, "experiments/get", """{"experiment_id": "0"}""");
        Assert.Equal((HttpStatusCode.OK, "Default"), (status, (string)body["experiment"]!["name"]!));
    }

    [Theory]
    [InlineData("runs/log-metric", """{"run_id": "{run}", "key": "a", "value": NaN, "timestamp": 1}""")]
    [InlineData("runs/log-metric", """{"run_id": "{run}", "key": "a", "value": 1, "timestamp": -1}""")]
    [InlineData("runs/log-metric", """{"run_id": "{run}", "key": "a", "value": 1, "timestamp": 1.5}""")]
    [InlineData("runs/log-metric", """{"run_id": "{run}", "key": "a", "value": true, "timestamp": 1}""")]
    [InlineData("runs/log-metric", """{"run_id": "{run}", "key": "a", "value": null, "timestamp": 1}""")]
    [InlineData("runs/log-metric", """{"run_id": "{run}", "key": "a", "value": 1, "timestamp": 1, "step": 9223372036854775808}""")]
    [InlineData("runs/log-parameter", """{"run_id": "{run}", "key": "a", "value": 5}""")]
    [InlineData("runs/log-parameter", """{"run_id": "{run}", "key": "\ud800", "value": "x"}""")]
    [InlineData("runs/log-parameter", """{"run_id": "{run}", "key": ""}""")]
    [InlineData("runs/log-batch", """{"run_id": "{run}", "metrics": {}}""")]
    [InlineData("runs/log-batch", """{"run_id": "{run}", "metrics": [5]}""")]
    [InlineData("runs/log-batch", """{"run_id": "{run}", "metrics": [{"key": "a", "value": 1}]}""")]
    [InlineData("runs/log-batch", """{"run_id": "{run}", "params": [{"value": "a"}]}""")]
    [InlineData("runs/log-batch", """{"run_id": "{run}", "params": [{"key": "p", "value": "1"}, {"key": "p", "value": "1"}]}""")]
    [InlineData("runs/update", """{"run_id": "{run}", "status": "DONE"}""")]
    [InlineData("runs/search", """{"experiment_ids": "0"}""")]
    [InlineData("runs/search", """{"experiment_ids": [0]}""")]
    [InlineData("runs/search", """{"experiment_ids": ["x"]}""")]
    [InlineData("runs/search", """{"experiment_ids": ["0"], "max_results": 0}""")]
    [InlineData("runs/search", """{"experiment_ids": ["0"], "max_results": 50001}""")]
    [InlineData("runs/search", """{"experiment_ids": ["0"], "run_view_type": "SOME"}""")]
    [InlineData("runs/search", """{"experiment_ids": ["0"], "page_token": "eyJvZmZzZXQiOiAtMX0="}""")]
    [InlineData("runs/search", """{"experiment_ids": ["0"], "page_token": "?"}""")]
    [InlineData("runs/create", """{"run_name": "a"}""")]
    [InlineData("runs/create", """{"experiment_id": "one"}""")]
    [InlineData("experiments/search", "{}")]
    [InlineData("experiments/create", """{"name": "x", "artifact_location": "runs:/1"}""")]
    [InlineData("experiments/create", """{"name": "x", "artifact_location": "s3://b/a/../../c"}""")]
    [InlineData("experiments/create", """{"name": "x", "artifact_location": "s3://b/%252e%252E/c"}""")]
    [InlineData("experiments/create", """{"name": "x", "artifact_location": "s3://b/c#d"}""")]
    [InlineData("experiments/create", """{"name": "x", "tags": [{"key": "../x", "value": ""}]}""")]
    [InlineData("experiments/create", "[]")]
    [InlineData("experiments/create", "null")]
    [InlineData("experiments/create", "{")]
    [InlineData("experiments/create", "\"{\"")]
    public async Task Request_ThatMakesNoSense_IsRefused(string path, string body)
    {
        var run = body.Contains("{run}", StringComparison.Ordinal) ? await server.NewRunAsync(await server.NewExperimentAsync()) : "";
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, path, body.Replace("{run}", run, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Request_WithoutContentType_IsRefused() => Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "experiments/create"));

    [Theory]
    [InlineData("1001 metrics", "metrics", 1001)]
    [InlineData("101 params", "params", 101)]
    [InlineData("101 tags", "tags", 101)]
    public async Task LogBatch_TooMuch_SaysHowMuchIsAllowed(string says, string what, int count)
    {
        var items = new JsonArray([.. Enumerable.Range(0, count).Select(i => (JsonNode)new JsonObject { ["key"] = $"k{i}", ["value"] = what == "metrics" ? 1 : "1", ["timestamp"] = 1 })]);
        var (_, body) = await server.SendAsync(s_post, "runs/log-batch", new JsonObject { ["run_id"] = await server.NewRunAsync("0"), [what] = items }.ToJsonString());
        Assert.Contains($"Got {says}", (string)body["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogBatch_PartRefused_WritesNothing()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        await server.PostAsync("runs/log-parameter", $$"""{"run_id": "{{run}}", "key": "p", "value": "1"}""");
        var batch = $$"""{"run_id": "{{run}}", "params": [{"key": "q", "value": "1"}, {"key": "p", "value": "2"}], "metrics": [{"key": "m", "value": 1, "timestamp": 1}], "tags": [{"key": "mlflow.runName", "value": "new"}]}""";
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/log-batch", batch));
        var read = await server.RunAsync(run);
        Assert.Equal((1, null, "r"), (read["data"]!["params"]!.AsArray().Count, read["data"]!["metrics"], (string)read["info"]!["run_name"]!));
    }

    [Fact]
    public async Task RunName_AndItsTag_MirrorEachOther()
    {
        var experiment = await server.NewExperimentAsync();
        var run = await server.NewRunAsync(experiment, "first");
        await server.PostAsync("runs/set-tag", $$"""{"run_id": "{{run}}", "key": "mlflow.runName", "value": "second"}""");
        Assert.Equal(("second", "second"), await NamesAsync());
        await server.PostAsync("runs/set-tag", $$"""{"run_id": "{{run}}", "key": "mlflow.runName", "value": ""}""");
        await server.PostAsync("runs/update", $$"""{"run_id": "{{run}}", "run_name": ""}""");
        Assert.Equal(("second", "second"), await NamesAsync());
        await server.PostAsync("runs/log-batch", $$"""{"run_id": "{{run}}", "tags": [{"key": "mlflow.runName", "value": "x"}, {"key": "a", "value": "b"}, {"key": "mlflow.runName", "value": "third"}]}""");
        Assert.Equal(("third", "third"), await NamesAsync());
        await server.PostAsync("runs/update", $$"""{"run_id": "{{run}}", "run_name": "fourth"}""");
        Assert.Equal(("fourth", "fourth"), await NamesAsync());
        Assert.Equal("fourth", await server.FindAsync(experiment, "tags.mlflow.runName LIKE 'fou%'"));
        Assert.Equal("", await server.FindAsync(experiment, "tags.`mlflow.runName` IS NULL"));

        async Task<(string, string)> NamesAsync()
        {
            var read = await server.RunAsync(run);
            var tag = Assert.Single(read["data"]!["tags"]!.AsArray(), tag => (string)tag!["key"]! == "mlflow.runName");
            return ((string)read["info"]!["run_name"]!, (string)tag!["value"]!);
        }
    }

    [Fact]
    public async Task StaleRun_IsShownAndFoundAsRunning()
    {
        var experiment = await server.NewExperimentAsync();
        var (stale, _) = (await server.NewRunAsync(experiment, "stale", 3), await server.NewRunAsync(experiment, "running", 2));
        var failed = await server.NewRunAsync(experiment, "failed", 1);
        using var patch = new StringContent("""{"status":"stale"}""", Encoding.UTF8, "application/json");
        (await server.Http.PatchAsync($"/api/v1/runs/{stale}", patch)).EnsureSuccessStatusCode();
        await server.PostAsync("runs/update", $$"""{"run_id": "{{failed}}", "status": "FAILED"}""");
        Assert.Equal("RUNNING", (string)(await server.RunAsync(stale))["info"]!["status"]!);
        Assert.Equal("stale running", await server.FindAsync(experiment, "status = 'RUNNING'"));
        Assert.Equal("failed", await server.FindAsync(experiment, "status != 'RUNNING'"));
        Assert.Equal("", await server.FindAsync(experiment, "status = 'STALE'"));
    }

    [Fact]
    public async Task RunsSearch_OrdersAsMlflow()
    {
        var experiment = await server.NewExperimentAsync();
        foreach (var (name, start, log) in new[]
        {
            ("nan", 1, """ "params": [{"key": "n", "value": "10"}], "metrics": [{"key": "m", "value": "NaN", "timestamp": 1}]"""),
            ("two", 2, """ "params": [{"key": "n", "value": "9"}], "metrics": [{"key": "m", "value": 2, "timestamp": 1}]"""),
            ("one", 3, """ "params": [{"key": "n", "value": "B"}], "metrics": [{"key": "m", "value": 1, "timestamp": 1}]"""),
            ("none", 4, """ "tags": []"""),
        })
        {
            var run = await server.NewRunAsync(experiment, name, start);
            await server.PostAsync("runs/log-batch", $$"""{"run_id": "{{run}}", {{log}}}""");
            if (name != "one")
                await server.PostAsync("runs/update", $$"""{"run_id": "{{run}}", "status": "{{(name == "two" ? "FAILED" : "SCHEDULED")}}" }""");
        }
        Assert.Equal("none one two nan", await server.FindAsync(experiment, ""));
        Assert.Equal("one two nan none", await server.FindAsync(experiment, "", "metrics.m"));
        Assert.Equal("two one nan none", await server.FindAsync(experiment, "", "metrics.m DESC"));
        Assert.Equal("nan two one none", await server.FindAsync(experiment, "", "params.n"));
        Assert.Equal("one two nan none", await server.FindAsync(experiment, "", "params.n desc"));
        Assert.Equal("two one none nan", await server.FindAsync(experiment, "", "status ASC"));
        Assert.Equal("nan two one none", await server.FindAsync(experiment, "", "created"));
        Assert.Equal("nan none one two", await server.FindAsync(experiment, "", "run_name"));
    }

    [Fact]
    public async Task RunsSearch_PageTokens_LeadThroughEveryRunOnce()
    {
        var experiment = await server.NewExperimentAsync();
        for (var i = 0; i < 6; i++)
            await server.NewRunAsync(experiment, $"r{i}", i);
        var (names, token, pages) = (new List<string>(), (string?)null, 0);
        do
        {
            var answer = await server.PostAsync("runs/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment), ["max_results"] = 2, ["page_token"] = token }.ToJsonString());
            names.AddRange(answer["runs"]!.AsArray().Select(run => (string)run!["info"]!["run_name"]!));
            token = (string?)answer["next_page_token"];
            pages++;
        }
        while (token is not null);
        Assert.Equal(("r5 r4 r3 r2 r1 r0", 3), (string.Join(' ', names), pages));
    }

    [Fact]
    public async Task ExperimentsSearch_FiltersOrdersAndPages()
    {
        foreach (var name in new[] { "zoo-b", "zoo-a", "zoo-c" })
            await server.PostAsync("experiments/create", $$"""{"name": "{{name}}", "tags": [{"key": "zoo", "value": "{{name}}"}]}""");
        Assert.Equal("zoo-c zoo-b zoo-a", await NamesAsync("max_results=9&filter=tags.zoo IS NOT NULL&order_by=name DESC"));
        Assert.Equal("zoo-c zoo-a zoo-b", await NamesAsync("max_results=9&filter=name LIKE 'zoo-%25'&order_by=experiment_id DESC"));
        Assert.Equal("zoo-b", await NamesAsync("max_results=1&filter=name LIKE 'zoo-%25'&order_by=name&page_token=eyJvZmZzZXQiOiAxfQ=="));

        async Task<string> NamesAsync(string query) =>
            string.Join(' ', (await server.GetAsync("experiments/search?" + query))["experiments"]!.AsArray().Select(found => (string)found!["name"]!));
    }

    [Fact]
    public async Task Experiment_TrashAndRestore_TakeRunsAlong()
    {
        var experiment = await server.NewExperimentAsync();
        var (run, id) = (await server.NewRunAsync(experiment), $$"""{"experiment_id": "{{experiment}}"}""");
        Assert.Equal(s_missing, await server.RefusedAsync(s_post, "experiments/restore", id));
        await server.PostAsync("experiments/delete", id);
        Assert.Equal("deleted", (string)(await server.RunAsync(run))["info"]!["lifecycle_stage"]!);
        Assert.Equal(s_invalid, await server.RefusedAsync(s_post, "runs/delete-tag", $$"""{"run_id": "{{run}}", "key": "k"}"""));
        await server.PostAsync("experiments/restore", id);
        Assert.Equal("active", (string)(await server.RunAsync(run))["info"]!["lifecycle_stage"]!);
        Assert.Equal(s_missing, await server.RefusedAsync(s_post, "experiments/delete", """{"experiment_id": "-3"}"""));
    }

    [Fact]
    public async Task Run_TrashTwice_AndRestoreTwice_AreFine()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        foreach (var verb in new[] { "delete", "delete", "restore", "restore" })
            await server.PostAsync($"runs/{verb}", $$"""{"run_id": "{{run}}"}""");
        Assert.Equal("active", (string)(await server.RunAsync(run))["info"]!["lifecycle_stage"]!);
        Assert.Equal(s_missing, await server.RefusedAsync(s_post, "runs/delete", """{"run_id": "no-such-run"}"""));
    }

    [Fact]
    public async Task ArtifactUri_LiesBelowTheExperimentsPlace()
    {
        var experiment = (string)(await server.PostAsync("experiments/create", """{"name": "placed", "artifact_location": "s3://bucket/place/"}"""))["experiment_id"]!;
        var run = await server.NewRunAsync(experiment, "placed");
        var uri = $"s3://bucket/place/{run}/artifacts";
        Assert.Equal(uri, (string)(await server.RunAsync(run))["info"]!["artifact_uri"]!);
        Assert.Equal("placed", await server.FindAsync(experiment, $"artifact_uri = '{uri}'"));
    }

    [Fact]
    public async Task RunsCreate_WithoutStart_ShowsZero_AndGetsAName()
    {
        var experiment = await server.NewExperimentAsync();
        var info = (await server.PostAsync("runs/create", $$"""{"experiment_id": "{{experiment}}"}"""))["run"]!["info"]!;
        Assert.Equal((0, "", "RUNNING"), ((int)info["start_time"]!, (string)info["user_id"]!, (string)info["status"]!));
        Assert.NotEmpty((string)info["run_name"]!);
        Assert.Null(info["end_time"]);
    }
}
