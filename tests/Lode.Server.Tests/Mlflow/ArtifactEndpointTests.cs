using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Lode.Server.Tests.Mlflow;

/// <summary>What the recorded talks do not show of artifacts.</summary>
public class ArtifactEndpointTests(MlflowServer server) : IClassFixture<MlflowServer>
{
    private const string Proxy = "/api/2.0/mlflow-artifacts/";
    private static readonly (string, int) s_invalid = ("INVALID_PARAMETER_VALUE", 400);
    private static readonly (string, int) s_missing = ("RESOURCE_DOES_NOT_EXIST", 404);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        change?.Invoke(request);
        return await server.Http.SendAsync(request);
    }

    private async Task<string> PutAsync(string path, string body, string prefix = Proxy)
    {
        using var response = await SendAsync(HttpMethod.Put, $"{prefix}artifacts/{path}", body);
        Assert.Equal((HttpStatusCode.OK, "{}"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        return response.Headers.ETag!.Tag;
    }

    private async Task<(string Code, int Status)> RefusedAsync(HttpMethod method, string path, string? body = null)
    {
        using var response = await SendAsync(method, path, body);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.False(string.IsNullOrEmpty((string?)answer["message"]));
        return ((string)answer["error_code"]!, (int)response.StatusCode);
    }

    private async Task<string> FilesAsync(string address)
    {
        var files = JsonNode.Parse(await server.Http.GetStringAsync(address))!["files"]?.AsArray() ?? [];
        return string.Join(' ', files.Select(file => $"{file!["path"]}{((bool)file["is_dir"]! ? "/" : $":{file["file_size"]}")}"));
    }

    [Theory]
    [InlineData("/api/2.0/mlflow-artifacts/")]
    [InlineData("/ajax-api/2.0/mlflow-artifacts/")]
    public async Task Proxy_PutsListsAndDeletes(string prefix)
    {
        await PutAsync("p/b.txt", "12", prefix);
        await PutAsync("p/a/c.txt", "", prefix);
        await PutAsync("p/b.txt", "123", prefix);
        Assert.Equal("a/ b.txt:3", await FilesAsync($"{prefix}artifacts?path=p"));
        Assert.Equal("c.txt:0", await FilesAsync($"{prefix}artifacts?path=p/a"));
        Assert.Equal("", await FilesAsync($"{prefix}artifacts?path=p/b.txt"));
        Assert.Equal("", await FilesAsync($"{prefix}artifacts?path=p/nothing"));
        using (var deleted = await SendAsync(HttpMethod.Delete, $"{prefix}artifacts/p"))
            Assert.Equal("{}", await deleted.Content.ReadAsStringAsync());
        Assert.Equal(s_missing, await RefusedAsync(HttpMethod.Get, $"{prefix}artifacts/p/b.txt"));
        Assert.Equal(s_missing, await RefusedAsync(HttpMethod.Delete, $"{prefix}artifacts/p"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Delete, $"{prefix}artifacts/"));
    }

    [Theory]
    [InlineData("artifacts/../../x")]
    [InlineData("artifacts/a/%2e%2e/x")]
    [InlineData("artifacts/a/%252e%252e/x")]
    [InlineData("artifacts/a/%25252e%25252e/x")]
    [InlineData("artifacts/a/..%2fx")]
    [InlineData("artifacts/a/..%252fx")]
    [InlineData("artifacts/%2Fetc/passwd")]
    [InlineData("artifacts//etc/passwd")]
    [InlineData("artifacts/%252Fetc/passwd")]
    [InlineData("artifacts/a%5Cb")]
    [InlineData("artifacts/a%255Cb")]
    [InlineData("artifacts/a%23b")]
    [InlineData("artifacts/a%2523b")]
    [InlineData("artifacts/C:/x")]
    [InlineData("artifacts/c%3A/x")]
    [InlineData("artifacts/a%2500b")]
    public async Task Paths_ThatLeaveTheirPlace_AreRefused(string path)
    {
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Put, Proxy + path, "x"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Get, Proxy + path));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Delete, Proxy + path));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("%252e%252e/x")]
    [InlineData("/etc")]
    [InlineData("a\\b")]
    [InlineData("a#b")]
    [InlineData("C:/x")]
    [InlineData("file:///etc/../x")]
    public async Task QueriedPaths_ThatLeaveTheirPlace_AreRefused(string path)
    {
        var (run, escaped) = (await server.NewRunAsync(await server.NewExperimentAsync()), Uri.EscapeDataString(path));
        Assert.Equal(s_invalid, await server.RefusedAsync(HttpMethod.Get, $"artifacts/list?run_id={run}&path={escaped}"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Get, $"/get-artifact?run_id={run}&path={escaped}"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Get, $"{Proxy}artifacts?path={escaped}"));
    }

    [Theory]
    [InlineData("Größe ☀.bin")]
    [InlineData("100% real.bin")]
    [InlineData("a'b \"c\";.bin")]
    public async Task OddNames_AreServedByRfc6266(string name)
    {
        var address = $"{Proxy}artifacts/odd/{Uri.EscapeDataString(name)}";
        (await SendAsync(HttpMethod.Put, address, "x")).Dispose();
        using var response = await SendAsync(HttpMethod.Get, address);
        Assert.Equal("x", await response.Content.ReadAsStringAsync());
        var disposition = response.Content.Headers.ContentDisposition!;
        Assert.Equal(("attachment", name), (disposition.DispositionType, disposition.FileNameStar));
        Assert.Contains(name, (JsonNode.Parse(await server.Http.GetStringAsync($"{Proxy}artifacts?path=odd"))!["files"]!).AsArray().Select(file => (string)file!["path"]!));
    }

    [Theory]
    [InlineData("a.html", "text/plain")]
    [InlineData("a.HTM", "text/plain")]
    [InlineData("a.xhtml", "text/plain")]
    [InlineData("a.js", "text/plain")]
    [InlineData("a.json", "text/plain")]
    [InlineData("a.yaml", "text/plain")]
    [InlineData("a.py", "text/plain")]
    [InlineData("MLmodel", "text/plain")]
    [InlineData("a.png", "image/png")]
    [InlineData("a.svg", "image/svg+xml")]
    [InlineData("a.unknown", "application/octet-stream")]
    [InlineData("a", "application/octet-stream")]
    public async Task Content_IsNeverAPageOfThisServer(string name, string type)
    {
        await PutAsync($"types/{name}", "<script>alert(1)</script>");
        using var response = await SendAsync(HttpMethod.Get, $"{Proxy}artifacts/types/{name}");
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.StartsWith("sandbox", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Ranges()
    {
        var tag = await PutAsync("ranges/x", "0123456789");
        var address = $"{Proxy}artifacts/ranges/x";
        using (var part = await SendAsync(HttpMethod.Get, address, null, request => request.Headers.Range = new RangeHeaderValue(2, 4)))
        {
            Assert.Equal((HttpStatusCode.PartialContent, "234"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
            Assert.Equal("bytes 2-4/10", part.Content.Headers.ContentRange!.ToString());
        }
        using (var end = await SendAsync(HttpMethod.Get, address, null, request => request.Headers.Range = new RangeHeaderValue(null, 3)))
            Assert.Equal("789", await end.Content.ReadAsStringAsync());
        using (var beyond = await SendAsync(HttpMethod.Get, address, null, request => request.Headers.Range = new RangeHeaderValue(10, 12)))
            Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        using (var resumed = await SendAsync(HttpMethod.Get, address, null, request => Range(request, tag)))
            Assert.Equal((HttpStatusCode.PartialContent, "56789"), (resumed.StatusCode, await resumed.Content.ReadAsStringAsync()));
        using (var changed = await SendAsync(HttpMethod.Get, address, null, request => Range(request, "\"other\"")))
            Assert.Equal((HttpStatusCode.OK, "0123456789"), (changed.StatusCode, await changed.Content.ReadAsStringAsync()));
        using (var known = await SendAsync(HttpMethod.Get, address, null, request => request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(tag))))
            Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        using var head = await SendAsync(HttpMethod.Head, address);
        Assert.Equal((HttpStatusCode.OK, 10L, tag), (head.StatusCode, head.Content.Headers.ContentLength, head.Headers.ETag!.Tag));

        static void Range(HttpRequestMessage request, string tag)
        {
            request.Headers.Range = new RangeHeaderValue(5, null);
            request.Headers.IfRange = new RangeConditionHeaderValue(new EntityTagHeaderValue(tag));
        }
    }

    [Fact]
    public async Task List_OfARun_HasPathsBelowItsRoot()
    {
        var experiment = await server.NewExperimentAsync();
        var run = await server.NewRunAsync(experiment);
        await PutAsync($"{experiment}/{run}/artifacts/model/MLmodel", "flavors:");
        var list = await server.GetAsync($"artifacts/list?run_id={run}");
        Assert.Equal($"mlflow-artifacts:/{experiment}/{run}/artifacts", (string)list["root_uri"]!);
        Assert.Equal("model/", await FilesAsync($"/api/2.0/mlflow/artifacts/list?run_id={run}"));
        Assert.Equal("model/MLmodel:8", await FilesAsync($"/ajax-api/2.0/mlflow/artifacts/list?run_uuid={run}&path=model/"));
        Assert.Equal("", await FilesAsync($"/api/2.0/mlflow/artifacts/list?run_id={run}&path=nothing"));
        Assert.Equal(s_missing, await server.RefusedAsync(HttpMethod.Get, $"artifacts/list?run_id={new string('b', 32)}"));
        Assert.Equal(s_invalid, await server.RefusedAsync(HttpMethod.Get, "artifacts/list"));
    }

    [Fact]
    public async Task RunsWithArtifactsElsewhere_AreTheClients()
    {
        var experiment = (string)(await server.PostAsync("experiments/create", """{"name": "elsewhere", "artifact_location": "s3://bucket/x"}"""))["experiment_id"]!;
        var run = await server.NewRunAsync(experiment);
        var list = await server.GetAsync($"artifacts/list?run_id={run}");
        Assert.Equal(($"s3://bucket/x/{run}/artifacts", null), ((string)list["root_uri"]!, list["files"]));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Get, $"/get-artifact?run_id={run}&path=a"));
    }

    [Fact]
    public async Task ModelVersion_FilesAreServed()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        using (await SendAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=model/MLmodel", "flavors: {}"))
        {
        }
        var source = (string)(await server.GetAsync($"artifacts/list?run_id={run}"))["root_uri"]! + "/model";
        var name = "m" + run;
        await server.PostAsync("registered-models/create", $$"""{"name": "{{name}}"}""");
        await server.PostAsync("model-versions/create", $$"""{"name": "{{name}}", "source": "{{source}}"}""");
        Assert.Equal("flavors: {}", await server.Http.GetStringAsync($"/model-versions/get-artifact?name={name}&version=1&path=MLmodel"));
        Assert.Equal(s_missing, await RefusedAsync(HttpMethod.Get, $"/model-versions/get-artifact?name={name}&version=2&path=MLmodel"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Get, $"/model-versions/get-artifact?name={name}&version=one&path=MLmodel"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Get, "/model-versions/get-artifact?version=1&path=MLmodel"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Get, $"/model-versions/get-artifact?name={name}&version=1&path=../x"));
    }

    [Fact]
    public async Task UploadArtifact_FromAPage()
    {
        var run = await server.NewRunAsync(await server.NewExperimentAsync());
        using (var response = await SendAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=notes/a.txt", "hello"))
            Assert.Equal("{}", await response.Content.ReadAsStringAsync());
        Assert.Equal("hello", await server.Http.GetStringAsync($"/get-artifact?run_uuid={run}&path=notes/a.txt"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=x", ""));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?path=x", "x"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}", "x"));
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=big", new string('x', (10 << 20) + 1)));
        Assert.Equal(s_missing, await RefusedAsync(HttpMethod.Get, $"/get-artifact?run_uuid={run}&path=notes"));
        await server.PostAsync("runs/delete", $$"""{"run_id": "{{run}}"}""");
        Assert.Equal(s_invalid, await RefusedAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=x", "x"));
    }

    [Fact]
    public async Task Put_BeyondTheBoundOfOtherBodies_IsTaken()
    {
        var bytes = new byte[70 << 20];
        bytes[^1] = 7;
        using (var put = await server.Http.PutAsync($"{Proxy}artifacts/big", new ByteArrayContent(bytes)))
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal(bytes, await server.Http.GetByteArrayAsync($"{Proxy}artifacts/big"));
    }

    [Fact]
    public async Task UploadInParts()
    {
        var (_, created) = await server.SendAsync(HttpMethod.Post, "mpu/create/parts/dir", """{"path": "out/model.bin", "num_parts": 3}""", Proxy);
        var upload = (string)created["upload_id"]!;
        var parts = new JsonArray();
        foreach (var credential in created["credentials"]!.AsArray().Reverse())
        {
            using var put = await server.Http.PutAsync((string)credential!["url"]!, new StringContent($"part {credential["part_number"]};"));
            parts.Add(new JsonObject { ["part_number"] = (int)credential["part_number"]!, ["etag"] = put.Headers.ETag!.Tag, ["url"] = (string)credential["url"]! });
        }
        Assert.DoesNotContain(".uploads", await FilesAsync($"{Proxy}artifacts"), StringComparison.Ordinal);
        var body = new JsonObject { ["path"] = "out/model.bin", ["upload_id"] = upload, ["parts"] = parts };
        var wrong = body.DeepClone();
        wrong["parts"]![0]!["etag"] = "\"other\"";
        Assert.Equal(s_invalid, await RefusedJsonAsync("mpu/complete/parts/dir", wrong.ToJsonString()));
        Assert.Equal(s_missing, await RefusedAsync(HttpMethod.Get, $"{Proxy}artifacts/parts/dir/model.bin"));
        Assert.Equal("{}", (await server.SendAsync(HttpMethod.Post, "mpu/complete/parts/dir", body.ToJsonString(), Proxy)).Body.ToJsonString());
        Assert.Equal("part 1;part 2;part 3;", await server.Http.GetStringAsync($"{Proxy}artifacts/parts/dir/model.bin"));
        Assert.Equal(s_invalid, await RefusedJsonAsync("mpu/complete/parts/dir", body.ToJsonString()));
    }

    [Fact]
    public async Task UploadInParts_Aborted_LeavesNothing()
    {
        var (_, created) = await server.SendAsync(HttpMethod.Post, "mpu/create", """{"path": "m.bin", "num_parts": 1}""", Proxy);
        var url = (string)created["credentials"]![0]!["url"]!;
        (await server.Http.PutAsync(url, new StringContent("x"))).Dispose();
        Assert.Equal("{}", (await server.SendAsync(HttpMethod.Post, "mpu/abort", $$"""{"path": "m.bin", "upload_id": "{{created["upload_id"]}}"}""", Proxy)).Body.ToJsonString());
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync(url)).StatusCode);
        Assert.Equal(s_invalid, await RefusedJsonAsync("mpu/create/d", """{"path": "m.bin", "num_parts": 0}"""));
        Assert.Equal(s_invalid, await RefusedJsonAsync("mpu/create/d", """{"num_parts": 1}"""));
        Assert.Equal(s_invalid, await RefusedJsonAsync("mpu/complete/d", $$"""{"path": "m.bin", "upload_id": "{{created["upload_id"]}}", "parts": [7]}"""));
        Assert.Equal(s_missing, await RefusedJsonAsync("mpu/abort/d", """{"path": "m.bin", "upload_id": "nothing"}"""));
        Assert.Equal(("NOT_IMPLEMENTED", 501), await RefusedAsync(HttpMethod.Get, $"{Proxy}presigned/a/b"));
    }

    private async Task<(string, int)> RefusedJsonAsync(string path, string body)
    {
        var (status, answer) = await server.SendAsync(HttpMethod.Post, path, body, Proxy);
        return ((string)answer["error_code"]!, (int)status);
    }
}
