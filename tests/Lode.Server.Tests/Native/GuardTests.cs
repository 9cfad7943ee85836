using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Lode.Core;
using Lode.Storage;

namespace Lode.Server.Tests.Native;

/// <summary>What the server refuses, and how it says so.</summary>
public sealed class GuardTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    public async Task InitializeAsync() => _server = await RunningServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private async Task<string> RefusedAsync(HttpStatusCode status, string code, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await _server.Http.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        return error.GetProperty("message").GetString()!;
    }

    [Theory]
    [InlineData("/api/v1/projects/abc", "'abc'")]
    [InlineData("/api/v1/runs/xyz", "'xyz'")]
    [InlineData("/api/v1/projects/0/runs?q=status%3Aodd", "status 'odd'")]
    [InlineData("/api/v1/projects/0/runs?sort=size", "size")]
    [InlineData("/api/v1/projects/0/runs?limit=0", "limit is 1 to 50000; got 0")]
    [InlineData("/api/v1/projects/0/runs?offset=x", "'x'")]
    [InlineData("/api/v1/projects?view=none", "'none'")]
    [InlineData("/api/v1/metrics?key=a", "0 and 1")]
    [InlineData("/api/v1/projects/by-name", "name=")]
    public async Task SenselessQuery_Is400_AndNamed(string path, string mentions) =>
        Assert.Contains(mentions, await RefusedAsync(HttpStatusCode.BadRequest, "invalid_argument", HttpMethod.Get, path), StringComparison.Ordinal);

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"name\":5}")]
    public async Task SenselessBody_Is400(string body) => await RefusedAsync(HttpStatusCode.BadRequest, "invalid_argument", HttpMethod.Post, "/api/v1/projects", body);

    [Theory]
    [InlineData("/api/v1/projects/4711")]
    [InlineData("/api/v1/projects/4711/runs")]
    [InlineData("/api/v1/nothing")]
    [InlineData("/api/v1/events?run=00000000000000000000000000000001")]
    public async Task UnknownThing_Is404(string path) => await RefusedAsync(HttpStatusCode.NotFound, "not_found", HttpMethod.Get, path);

    [Fact]
    public async Task NameTaken_Is409()
    {
        await _server.Http.PostAsJsonAsync("/api/v1/projects", new { name = "twice" });
        await RefusedAsync(HttpStatusCode.Conflict, "already_exists", HttpMethod.Post, "/api/v1/projects", "{\"name\":\"twice\"}");
    }

    [Fact]
    public async Task OversizedBody_Is413()
    {
        using var body = new ByteArrayContent(new byte[65 << 20]);
        try
        {
            using var response = await _server.Http.PostAsync($"/api/v1/runs/{RunId.New()}/journal?offset=0", body);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        }
        catch (HttpRequestException)
        {
            // The server hung up in the middle of the body: refused as well.
        }
        Assert.Equal(HttpStatusCode.OK, (await _server.Http.GetAsync("/health")).StatusCode);
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    public async Task ForeignHostName_IsRefused(string host, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/server") { Headers = { Host = host } };
        Assert.Equal(status, (await _server.Http.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.OK)]
    public async Task ChangeFromAnotherSite_IsRefused(string? origin, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/projects") { Content = JsonContent.Create(new { name = "p" }) };
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        Assert.Equal(status, (await _server.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task ChangeFromItsOwnPages_IsTaken()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/projects") { Content = JsonContent.Create(new { name = "p" }) };
        request.Headers.Add("Origin", _server.Address.GetLeftPart(UriPartial.Authority));
        Assert.Equal(HttpStatusCode.OK, (await _server.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Pages_MayAskNoOtherHost()
    {
        using var response = await _server.Http.GetAsync("/p/1?q=x");
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("default-src 'self'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        await RefusedAsync(HttpStatusCode.NotFound, "not_found", HttpMethod.Get, "/assets/none.js");
    }

    [Fact]
    public async Task Start_PortInUse_IsAConflict()
    {
        var options = new ServerOptions { Port = _server.Address.Port, DataFolder = "", ArtifactFolder = "", Version = "0" };
        var error = await Assert.ThrowsAsync<LodeException>(() => LodeServer.StartAsync(options, new SqlRunStore(null!, TimeProvider.System), TimeProvider.System, CancellationToken.None));
        Assert.Equal(ErrorCode.Conflict, error.Code);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("example.org")]
    public async Task Start_OtherMachinesLetIn_IsRefused(string host)
    {
        var options = new ServerOptions { Host = host, Port = 0, DataFolder = "", ArtifactFolder = "", Version = "0" };
        Assert.Equal(ErrorCode.InvalidArgument, (await Assert.ThrowsAsync<LodeException>(() => LodeServer.StartAsync(options, new SqlRunStore(null!, TimeProvider.System), TimeProvider.System, CancellationToken.None))).Code);
    }
}
