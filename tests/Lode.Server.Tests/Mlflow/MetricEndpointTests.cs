using System.Globalization;
using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

public class MetricEndpointTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    [Theory]
    [InlineData("\"NaN\"", "\"NaN\"")]
    [InlineData("\"Infinity\"", "1.7976931348623157E+308")]
    [InlineData("\"-Infinity\"", "-1.7976931348623157E+308")]
    [InlineData("\"1e-3\"", "0.001")]
    [InlineData("5e-324", "5E-324")]
    [InlineData("0.1", "0.1")]
    public async Task LogMetric_AnyDouble_ComesBack(string sent, string shown)
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        await server.PostAsync("runs/log-metric", $$"""{"run_id": "{{run}}", "key": "m", "value": {{sent}}, "timestamp": 1}""");
        Assert.Equal(shown, (await server.GetAsync($"metrics/get-history?run_id={run}&metric_key=m"))["metrics"]![0]!["value"]!.ToJsonString());
        Assert.Equal(shown, (await server.RunAsync(run))["data"]!["metrics"]![0]!["value"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"run_id": "RUN", "key": "m", "value": 2, "timestamp": 5, "step": 7}""")]
    [InlineData(""" { "step":7,"timestamp":5,"value":2.0,"key":"m","run_id":"RUN" } """)]
    [InlineData("""{"run_uuid": "RUN", "key": "m", "value": 2, "timestamp": 5, "step": 7}""")]
    [InlineData("""{"runId": "RUN", "key": "m", "value": "2", "timestamp": "5", "step": "7"}""")]
    [InlineData("""{"run_id": "RUN", "key": "\u006d", "value": 2e0, "timestamp": 5.0, "step": 7e0}""")]
    [InlineData("""{"run_id": "RUN", "key": "x", "value": 9, "timestamp": 5, "step": 7, "key": "m", "value": 2}""")]
    [InlineData("""{"run_id": "RUN", "key": "m", "value": 2, "timestamp": 5, "step": 7, "model_id": null, "more": [{"key": "x"}]}""")]
    public async Task LogMetric_HoweverItIsWritten_LogsTheSamePoint(string body)
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        await server.PostAsync("runs/log-metric", body.Replace("RUN", run, StringComparison.Ordinal));
        Assert.Equal("""[{"key":"m","value":2,"timestamp":5,"step":7}]""", (await server.GetAsync($"metrics/get-history?run_id={run}&metric_key=m"))["metrics"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"run_id": "RUN", "key": "m", "value": 2, "timestamp": 5, "step": 7}x""")]
    [InlineData("""{"run_id": "RUN", "key": "m", "value": 2, "timestamp": 5, "step": 7""")]
    [InlineData("""{"run_id": "RUN", "key": "m", "value": true, "timestamp": 5}""")]
    [InlineData("""{"run_id": "RUN", "key": "m", "value": 2, "timestamp": 5.5}""")]
    [InlineData("""{"run_id": "RUN", "key": "m", "value": 2, "timestamp": -5}""")]
    [InlineData("""{"run_id": "RUN", "key": "m", "value": 2}""")]
    [InlineData("""{"run_id": "RUN", "key": "", "value": 2, "timestamp": 5}""")]
    [InlineData("""{"run_id": "RUN", "key": "a;b", "value": 2, "timestamp": 5}""")]
    [InlineData("""["RUN"]""")]
    public async Task LogMetric_WrittenWrongly_IsRefused_AndTheConnectionGoesOn(string body)
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Post, "runs/log-metric", body.Replace("RUN", run, StringComparison.Ordinal)));
        Assert.Null((await server.RunAsync(run))["data"]!["metrics"]);
    }

    [Theory]
    [InlineData("""{"run_id": "RUN", "metrics": [{"key": "m", "value": 2, "timestamp": 5, "step": 7}, {"key": "m", "value": 3.5, "timestamp": 6}]}""")]
    [InlineData("""{"metrics": [{"step": 7, "timestamp": 5, "value": 2, "key": "m"}, {"key": "m", "value": 35e-1, "timestamp": 6, "step": 0}], "tags": [], "params": [], "run_id": "RUN"}""")]
    [InlineData("""{"run_id": "RUN", "metrics": [{"key": "m", "value": "2", "timestamp": "5", "step": 7}, {"key": "m", "value": 3.5, "timestamp": 6, "step": null}]}""")]
    [InlineData("""{"runId": "RUN", "metrics": [{"key": "\u006d", "value": 2, "timestamp": 5, "step": 7}, {"key": "m", "value": 3.5, "timestamp": 6, "x": {}}], "params": [{"key": "p", "value": "1"}]}""")]
    [InlineData("""{"run_id": "RUN", "metrics": [{"key": "x", "key": "m", "value": 2, "timestamp": 5, "step": 7}, {"key": "m", "value": 3.5, "timestamp": 6}], "tags": null}""")]
    public async Task LogBatch_HoweverItIsWritten_LogsTheSamePoints(string body)
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        await server.PostAsync("runs/log-batch", body.Replace("RUN", run, StringComparison.Ordinal));
        Assert.Equal("""[{"key":"m","value":2,"timestamp":5,"step":7},{"key":"m","value":3.5,"timestamp":6,"step":0}]""", (await server.GetAsync($"metrics/get-history?run_id={run}&metric_key=m"))["metrics"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"run_id": "RUN", "metrics": [{"key": "m", "value": 2, "timestamp": 5}, {"key": "m", "value": 2}]}""")]
    [InlineData("""{"run_id": "RUN", "metrics": [{"key": "m", "value": 2, "timestamp": 5}, {"key": "a;b", "value": 2, "timestamp": 5}]}""")]
    [InlineData("""{"run_id": "RUN", "metrics": [{"key": "m", "value": 2, "timestamp": 5}, {"key": "m", "value": 2, "timestamp": -5}]}""")]
    [InlineData("""{"run_id": "RUN", "metrics": [{"key": "m", "value": 2, "timestamp": 5}, 7]}""")]
    [InlineData("""{"run_id": "RUN", "metrics": [{"key": "m", "value": 2, "timestamp": 5}]}]""")]
    [InlineData("""{"run_id": "", "metrics": [{"key": "m", "value": 2, "timestamp": 5}]}""")]
    public async Task LogBatch_WrittenWrongly_LogsNothing(string body)
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Post, "runs/log-batch", body.Replace("RUN", run, StringComparison.Ordinal)));
        Assert.Null((await server.RunAsync(run))["data"]!["metrics"]);
    }

    [Fact]
    public async Task LogBatch_OfMoreThanAThousandMetrics_IsRefusedAsMlflowDoes()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        static string Body(string run, int count) => $$"""{"run_id": "{{run}}", "metrics": [{{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"key": "k{{i % 100}}", "value": {{i}}, "timestamp": {{i}}, "step": {{i}}}"""))}}]}""";
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Post, "runs/log-batch", Body(run, 1001)));
        await server.PostAsync("runs/log-batch", Body(run, 1000));
        var metrics = (await server.RunAsync(run))["data"]!["metrics"]!.AsArray();
        Assert.Equal(Enumerable.Range(0, 100).ToDictionary(i => $"k{i}", i => 900.0 + i), metrics.ToDictionary(metric => (string)metric!["key"]!, metric => (double)metric!["value"]!));
    }

    [Fact]
    public async Task History_OfManyPointsAndAnOddName_IsWholeAndInOrder()
    {
        var (run, key) = (await server.NewRunAsync(await server.NewExperimentAsync()), "loss/ü 1-2_é.x");
        var points = Enumerable.Range(0, 5000).Select(i => (Value: i % 997 == 3 ? double.NaN : i % 991 == 5 ? double.NegativeInfinity : Math.Sin(i) * Math.Pow(10, i % 40 - 20), Time: 1_700_000_000_000L + i, Step: (i * 7919L) % 5000 - 100)).ToList();
        foreach (var piece in points.Chunk(1000))
        {
            await server.PostAsync("runs/log-batch", new JsonObject
            {
                ["run_id"] = run,
                ["metrics"] = new JsonArray([.. piece.Select(point => new JsonObject { ["key"] = key, ["value"] = double.IsFinite(point.Value) ? point.Value : point.Value.ToString(CultureInfo.InvariantCulture), ["timestamp"] = point.Time, ["step"] = point.Step })]),
            }.ToJsonString());
        }
        var answer = await server.GetAsync($"metrics/get-history?run_id={run}&metric_key={Uri.EscapeDataString(key)}");
        Assert.Equal(points.Select(point => (key, double.IsNaN(point.Value) ? "NaN" : JsonValue.Create(Math.Clamp(point.Value, double.MinValue, double.MaxValue)).ToJsonString(), point.Time, point.Step)),
            answer["metrics"]!.AsArray().Select(point => ((string)point!["key"]!, point["value"]!.ToJsonString().Trim('"'), (long)point["timestamp"]!, (long)point["step"]!)));
        var page = await server.GetAsync($"metrics/get-history?run_id={run}&metric_key={Uri.EscapeDataString(key)}&max_results=4999");
        Assert.Equal((4999, false), (page["metrics"]!.AsArray().Count, string.IsNullOrEmpty((string?)page["next_page_token"])));
    }

    [Fact]
    public async Task History_PageTokens_LeadThroughEveryPointOnce_AndAbsentLimitGivesAll()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        await LogAsync(run, "m", Enumerable.Range(0, 7).Select(i => (long)i));
        var (steps, token) = (new List<long>(), "");
        do
        {
            var page = await server.GetAsync($"metrics/get-history?run_uuid={run}&metric_key=m&max_results=3&page_token={token}");
            steps.AddRange(page["metrics"]!.AsArray().Select(point => (long)point!["step"]!));
            token = (string?)page["next_page_token"];
        }
        while (token is not null);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], steps);
        var all = await server.GetAsync($"metrics/get-history?run_id={run}&metric_key=m");
        Assert.Equal((7, null), (all["metrics"]!.AsArray().Count, all["next_page_token"]));
        // An exact fit is the last page.
        Assert.Null((await server.GetAsync($"metrics/get-history?run_id={run}&metric_key=m&max_results=7"))["next_page_token"]);
    }

    [Theory]
    [InlineData("get-history?metric_key=m")]
    [InlineData("get-history?run_id=a")]
    [InlineData("get-history?run_id=a&metric_key=m&max_results=x")]
    [InlineData("get-history?run_id=a&metric_key=m&max_results=-1")]
    [InlineData("get-history?run_id=a&metric_key=m&page_token=x")]
    [InlineData("get-history-bulk?metric_key=m")]
    [InlineData("get-history-bulk?run_id=a&metric_key=m&max_results=0")]
    [InlineData("get-history-bulk-interval?run_ids=a")]
    [InlineData("get-history-bulk-interval?run_ids=a&metric_key=m&start_step=1")]
    [InlineData("get-history-bulk-interval?run_ids=a&metric_key=m&start_step=2&end_step=1")]
    [InlineData("get-history-bulk-interval?run_ids=a&metric_key=m&max_results=2501")]
    public async Task History_SenselessQuery_IsRefused(string query) =>
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Get, "metrics/" + query));

    [Theory]
    [InlineData("get-history?run_id=nobody&metric_key=m", "{}")]
    [InlineData("get-history-bulk?run_id=nobody&metric_key=m", """{"metrics":[]}""")]
    [InlineData("get-history-bulk-interval?run_ids=nobody&metric_key=m", "{}")]
    public async Task History_UnknownRun_IsEmpty(string query, string answer) => Assert.Equal(answer, (await server.GetAsync("metrics/" + query)).ToJsonString());

    [Fact]
    public async Task Bulk_GivesRunsByIdThenTime_UpToTheTotal()
    {
        var experiment = await server.NewExperimentAsync();
        string[] runs = [await server.NewRunAsync(experiment), await server.NewRunAsync(experiment)];
        Array.Sort(runs, StringComparer.Ordinal);
        foreach (var run in runs)
            await LogAsync(run, "m", [2, 1, 3]);
        Assert.Equal(
            [(runs[0], 1), (runs[0], 2), (runs[0], 3), (runs[1], 1), (runs[1], 2)],
            Points(await server.GetAsync($"metrics/get-history-bulk?run_id={runs[1]}&run_id={runs[0]}&metric_key=m&max_results=5")));
    }

    [Fact]
    public async Task BulkInterval_ManySteps_KeepsEverySoManyth_AndEachRunsEnds()
    {
        var experiment = await server.NewExperimentAsync();
        var (wide, narrow) = (await server.NewRunAsync(experiment), await server.NewRunAsync(experiment));
        await LogAsync(wide, "m", Enumerable.Range(0, 100).Select(i => (long)i));
        await LogAsync(narrow, "m", [41, 42, 47]);
        // 100 steps, at most 10: every tenth; then each run's first and last.
        long[] steps = [0, 10, 20, 30, 40, 41, 47, 50, 60, 70, 80, 90, 99];
        Assert.Equal(
            [(narrow, 41L), (narrow, 47), .. steps.Select(step => (wide, step))],
            Points(await server.GetAsync($"metrics/get-history-bulk-interval?run_ids={narrow}&run_ids={wide}&metric_key=m&max_results=10")));
        Assert.Equal(
            [(wide, 41), (wide, 42), (narrow, 41), (narrow, 42)],
            Points(await server.GetAsync($"metrics/get-history-bulk-interval?run_ids={wide}&run_ids={narrow}&metric_key=m&start_step=41&end_step=42")));
    }

    private async Task LogAsync(string run, string key, IEnumerable<long> steps)
    {
        var points = steps.Select(step => string.Create(CultureInfo.InvariantCulture, $$"""{"key": "{{key}}", "value": {{step}}, "timestamp": {{step}}, "step": {{step}}}"""));
        await server.PostAsync("runs/log-batch", $$"""{"run_id": "{{run}}", "metrics": [{{string.Join(',', points)}}]}""");
    }

    private static IEnumerable<(string Run, long Step)> Points(JsonNode answer) => answer["metrics"]!.AsArray().Select(point => ((string)point!["run_id"]!, (long)point["step"]!));
}
