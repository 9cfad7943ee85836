using System.Net;
using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

/// <summary>Refusals whose words MLflow's own tests, and programs written to its server, compare.</summary>
public class RefusalTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private const string Bulk = "/ajax-api/2.0/mlflow/metrics/get-history-bulk";
    private const string Datasets = "/ajax-api/2.0/mlflow/experiments/search-datasets";

    private static readonly string s_manyRuns = string.Join('&', Enumerable.Range(0, 101).Select(run => $"run_id=id_{run}"));

    public static TheoryData<string, string> BulkRefusals => new()
    {
        { Bulk + "?metric_key=key", "GetMetricHistoryBulk request must specify at least one run_id" },
        { Bulk + "?metric_key=key&" + s_manyRuns, "GetMetricHistoryBulk request cannot specify more than 100 run_ids" },
        { Bulk + "?run_id=123", "GetMetricHistoryBulk request must specify a metric_key" },
        { Bulk + "-interval?metric_key=key", "Missing value for required parameter 'run_ids'." },
        { Bulk + "-interval?metric_key=key&" + s_manyRuns.Replace("run_id", "run_ids", StringComparison.Ordinal), "GetMetricHistoryBulkInterval request must specify at most 100 run_ids." },
        { Bulk + "-interval?run_ids=123&metric_key=key&max_results=0", "max_results must be between 1 and 2500" },
        { Bulk + "-interval?run_ids=123&metric_key=", "Missing value for required parameter 'metric_key'" },
        { Bulk + "-interval?run_ids=123&metric_key=key&start_step=1&end_step=0", "end_step must be greater than start_step. " },
        { Bulk + "-interval?run_ids=123&metric_key=key&start_step=1", "If either start step or end step are specified, both must be specified." },
    };

    [Theory]
    [MemberData(nameof(BulkRefusals))]
    public async Task BulkHistories_AreRefusedInMlflowsWords(string path, string words) => await RefusedAsync(HttpMethod.Get, path, null, words);

    [Fact]
    public async Task SearchDatasets_OfNoneOrTooMany_IsRefusedInMlflowsWords()
    {
        await RefusedAsync(HttpMethod.Post, Datasets, "{}", "SearchDatasets request must specify at least one experiment_id.");
        var many = string.Join(',', Enumerable.Range(0, 21).Select(id => $"\"{id}\""));
        await RefusedAsync(HttpMethod.Post, Datasets, $$"""{"experiment_ids": [{{many}}]}""", "SearchDatasets request cannot specify more than 20 experiment_ids");
    }

    [Theory]
    [InlineData("/api/2.0/mlflow/artifacts/list?run_id={run}&path=../path")]
    [InlineData("/get-artifact?run_id={run}&path=../path")]
    [InlineData("/get-artifact?run_id={run}&path=%252e%252e/path")]
    [InlineData("{address}/model-versions/get-artifact?name=model&version=1&path=../path")]
    [InlineData("/api/2.0/mlflow-artifacts/artifacts?path=a%23b")]
    public async Task PathsThatLeaveTheirPlace_AreInvalidPath_AndNothingElse(string path)
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        var (status, body) = await server.SendAsync(HttpMethod.Get, path.Replace("{run}", run, StringComparison.Ordinal).Replace("{address}", server.Http.BaseAddress!.ToString(), StringComparison.Ordinal), null, "");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("""{"error_code":"INVALID_PARAMETER_VALUE","message":"Invalid path"}""", body.ToJsonString());
    }

    [Theory]
    [InlineData("mlflow-artifacts://host:9000/models/../../../", "If supplying a source as an http, https,")]
    [InlineData("s3a://bucket/artifacts/../../../", "If supplying a source as an http, https,")]
    [InlineData("mlflow-artifacts://host:9000/models/..%2f..%2fartifacts", "If supplying a source as an http, https,")]
    [InlineData("mlflow-artifacts://host:9000/models/artifact%00", "If supplying a source as an http, https,")]
    [InlineData("/tmp", "To use a local path as a model version")]
    [InlineData("file:///tmp", "To use a local path as a model version")]
    public async Task ModelVersions_OfForeignSources_AreRefusedInMlflowsWords(string source, string words)
    {
        var name = "refused " + source.GetHashCode(StringComparison.Ordinal);
        await server.PostAsync("registered-models/create", $$"""{"name": "{{name}}"}""");
        await RefusedAsync(HttpMethod.Post, "/api/2.0/mlflow/model-versions/create", new JsonObject { ["name"] = name, ["source"] = source }.ToJsonString(), words);
    }

    [Fact]
    public async Task LoggedModelFile_IsServed_AsMlflowsPagesAskForIt()
    {
        var model = (string)(await server.PostAsync("logged-models", $$"""{"experiment_id": "{{await server.NewExperimentAsync()}}"}"""))["model"]!["info"]!["model_id"]!;
        var uri = (string)(await server.GetAsync($"logged-models/{model}"))["model"]!["info"]!["artifact_uri"]!;
        using var body = new StringContent("flavors: {}");
        await server.Http.PutAsync(uri.Replace("mlflow-artifacts:/", "/api/2.0/mlflow-artifacts/artifacts/", StringComparison.Ordinal) + "/MLmodel", body);
        Assert.Equal("flavors: {}", await server.Http.GetStringAsync($"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path=MLmodel"));
        await RefusedAsync(HttpMethod.Get, $"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path=../x", null, "Invalid path");
    }

    private async Task RefusedAsync(HttpMethod method, string path, string? body, string words)
    {
        var (status, answer) = await server.SendAsync(method, path, body, "");
        Assert.Equal((HttpStatusCode.BadRequest, "INVALID_PARAMETER_VALUE"), (status, (string)answer["error_code"]!));
        Assert.Contains(words, (string)answer["message"]!, StringComparison.Ordinal);
    }
}
