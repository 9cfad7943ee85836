using System.Net;
using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

public class WebhookEndpointTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private const string Events = """[{"entity": "MODEL_VERSION", "action": "CREATED"}, {"entity": 1, "action": 1}]""";

    private async Task<JsonNode> NewAsync(string name = "hook") =>
        (await server.PostAsync("webhooks", $$"""{"name": "{{name}}", "url": "https://example.com/x", "events": {{Events}}, "description": "d", "secret": "s"}"""))["webhook"]!;

    private async Task<JsonNode> PatchAsync(JsonNode webhook, string body)
    {
        var (status, answer) = await server.SendAsync(HttpMethod.Patch, $"webhooks/{webhook["webhook_id"]}", body);
        Assert.True(status == HttpStatusCode.OK, answer.ToJsonString());
        return answer["webhook"]!;
    }

    [Fact]
    public async Task Create_Get_Update_Delete()
    {
        var made = await NewAsync();
        var read = (await server.GetAsync($"webhooks/{made["webhook_id"]}"))["webhook"]!;
        Assert.Equal(made.ToJsonString(), read.ToJsonString());
        Assert.Equal(("hook", "https://example.com/x", "d", "ACTIVE"), ((string)read["name"]!, (string)read["url"]!, (string)read["description"]!, (string)read["status"]!));
        Assert.Equal("""[{"entity":"MODEL_VERSION","action":"CREATED"},{"entity":"REGISTERED_MODEL","action":"CREATED"}]""", read["events"]!.ToJsonString());
        Assert.Null(read["secret"]);

        var changed = await PatchAsync(made, """{"name": "other", "events": [{"entity": "PROMPT_ALIAS", "action": "DELETED"}], "status": "DISABLED"}""");
        Assert.Equal(("other", "https://example.com/x", "d", "DISABLED"), ((string)changed["name"]!, (string)changed["url"]!, (string)changed["description"]!, (string)changed["status"]!));
        Assert.Equal("""[{"entity":"PROMPT_ALIAS","action":"DELETED"}]""", changed["events"]!.ToJsonString());
        Assert.True((long)changed["last_updated_timestamp"]! > (long)made["last_updated_timestamp"]!);

        var (status, answer) = await server.SendAsync(HttpMethod.Delete, $"webhooks/{made["webhook_id"]}", "{}");
        Assert.Equal((HttpStatusCode.OK, "{}"), (status, answer.ToJsonString()));
        Assert.Equal(("RESOURCE_DOES_NOT_EXIST", 404), await server.RefusedAsync(HttpMethod.Get, $"webhooks/{made["webhook_id"]}"));
    }

    [Fact]
    public async Task List_Pages()
    {
        for (var i = 0; i < 5; i++)
            await NewAsync("listed" + i);
        var (ids, token) = (new List<string>(), "");
        do
        {
            var page = await server.GetAsync("webhooks?max_results=2" + (token == "" ? "" : "&page_token=" + Uri.EscapeDataString(token)));
            ids.AddRange(page["webhooks"]!.AsArray().Select(webhook => (string)webhook!["webhook_id"]!));
            token = (string?)page["next_page_token"];
        }
        while (token is not null);
        Assert.True(ids.Count >= 5);
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Theory]
    [InlineData("""{"url": "https://a.b", "events": EVENTS}""")]
    [InlineData("""{"name": "a", "events": EVENTS}""")]
    [InlineData("""{"name": "a", "url": "https://a.b"}""")]
    [InlineData("""{"name": "a", "url": "https://a.b", "events": []}""")]
    [InlineData("""{"name": "a b", "url": "https://a.b", "events": EVENTS}""")]
    [InlineData("""{"name": "-a", "url": "https://a.b", "events": EVENTS}""")]
    [InlineData("""{"name": "a", "url": "   ", "events": EVENTS}""")]
    [InlineData("""{"name": "a", "url": "ftp://example.com", "events": EVENTS}""")]
    [InlineData("""{"name": "a", "url": "http://[invalid", "events": EVENTS}""")]
    [InlineData("""{"name": "a", "url": "http://user:pass@a.b", "events": EVENTS}""")]
    [InlineData("""{"name": "a", "url": "https://a.b", "events": [{"entity": "MODEL_VERSION"}]}""")]
    [InlineData("""{"name": "a", "url": "https://a.b", "events": [{"entity": "MODEL_VERSION", "action": "UPDATED"}]}""")]
    [InlineData("""{"name": "a", "url": "https://a.b", "events": [{"entity": "BOGUS", "action": "CREATED"}]}""")]
    [InlineData("""{"name": "a", "url": "https://a.b", "events": ["model_version.created"]}""")]
    [InlineData("""{"name": "a", "url": "https://a.b", "events": EVENTS, "status": "SLEEPY"}""")]
    public async Task Create_Senseless_Is400(string body) =>
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Post, "webhooks", body.Replace("EVENTS", Events, StringComparison.Ordinal)));

    [Fact]
    public async Task Update_Senseless_Is400_AndChangesNothing()
    {
        var made = await NewAsync();
        foreach (var body in new[] { """{"url": "   "}""", """{"url": "ftp://a"}""", """{"name": "a b"}""", """{"events": [{"entity": "PROMPT", "action": "SET"}]}""" })
            Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Patch, $"webhooks/{made["webhook_id"]}", body));
        Assert.Equal(made.ToJsonString(), (await server.GetAsync($"webhooks/{made["webhook_id"]}"))["webhook"]!.ToJsonString());
    }

    [Fact]
    public async Task Unknown_Is404()
    {
        foreach (var (method, path, body) in new (HttpMethod, string, string?)[]
        {
            (HttpMethod.Get, "webhooks/nonexistent", null), (HttpMethod.Patch, "webhooks/nonexistent", """{"name": "a"}"""), (HttpMethod.Delete, "webhooks/nonexistent", "{}"), (HttpMethod.Post, "webhooks/nonexistent/test", "{}"),
        })
            Assert.Equal(("RESOURCE_DOES_NOT_EXIST", 404), await server.RefusedAsync(method, path, body));
    }
}
