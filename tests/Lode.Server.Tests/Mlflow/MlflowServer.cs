using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

/// <summary>A running server for the tests of one class, spoken to as MLflow's clients do.</summary>
public class MlflowServer : IAsyncLifetime
{
    private RunningServer? _server;
    private int _made;

    protected virtual bool OnPostgres => false;

    public HttpClient Http => _server!.Http;

    public async Task InitializeAsync() => _server = await RunningServer.StartAsync(onPostgres: OnPostgres);

    public async Task DisposeAsync() => await _server!.DisposeAsync();

    public async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(HttpMethod method, string path, string? body = null, string prefix = "/api/2.0/mlflow/")
    {
        using var request = new HttpRequestMessage(method, prefix + path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Http.SendAsync(request);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, path);
        Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
        return body;
    }

    public async Task<JsonNode> PostAsync(string path, string body)
    {
        var (status, answer) = await SendAsync(HttpMethod.Post, path, body);
        Assert.True(status == HttpStatusCode.OK, answer.ToJsonString());
        return answer;
    }

    /// <summary>Sends what must be refused; returns its error_code and status.</summary>
    public async Task<(string Code, int Status)> RefusedAsync(HttpMethod method, string path, string? body = null)
    {
        var (status, answer) = await SendAsync(method, path, body);
        Assert.False(string.IsNullOrEmpty((string?)answer["message"]));
        return ((string)answer["error_code"]!, (int)status);
    }

    public async Task<string> NewExperimentAsync() =>
        (string)(await PostAsync("experiments/create", $$"""{"name": "made-{{Interlocked.Increment(ref _made)}}"}"""))["experiment_id"]!;

    public async Task<string> NewRunAsync(string experiment, string name = "r", long start = 1) =>
        (string)(await PostAsync("runs/create", $$"""{"experiment_id": "{{experiment}}", "run_name": "{{name}}", "start_time": {{start}}}"""))["run"]!["info"]!["run_id"]!;

    public async Task<JsonNode> RunAsync(string run) => (await GetAsync($"runs/get?run_id={run}"))["run"]!;

    /// <summary>The names of the runs that pass, in order.</summary>
    public async Task<string> FindAsync(string experiment, string filter, params string[] order)
    {
        var body = new JsonObject { ["experiment_ids"] = new JsonArray(experiment), ["filter"] = filter, ["order_by"] = new JsonArray([.. order.Select(one => JsonValue.Create(one))]) };
        var answer = await PostAsync("runs/search", body.ToJsonString());
        return string.Join(' ', (answer["runs"]?.AsArray() ?? []).Select(run => (string)run!["info"]!["run_name"]!));
    }
}

/// <summary>The same on PostgreSQL.</summary>
public sealed class PostgresMlflowServer : MlflowServer
{
    protected override bool OnPostgres => true;
}
