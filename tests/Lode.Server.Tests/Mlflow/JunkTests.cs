using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.Server.Mlflow;

namespace Lode.Server.Tests.Mlflow;

/// <summary>Whatever is sent, the server blames the sender, never itself.</summary>
public class JunkTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private static readonly string[] s_words =
    [
        "metrics", "params", "tags", "attributes", "run_id", "status", "start_time", "dataset", ".", ".a", ".`b c`", " ", "=", "!=", "<", ">=", "==", "LIKE", "ILIKE", "IN", "NOT", "IS", "NULL", "AND",
        "'x'", "\"y\"", "'", "`", "(", ")", ",", ";", "1", "-2.5e3", "1e999", "NaN", "%", "_", "\0", "é", "\ud83d\ude00", "'a'", "('a')", "DESC",
    ];

    private static readonly string[] s_paths =
    [
        "experiments/create", "experiments/search", "experiments/update", "experiments/delete", "experiments/set-experiment-tag", "experiments/delete-experiment-tag",
        "runs/create", "runs/update", "runs/delete", "runs/search", "runs/log-metric", "runs/log-parameter", "runs/set-tag", "runs/delete-tag", "runs/log-batch",
    ];

    private static readonly string[] s_fields =
    [
        "experiment_id", "name", "new_name", "artifact_location", "tags", "run_id", "run_uuid", "run_name", "user_id", "start_time", "status", "end_time", "key", "value", "timestamp", "step",
        "metrics", "params", "experiment_ids", "filter", "order_by", "max_results", "page_token", "view_type", "run_view_type",
    ];

    private static readonly string[] s_values =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "9223372036854775807", "99999999999999999999", "\"\"", "\"0\"", "\"x\"", "\"NaN\"", "\"\\ud800\"", "\"\\u0000\"", "[]", "{}", "[null]", "[\"0\"]", "[\"a\", 1]",
        "[{}]", "[{\"key\": \"k\", \"value\": \"v\"}]", "[{\"key\": \"k\", \"value\": 1, \"timestamp\": 1}]", "[{\"\\ud800\": 1}]", "\"ALL\"", "\"metrics.a > 1\"", "\"eyJvZmZzZXQiOiAyMTQ3NDgzNjQ3fQ==\"", "\"ffffffffffffffffffffffffffffffff\"", "\"{run}\"",
    ];

    private static readonly Rnd s_seed = new(11UL, 13UL);

    private static Gen<string> Filter => Gen.Elements(s_words).ListOf().Select(string.Concat);

    [Fact]
    public void Parse_Junk_GivesAFilterOrAnInvalidArgument() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Filter.ToArbitrary(), text =>
    {
        foreach (var vocabulary in new[] { MlflowVocabulary.Runs, MlflowVocabulary.Experiments })
        {
            foreach (Action parse in new[] { () => { MlflowFilterParser.Parse(text, vocabulary); }, () => { MlflowFilterParser.ParseOrder([text], vocabulary); } })
            {
                try
                {
                    parse();
                }
                catch (LodeException error) when (error.Code == ErrorCode.InvalidArgument)
                {
                    // As it should be.
                }
            }
        }
    }));

    [Fact]
    public async Task Search_AsMuchAsIsAllowed_IsAnswered()
    {
        var clauses = Enumerable.Range(0, 198).Select(i => $"metrics.m{i} != {i}").Append($"run_id NOT IN ({string.Join(',', Enumerable.Range(0, 9_800).Select(i => $"'{i}'"))})").Append($"params.p LIKE '{new string('%', 10_000)}'");
        var order = new JsonArray([.. Enumerable.Range(0, 30).Select(i => (JsonNode)$"metrics.m{i}")]);
        await server.PostAsync("runs/search", new JsonObject { ["experiment_ids"] = new JsonArray("0"), ["filter"] = string.Join(" AND ", clauses), ["order_by"] = order }.ToJsonString());
    }

    [Fact]
    public async Task Search_JunkFilter_IsNeverTheServersFault()
    {
        foreach (var text in Filter.Sample(20, s_seed, 150))
        {
            var body = new JsonObject { ["experiment_ids"] = new JsonArray("0"), ["filter"] = text, ["order_by"] = new JsonArray(text), ["max_results"] = 5 }.ToJsonString();
            await NotMyFaultAsync("runs/search", body);
            await NotMyFaultAsync("experiments/search", body);
        }
    }

    /// <summary>Filters that are nearly right reach further than junk does: into the SQL.</summary>
    [Fact]
    public async Task AnySearch_NearlyRightFilter_IsNeverTheServersFault()
    {
        var experiment = await server.NewExperimentAsync();
        var run = await server.NewRunAsync(experiment);
        await server.PostAsync("runs/log-batch", $$"""{"run_id": "{{run}}", "metrics": [{"key": "a", "value": 1, "timestamp": 1}], "params": [{"key": "b c", "value": "x"}], "tags": [{"key": "t", "value": "%"}]}""");
        var field = Gen.Elements(
            "metrics.a", "metric.`a`", "params.`b c`", "parameters.\"b c\"", "tags.t", "tag.'t'", "attributes.status", "attr.start_time", "run_id", "run_name", "name", "version_number", "source_path", "experiment_id", "creation_time", "creation_timestamp",
            "last_update_time", "datasets.name", "dataset.context", "attributes.duration", "user_id", "artifact_uri", "end_time", "tags.`mlflow.runName`", "model_id", "status", "prompt.x", "params.", "nothing.a");
        var comparison = Gen.Elements("=", "!=", "<", ">=", ">", "LIKE", "ILIKE", "like", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "==", "<>", "RLIKE");
        var value = Gen.Elements(
            "1", "-0", "1e999", "-1e-400", "99999999999999999999", "1.5", "NaN", "'a'", "\"b\"", "''", "'%'", "'it''s'", "'\\'", "'\0'", "'\ud83d\ude00'", "('a', 'b')", "('a',)", "()", "(1, 2)", "'FINISHED'", "'4'", "", "'" + new string('x', 9000) + "'", "tags.t", "null");
        var clause = field.SelectMany(name => comparison.SelectMany(op => value.Select(right => op.StartsWith("IS", StringComparison.Ordinal) ? $"{name} {op}" : $"{name} {op} {right}")));
        var filter = clause.ListOf().Select(clauses => string.Join(" AND ", clauses.Take(4)));
        var order = field.SelectMany(name => Gen.Elements("", " ASC", " DESC", " desc", " sideways", " ASC ASC").Select(direction => name + direction));
        foreach (var (text, by) in filter.SelectMany(text => order.Select(by => (text, by))).Sample(6, s_seed, 250))
        {
            var body = new JsonObject { ["experiment_ids"] = new JsonArray(experiment), ["filter"] = text, ["order_by"] = new JsonArray(by), ["max_results"] = 5 }.ToJsonString();
            await NotMyFaultAsync("runs/search", body);
            await NotMyFaultAsync("experiments/search", body);
            await NotMyFaultAsync("logged-models/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment), ["filter"] = text, ["order_by"] = new JsonArray(new JsonObject { ["field_name"] = by.Split(' ')[0] }) }.ToJsonString());
            foreach (var path in new[] { "registered-models/search", "model-versions/search" })
            {
                using var response = await server.Http.GetAsync($"/api/2.0/mlflow/{path}?filter={Uri.EscapeDataString(text)}&order_by={Uri.EscapeDataString(by)}");
                Assert.True((int)response.StatusCode < 500, $"{path} {text} by {by}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            }
        }
    }

    [Fact]
    public async Task AnyEndpoint_JunkBody_IsNeverTheServersFault()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        var field = Gen.Elements(s_fields).SelectMany(name => Gen.Elements(s_values).Select(value => $"\"{name}\": {value.Replace("{run}", run, StringComparison.Ordinal)}"));
        var request = Gen.Elements(s_paths).SelectMany(path => field.ListOf().Select(fields => (path, "{" + string.Join(", ", fields) + "}")));
        foreach (var (path, body) in request.Sample(12, s_seed, 600))
            await NotMyFaultAsync(path, body);
        foreach (var path in s_paths)
        {
            foreach (var value in s_values)
                await NotMyFaultAsync(path, value);
            await NotMyFaultAsync(path, """{"\ud800": 1, "run_id": 5}""");
            await NotMyFaultAsync(path, new string('[', 10_000));
        }
    }

    private async Task NotMyFaultAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync("/api/2.0/mlflow/" + path, content);
        Assert.True((int)response.StatusCode < 500, $"{path} {body}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }
}
