using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Lode.Storage;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests.Webhooks;

/// <summary>Webhooks from the change to the receiver, with real servers on both sides.</summary>
public sealed class WebhookDeliveryTests : IAsyncLifetime
{
    private static readonly WebhookOptions s_quick = new() { FirstDelay = TimeSpan.FromMilliseconds(20), Timeout = TimeSpan.FromSeconds(2), Attempts = 4 };

    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase _database = null!;
    private LodeServer _server = null!;
    private HttpClient _http = null!;
    private Receiver _receiver = null!;

    private static CancellationToken Ct => CancellationToken.None;

    private HttpModelRegistry Registry => new(_http);

    public async Task InitializeAsync()
    {
        _receiver = await Receiver.StartAsync();
        await StartAsync(s_quick);
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        await _receiver.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartAsync(WebhookOptions webhooks)
    {
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        var options = new ServerOptions { Port = 0, DataFolder = _folder.Path, ArtifactFolder = _folder["artifacts"], Version = "0.0.0-test", Webhooks = webhooks };
        _server = await LodeServer.StartAsync(options, new SqlRunStore(_database, TimeProvider.System), TimeProvider.System, Ct);
        _http = new HttpClient { BaseAddress = _server.Address };
    }

    private async Task StopAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task<string> NewWebhookAsync(string events, string? secret = null, Uri? url = null)
    {
        var list = new JsonArray([.. events.Split(' ').Select(name => (JsonNode)new JsonObject { ["entity"] = name.Split('.')[0].ToUpperInvariant(), ["action"] = name.Split('.')[1].ToUpperInvariant() })]);
        var answer = await SendAsync(HttpMethod.Post, "webhooks", new JsonObject { ["name"] = "hook", ["url"] = (url ?? new Uri(_receiver.Address, "/hook")).ToString(), ["events"] = list, ["secret"] = secret });
        return (string)answer["webhook"]!["webhook_id"]!;
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, "/api/2.0/mlflow/" + path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private async Task<JsonNode> LogAsync(string webhook) => (await _http.GetFromJsonAsync<JsonNode>($"/api/v1/webhooks/{webhook}/deliveries"))!["deliveries"]!;

    private Task StateAsync(string webhook, string state, int attempts) => Eventually.TrueAsync(
        async () => (await LogAsync(webhook)).AsArray() is [{ } last, ..] && (string)last["state"]! == state && (int)last["attempts"]! == attempts,
        () => $"{state} after {attempts}");

    [Fact]
    public async Task Events_OfModels_AreDelivered_InMlflowsShape()
    {
        await NewWebhookAsync("registered_model.created model_version.created model_version_tag.set model_version_tag.deleted model_version_alias.created model_version_alias.deleted");
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "ü", Description = "d", Tags = new Dictionary<string, string> { ["a"] = "1" } }, Ct);
        await Registry.CreateVersionAsync(new NewModelVersion { Model = "ü", Source = "s3://b/k", RunId = "0abc", Description = "v", Tags = new Dictionary<string, string> { ["t"] = "1" } }, Ct);
        await Registry.SetVersionTagAsync("ü", 1, "k", "x", Ct);
        await Registry.SetVersionTagAsync("ü", 1, "k", null, Ct);
        await Registry.SetVersionTagAsync("ü", 1, "k", null, Ct);
        await Registry.SetAliasAsync("ü", "champion", 1, Ct);
        await Registry.SetAliasAsync("ü", "champion", null, Ct);
        await Registry.SetModelTagAsync("ü", "k", "v", Ct);
        var requests = await _receiver.WaitAsync(6);
        (string, string)[] wanted =
        [
            ("registered_model.created", """{"name":"ü","tags":{"a":"1"},"description":"d"}"""),
            ("model_version.created", """{"name":"ü","version":"1","source":"s3://b/k","run_id":"0abc","tags":{"t":"1"},"description":"v"}"""),
            ("model_version_tag.set", """{"name":"ü","version":"1","key":"k","value":"x"}"""),
            ("model_version_tag.deleted", """{"name":"ü","version":"1","key":"k"}"""),
            ("model_version_alias.created", """{"name":"ü","alias":"champion","version":"1"}"""),
            ("model_version_alias.deleted", """{"name":"ü","alias":"champion"}"""),
        ];
        Assert.Equal(wanted.Select(pair => pair.Item1), requests.Select(request => request.Event));
        foreach (var ((_, data), request) in wanted.Zip(requests))
        {
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(data), request.Data), request.Body);
            Assert.Equal(("/hook", "application/json"), (request.Path, request.Headers["Content-Type"]));
            Assert.False(request.Headers.ContainsKey("X-MLflow-Signature"));
            Assert.True(Guid.TryParse(request.Headers["X-MLflow-Delivery-Id"], out _));
            var at = DateTimeOffset.Parse((string)JsonNode.Parse(request.Body)!["timestamp"]!, CultureInfo.InvariantCulture);
            Assert.InRange(TimeProvider.System.GetUtcNow() - at, TimeSpan.Zero, TimeSpan.FromMinutes(2));
        }
        Assert.Equal(6, requests.Select(request => request.Headers["X-MLflow-Delivery-Id"]).Distinct().Count());
    }

    [Fact]
    public async Task Events_OfPrompts_HaveTheirOwnNames()
    {
        await NewWebhookAsync("registered_model.created prompt.created prompt_version.created prompt_tag.set prompt_tag.deleted prompt_version_tag.set prompt_alias.created prompt_alias.deleted");
        var mark = new Dictionary<string, string> { [ModelRules.PromptTag] = "true" };
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "p", Tags = mark }, Ct);
        await Registry.CreateVersionAsync(new NewModelVersion { Model = "p", Source = "x", Tags = new Dictionary<string, string>(mark) { [ModelRules.PromptTextTag] = "Hi {{you}}", ["t"] = "1" } }, Ct);
        await Registry.SetModelTagAsync("p", "k", "v", Ct);
        await Registry.SetModelTagAsync("p", "k", null, Ct);
        await Registry.SetVersionTagAsync("p", 1, "k", "v", Ct);
        await Registry.SetAliasAsync("p", "a", 1, Ct);
        await Registry.SetAliasAsync("p", "a", null, Ct);
        var requests = await _receiver.WaitAsync(7);
        Assert.Equal("prompt.created prompt_version.created prompt_tag.set prompt_tag.deleted prompt_version_tag.set prompt_alias.created prompt_alias.deleted", string.Join(' ', requests.Select(request => request.Event)));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"name":"p","version":"1","template":"Hi {{you}}","tags":{"t":"1"},"description":null}"""), requests[1].Data), requests[1].Body);
    }

    [Fact]
    public async Task Requests_AreSigned_AndTheSecretStaysInside()
    {
        const string Secret = "geheim-ß";
        var id = await NewWebhookAsync("registered_model.created", Secret);
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct);
        var request = Assert.Single(await _receiver.WaitAsync(1));
        var signed = $"{request.Headers["X-MLflow-Delivery-Id"]}.{request.Headers["X-MLflow-Timestamp"]}.{request.Body}";
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(signed))), request.Headers["X-MLflow-Signature"]);
        Assert.InRange(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - long.Parse(request.Headers["X-MLflow-Timestamp"], CultureInfo.InvariantCulture), 0, 120);

        await StateAsync(id, "delivered", 1);
        foreach (var answer in new[] { await SendAsync(HttpMethod.Get, "webhooks"), await SendAsync(HttpMethod.Get, "webhooks/" + id), await SendAsync(HttpMethod.Patch, "webhooks/" + id, new JsonObject { ["secret"] = Secret }), await LogAsync(id) })
            Assert.DoesNotContain("secret", answer.ToJsonString() + Uri.UnescapeDataString(answer.ToJsonString()).Replace("geheim", "secret", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);

        await SendAsync(HttpMethod.Patch, "webhooks/" + id, new JsonObject { ["secret"] = "other" });
        await SendAsync(HttpMethod.Post, $"webhooks/{id}/test", new JsonObject());
        request = (await _receiver.WaitAsync(2))[1];
        signed = $"{request.Headers["X-MLflow-Delivery-Id"]}.{request.Headers["X-MLflow-Timestamp"]}.{request.Body}";
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData("other"u8, Encoding.UTF8.GetBytes(signed))), request.Headers["X-MLflow-Signature"]);
    }

    [Fact]
    public async Task Failure_IsSentAgain_UnderTheSameId_UntilItPasses()
    {
        _receiver.AnswerWith(500, 429, 503);
        var id = await NewWebhookAsync("registered_model.created");
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct);
        var requests = await _receiver.WaitAsync(4);
        Assert.Single(requests.Select(request => (request.Headers["X-MLflow-Delivery-Id"], request.Body)).Distinct());
        await StateAsync(id, "delivered", 4);
        var last = (await SendAsync(HttpMethod.Get, "webhooks/" + id))["webhook"]!["last_delivery"]!;
        Assert.Equal(("delivered", 200, 4, null), ((string)last["state"]!, (int)last["httpStatus"]!, (int)last["attempts"]!, last["error"]));
    }

    [Theory]
    [InlineData(1, 400)]
    [InlineData(1, 302)]
    [InlineData(4, 500, 500, 500, 500, 500)]
    public async Task Failure_ThatStays_IsGivenUp_AndNoted(int attempts, params int[] statuses)
    {
        foreach (var status in statuses)
        {
            _receiver.Answers.Enqueue(context =>
            {
                context.Response.StatusCode = status;
                context.Response.Headers.Location = "/elsewhere";
                return Task.CompletedTask;
            });
        }
        var id = await NewWebhookAsync("registered_model.created");
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct);
        await StateAsync(id, "failed", attempts);
        Assert.Equal(attempts, _receiver.Count);
        var last = (await LogAsync(id))[0]!;
        Assert.Equal(statuses[0], (int)last["httpStatus"]!);
        Assert.Contains(statuses[0].ToString(CultureInfo.InvariantCulture), (string)last["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_DeliversWhatWaits()
    {
        var address = _receiver.Address;
        await _receiver.DisposeAsync();
        var id = await NewWebhookAsync("registered_model.created", url: address);
        await SendAsync(HttpMethod.Patch, "webhooks/" + id, new JsonObject { ["name"] = "renamed" });
        await StopAsync();
        await StartAsync(s_quick with { Attempts = 1000 });
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "during" }, Ct);
        await Eventually.TrueAsync(async () => (await LogAsync(id)).AsArray() is [{ } last, ..] && (int)last["attempts"]! > 0, () => "a first attempt");
        await StopAsync();
        _database = SqliteDatabase.Open(_folder["lode.db"]);
        await new SqlModelRegistry(_database, TimeProvider.System).CreateModelAsync(new NewRegisteredModel { Name = "without server" }, Ct);
        await _database.DisposeAsync();

        _receiver = await Receiver.StartAsync(address.Port);
        await StartAsync(s_quick);
        var requests = await _receiver.WaitAsync(2);
        Assert.Equal(["during", "without server"], requests.Select(request => (string)request.Data["name"]!).Order());
    }

    [Fact]
    public async Task Stop_BreaksOffWhatIsOnItsWay_AndTheNextServerSendsItAgain()
    {
        _receiver.Answers.Enqueue(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await NewWebhookAsync("registered_model.created");
        await StopAsync();
        await StartAsync(s_quick with { Timeout = TimeSpan.FromMinutes(5) });
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct);
        await _receiver.WaitAsync(1);
        await StopAsync();
        await StartAsync(s_quick);
        var requests = await _receiver.WaitAsync(2);
        Assert.Equal(requests[0].Headers["X-MLflow-Delivery-Id"], requests[1].Headers["X-MLflow-Delivery-Id"]);
    }

    [Fact]
    public async Task SlowReceiver_DoesNotHoldUpOthers()
    {
        await using var slow = await Receiver.StartAsync();
        slow.Answers.Enqueue(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await NewWebhookAsync("registered_model.created", url: slow.Address);
        await NewWebhookAsync("registered_model.created");
        foreach (var name in new[] { "a", "b", "c" })
            await Registry.CreateModelAsync(new NewRegisteredModel { Name = name }, Ct);
        Assert.Equal(["a", "b", "c"], (await _receiver.WaitAsync(3)).Select(request => (string)request.Data["name"]!));
        Assert.Equal(["a", "a", "b", "c"], (await slow.WaitAsync(4)).Select(request => (string)request.Data["name"]!).Order());
    }

    [Fact]
    public async Task Disabled_HearsNothing()
    {
        var id = await NewWebhookAsync("registered_model.created");
        Assert.Equal("DISABLED", (string)(await SendAsync(HttpMethod.Patch, "webhooks/" + id, new JsonObject { ["status"] = "DISABLED" }))["webhook"]!["status"]!);
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "a" }, Ct);
        await SendAsync(HttpMethod.Patch, "webhooks/" + id, new JsonObject { ["status"] = 1 });
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "b" }, Ct);
        Assert.Equal("b", (string)Assert.Single(await _receiver.WaitAsync(1)).Data["name"]!);
        Assert.Single((await LogAsync(id)).AsArray());
    }

    [Fact]
    public async Task Test_TellsWhatTheReceiverSaid()
    {
        var id = await NewWebhookAsync("model_version.created model_version_alias.created");
        _receiver.AnswerWith(201, 418);
        var result = (await SendAsync(HttpMethod.Post, $"webhooks/{id}/test", new JsonObject()))["result"]!;
        Assert.Equal((true, 201, "said 201", null), ((bool)result["success"]!, (int)result["response_status"]!, (string)result["response_body"]!, result["error_message"]));
        result = (await SendAsync(HttpMethod.Post, $"webhooks/{id}/test", new JsonObject { ["event"] = new JsonObject { ["entity"] = "MODEL_VERSION_ALIAS", ["action"] = 1 } }))["result"]!;
        Assert.Equal((false, 418, null), ((bool)result["success"]!, (int)result["response_status"]!, result["error_message"]));
        var requests = await _receiver.WaitAsync(2);
        Assert.Equal(["model_version.created", "model_version_alias.created"], requests.Select(request => request.Event));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""
            {"name":"example_model","version":"1","source":"models:/123","run_id":"abcd1234abcd5678","tags":{"example_key":"example_value"},"description":"An example model version"}
            """), requests[0].Data));
    }

    [Fact]
    public async Task Test_OfAReceiverThatHangsOrIsAway_TellsSo()
    {
        var id = await NewWebhookAsync("model_version.created");
        _receiver.Answers.Enqueue(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        var result = (await SendAsync(HttpMethod.Post, $"webhooks/{id}/test", new JsonObject()))["result"]!;
        Assert.Equal((false, "It did not answer within 2 s."), ((bool)result["success"]!, (string)result["error_message"]!));
        await _receiver.DisposeAsync();
        result = (await SendAsync(HttpMethod.Post, $"webhooks/{id}/test", new JsonObject()))["result"]!;
        Assert.Contains("refused", (string)result["error_message"]!, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task PrivateAddress_WhereForbidden_IsNotCalled_ThoughTheWebhookIsThere()
    {
        var id = await NewWebhookAsync("registered_model.created");
        await StopAsync();
        await StartAsync(s_quick with { AllowPrivate = false, Attempts = 1 });
        var result = (await SendAsync(HttpMethod.Post, $"webhooks/{id}/test", new JsonObject()))["result"]!;
        Assert.Contains("private network", (string)result["error_message"]!, StringComparison.Ordinal);
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "m" }, Ct);
        await StateAsync(id, "failed", 1);
        Assert.Equal(0, _receiver.Count);
    }
}
