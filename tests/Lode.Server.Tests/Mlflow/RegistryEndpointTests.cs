using System.Net;
using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

/// <summary>Points of the registry's contract that the recordings do not show.</summary>
public class RegistryEndpointTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private static readonly HttpMethod s_patch = HttpMethod.Patch;
    private static int s_made;

    private async Task<string> NewModelAsync(int versions = 0)
    {
        var name = $"model-{Interlocked.Increment(ref s_made)}";
        await server.PostAsync("registered-models/create", $$"""{"name": "{{name}}"}""");
        for (var i = 0; i < versions; i++)
            await server.PostAsync("model-versions/create", $$"""{"name": "{{name}}", "source": "s3://b/{{i}}"}""");
        return name;
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, string body)
    {
        var (status, answer) = await server.SendAsync(method, path, body);
        Assert.True(status == HttpStatusCode.OK, answer.ToJsonString());
        return answer;
    }

    private static string Numbers(JsonNode answer) => string.Join(' ', (answer["model_versions"]?.AsArray() ?? []).Select(version => (string)version!["version"]!));

    [Theory]
    [InlineData("POST", "registered-models/create", "{}")]
    [InlineData("GET", "registered-models/get", null)]
    [InlineData("PATCH", "registered-models/update", "{}")]
    [InlineData("POST", "registered-models/rename", """{"name": "x"}""")]
    [InlineData("DELETE", "registered-models/delete", "{}")]
    [InlineData("GET", "registered-models/get-latest-versions", null)]
    [InlineData("POST", "registered-models/set-tag", """{"name": "x"}""")]
    [InlineData("DELETE", "registered-models/delete-tag", """{"name": "x"}""")]
    [InlineData("POST", "registered-models/alias", """{"name": "x", "alias": "a"}""")]
    [InlineData("GET", "registered-models/alias?name=x", null)]
    [InlineData("DELETE", "registered-models/alias", """{"name": "x"}""")]
    [InlineData("POST", "model-versions/create", """{"name": "x"}""")]
    [InlineData("POST", "model-versions/create", """{"name": "x", "source": ""}""")]
    [InlineData("GET", "model-versions/get?name=x", null)]
    [InlineData("PATCH", "model-versions/update", """{"name": "x"}""")]
    [InlineData("POST", "model-versions/transition-stage", """{"name": "x", "version": "1"}""")]
    [InlineData("DELETE", "model-versions/delete", """{"name": "x"}""")]
    [InlineData("POST", "model-versions/set-tag", """{"name": "x", "version": "1"}""")]
    [InlineData("DELETE", "model-versions/delete-tag", """{"name": "x", "version": "1"}""")]
    [InlineData("POST", "registered-models/create", """{"name": 7}""")]
    [InlineData("POST", "registered-models/create", """{"name": "x", "tags": {"a": "b"}}""")]
    [InlineData("POST", "registered-models/create", """{"name": "x", "tags": [{"value": "b"}]}""")]
    [InlineData("POST", "model-versions/transition-stage", """{"name": "x", "version": "1", "stage": "Staging", "archive_existing_versions": "yes"}""")]
    [InlineData("GET", "registered-models/search?max_results=0", null)]
    [InlineData("GET", "registered-models/search?max_results=abc", null)]
    [InlineData("GET", "registered-models/search?page_token=abc", null)]
    [InlineData("GET", "registered-models/search?filter=tags.a%20IS%20NULL", null)]
    [InlineData("GET", "registered-models/search?filter=name%20IN%20('a')", null)]
    [InlineData("GET", "registered-models/search?filter=params.a%20%3D%20'1'", null)]
    [InlineData("GET", "registered-models/search?filter=timestamp%20%3E%201", null)]
    [InlineData("GET", "registered-models/search?filter=name%20%3D%20a", null)]
    [InlineData("GET", "registered-models/search?order_by=name&order_by=name", null)]
    [InlineData("GET", "registered-models/search?order_by=timestamp&order_by=last_updated_timestamp", null)]
    [InlineData("GET", "registered-models/search?order_by=name%20UP", null)]
    [InlineData("GET", "registered-models/search?order_by=creation_timestamp", null)]
    [InlineData("GET", "model-versions/search?filter=run_id%20NOT%20IN%20('a')", null)]
    [InlineData("GET", "model-versions/search?filter=run_id%20IN%20()", null)]
    [InlineData("GET", "model-versions/search?filter=creation_timestamp%20%3E%201", null)]
    [InlineData("GET", "model-versions/search?filter=name%20%3D%20'a'%20OR%20name%20%3D%20'b'", null)]
    [InlineData("GET", "model-versions/search?order_by=run_id", null)]
    public async Task SenselessRequest_Is400(string method, string path, string? body) =>
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(new HttpMethod(method), path, body));

    [Fact]
    public async Task UnknownThings_Are404()
    {
        var name = await NewModelAsync();
        foreach (var (method, path, body) in new (HttpMethod, string, string?)[]
        {
            (s_patch, "registered-models/update", """{"name": "nope", "description": "x"}"""),
            (HttpMethod.Post, "registered-models/rename", """{"name": "nope", "new_name": "x"}"""),
            (HttpMethod.Delete, "registered-models/delete", """{"name": "nope"}"""),
            (HttpMethod.Post, "registered-models/get-latest-versions", """{"name": "nope"}"""),
            (HttpMethod.Post, "registered-models/set-tag", """{"name": "nope", "key": "k", "value": "v"}"""),
            (HttpMethod.Post, "registered-models/alias", $$"""{"name": "{{name}}", "alias": "a", "version": "1"}"""),
            (HttpMethod.Get, "registered-models/alias?name=nope&alias=a", null),
            (HttpMethod.Get, $"registered-models/alias?name={name}&alias=latest", null),
            (s_patch, "model-versions/update", $$"""{"name": "{{name}}", "version": "1", "description": "x"}"""),
            (HttpMethod.Post, "model-versions/transition-stage", $$"""{"name": "{{name}}", "version": "1", "stage": "staging"}"""),
            (HttpMethod.Delete, "model-versions/delete", $$"""{"name": "{{name}}", "version": "1"}"""),
            (HttpMethod.Get, $"model-versions/get-download-uri?name={name}&version=1", null),
            (HttpMethod.Post, "model-versions/create", $$"""{"name": "{{name}}", "source": "models:/m-none", "model_id": "m-none"}"""),
        })
            Assert.Equal(("RESOURCE_DOES_NOT_EXIST", 404), await server.RefusedAsync(method, path, body));
    }

    [Fact]
    public async Task TakenName_Is400()
    {
        var name = await NewModelAsync();
        Assert.Equal(("RESOURCE_ALREADY_EXISTS", 400), await server.RefusedAsync(HttpMethod.Post, "registered-models/create", $$"""{"name": "{{name}}"}"""));
    }

    [Fact]
    public async Task Stages_AnyCaseIn_CanonicalOut_AndArchiving()
    {
        var name = await NewModelAsync(versions: 3);
        var moved = await server.PostAsync("model-versions/transition-stage", $$"""{"name": "{{name}}", "version": "1", "stage": "PRODUCTION"}""");
        Assert.Equal("Production", (string)moved["model_version"]!["current_stage"]!);
        await server.PostAsync("model-versions/transition-stage", $$"""{"name": "{{name}}", "version": "2", "stage": "production", "archive_existing_versions": true}""");
        Assert.Equal("Archived", (string)(await server.GetAsync($"model-versions/get?name={name}&version=1"))["model_version"]!["current_stage"]!);
        Assert.Equal("1 2 3", Numbers(await server.GetAsync($"registered-models/get-latest-versions?name={name}")));
        Assert.Equal("1 3", Numbers(await server.GetAsync($"registered-models/get-latest-versions?name={name}&stages=none&stages=ARCHIVED")));
        Assert.Equal("2", Numbers(await server.PostAsync("registered-models/get-latest-versions", $$"""{"name": "{{name}}", "stages": ["Production"]}""")));
        Assert.Equal("", Numbers(await server.PostAsync("registered-models/get-latest-versions", $$"""{"name": "{{name}}", "stages": ["Staging"]}""")));
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Get, $"registered-models/get-latest-versions?name={name}&stages=Bogus"));
        Assert.Equal(400, (await server.RefusedAsync(HttpMethod.Post, "model-versions/transition-stage", $$"""{"name": "{{name}}", "version": "2", "stage": "Archived", "archive_existing_versions": true}""")).Status);
    }

    [Fact]
    public async Task Patch_WithoutDescription_ClearsIt()
    {
        var name = await NewModelAsync(versions: 1);
        await SendAsync(s_patch, "registered-models/update", $$"""{"name": "{{name}}", "description": "x"}""");
        await SendAsync(s_patch, "model-versions/update", $$"""{"name": "{{name}}", "version": "1", "description": "x"}""");
        Assert.Null((await SendAsync(s_patch, "registered-models/update", $$"""{"name": "{{name}}"}"""))["registered_model"]!["description"]);
        Assert.Equal("", (string?)(await SendAsync(s_patch, "model-versions/update", $$"""{"name": "{{name}}", "version": "1"}"""))["model_version"]!["description"]);
    }

    [Fact]
    public async Task Alias_Latest_IsTheHighestVersion_AndOthersAreFoundOnTheVersion()
    {
        var name = await NewModelAsync(versions: 2);
        await server.PostAsync("registered-models/alias", $$"""{"name": "{{name}}", "alias": "old", "version": "1"}""");
        Assert.Equal("2", (string)(await server.GetAsync($"registered-models/alias?name={name}&alias=latest"))["model_version"]!["version"]!);
        Assert.Equal("""["old"]""", (await server.GetAsync($"model-versions/get?name={name}&version=1"))["model_version"]!["aliases"]!.ToJsonString());
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Get, $"registered-models/alias?name={name}&alias=new"));
        await SendAsync(HttpMethod.Delete, "model-versions/delete", $$"""{"name": "{{name}}", "version": "1"}""");
        Assert.Equal(("RESOURCE_DOES_NOT_EXIST", 404), await server.RefusedAsync(HttpMethod.Get, $"registered-models/alias?name={name}&alias=old"));
        Assert.Equal(("INVALID_PARAMETER_VALUE", 400), await server.RefusedAsync(HttpMethod.Post, "registered-models/alias", $$"""{"name": "{{name}}", "alias": "x", "version": "two"}"""));
    }

    [Fact]
    public async Task DownloadUri_IsTheSource()
    {
        var name = await NewModelAsync(versions: 1);
        Assert.Equal("s3://b/0", (string)(await server.GetAsync($"model-versions/get-download-uri?name={name}&version=1"))["artifact_uri"]!);
    }

    [Fact]
    public async Task Search_Pages_ByTokens_WithoutOneOnTheLast()
    {
        var name = await NewModelAsync(versions: 4);
        var path = $"model-versions/search?filter={Uri.EscapeDataString($"name = '{name}'")}&order_by=version_number&max_results=2";
        var first = await server.GetAsync(path);
        Assert.Equal("1 2", Numbers(first));
        var second = await server.GetAsync($"{path}&page_token={Uri.EscapeDataString((string)first["next_page_token"]!)}");
        Assert.Equal("3 4", Numbers(second));
        Assert.Null(second["next_page_token"]);
        var models = await server.GetAsync($"registered-models/search?filter={Uri.EscapeDataString($"name = '{name}'")}");
        Assert.Equal(name, (string)Assert.Single(models["registered_models"]!.AsArray())!["name"]!);
        Assert.Empty((await server.GetAsync("registered-models/search?filter=name%20%3D%20'nope'")).AsObject());
    }

    [Fact]
    public async Task Prompts_AreFoundOnlyByTheirTag()
    {
        var name = $"prompt-{Interlocked.Increment(ref s_made)}";
        const string Mark = """[{"key": "mlflow.prompt.is_prompt", "value": "true"}]""";
        await server.PostAsync("registered-models/create", $$"""{"name": "{{name}}", "tags": {{Mark}}}""");
        await server.PostAsync("model-versions/create", $$"""{"name": "{{name}}", "source": "dummy-source", "tags": {{Mark}}}""");
        var clause = $"name = '{name}'";
        foreach (var (filter, found) in new[] { (clause, 0), (clause + " AND tag.`mlflow.prompt.is_prompt` != 'true'", 0), (clause + " AND tags.`mlflow.prompt.is_prompt` = 'true'", 1) })
        {
            Assert.Equal(found, (await server.GetAsync("registered-models/search?filter=" + Uri.EscapeDataString(filter)))["registered_models"]?.AsArray().Count ?? 0);
            Assert.Equal(found, (await server.GetAsync("model-versions/search?filter=" + Uri.EscapeDataString(filter)))["model_versions"]?.AsArray().Count ?? 0);
        }
    }

    [Fact]
    public async Task AjaxPrefix_SpeaksOfTheRegistryToo()
    {
        var name = await NewModelAsync();
        var (status, body) = await server.SendAsync(HttpMethod.Get, $"registered-models/get?name={name}", prefix: "/ajax-api/2.0/mlflow/");
        Assert.Equal((HttpStatusCode.OK, name), (status, (string?)body["registered_model"]!["name"]));
    }
}
