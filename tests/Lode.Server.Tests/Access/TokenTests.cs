using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests.Access;

/// <summary>A server with a token: who comes in, by which door, and what the others hear.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private const string Token = "correct-horse-battery-staple";
    private readonly ManualTime _time = new();
    private RunningServer _server = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _server = await RunningServer.StartAsync(_time, options => options with { Host = "0.0.0.0", Token = AccessToken.Parse(Token) });
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri($"http://127.0.0.1:{_server.Address.Port}/") };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string? authorization = null, string? cookie = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        if (accept is not null)
            request.Headers.Add("Accept", accept);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static string Basic(string credentials) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials));

    private async Task<(HttpResponseMessage Response, string? Cookie)> SignInAsync(string token, string to = "/")
    {
        using var form = new FormUrlEncodedContent([new("token", token), new("to", to)]);
        var response = await _http.PostAsync("/sign-in", form);
        return (response, response.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.Single() : null);
    }

    public static TheoryData<string, bool> Credentials => new()
    {
        { "Bearer " + Token, true },
        { "bearer " + Token, true },
        { "Bearer  " + Token + " ", true },
        { Basic("anybody:" + Token), true },
        { Basic(":" + Token), true },
        { Basic(Token + ":"), false },
        { Basic(Token), false },
        { "Basic not-base64!", false },
        { "Basic " + new string('A', 20_000), false },
        { "Bearer " + Token + "x", false },
        { "Bearer " + Token[..^1], false },
        { "Bearer", false },
        { "Bearer " + new string('x', 20_000), false },
        { Token, false },
        { "Negotiate " + Token, false },
    };

    [Theory]
    [MemberData(nameof(Credentials))]
    public async Task Credentials_LetIn_OnlyWithTheToken(string authorization, bool letIn)
    {
        using var response = await GetAsync("/api/v1/server", authorization);
        Assert.Equal(letIn ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.DoesNotContain(Token, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/projects")]
    [InlineData("/api/v1/nothing")]
    [InlineData("/api/v1/events")]
    [InlineData("/api/2.0/mlflow/experiments/get?experiment_id=0")]
    [InlineData("/ajax-api/2.0/mlflow/nothing")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/metrics")]
    [InlineData("/")]
    public async Task EveryPath_WithoutCredentials_Is401(string path)
    {
        using var response = await GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(path.Contains("/2.0/", StringComparison.Ordinal) ? "UNAUTHENTICATED" : "unauthenticated",
            (body.TryGetProperty("error_code", out var code) ? code : body.GetProperty("error").GetProperty("code")).GetString());
    }

    [Fact]
    public async Task EveryRoute_ButTheOpenOnes_WantsTheToken()
    {
        string[] open = ["/health", "/version", "/sign-in", "/sign-out"];
        foreach (var route in _server.Endpoints.OfType<Microsoft.AspNetCore.Routing.RouteEndpoint>())
        {
            var path = "/" + System.Text.RegularExpressions.Regex.Replace(route.RoutePattern.RawText!.TrimStart('/'), @"\{[^}]*\}", "1");
            var methods = route.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.IHttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"];
            foreach (var method in methods)
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "GET" ? null : new StringContent("{}", Encoding.UTF8, "application/json") };
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                Assert.True(open.Contains(path) == (response.StatusCode != HttpStatusCode.Unauthorized), $"{method} {path}: {response.StatusCode}");
            }
        }
    }

    [Theory]
    [InlineData("/health", "OK")]
    [InlineData("/version", "0.0.0-test")]
    public async Task HealthAndVersion_AreOpen(string path, string answer)
    {
        using var response = await GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, answer), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Client_WithToken_Works_AndWithout_IsTold()
    {
        using var with = LodeHttp.ClientFor(_server.Address, Token);
        Assert.Equal("Default", (await new HttpRunStore(with).GetProjectAsync(ProjectId.Default, default)).Name);
        using var without = LodeHttp.ClientFor(_server.Address, "");
        var error = await Assert.ThrowsAsync<LodeException>(() => new HttpRunStore(without).GetProjectAsync(ProjectId.Default, default));
        Assert.Equal(ErrorCode.Unauthenticated, error.Code);
        Assert.Contains("LODE_TOKEN", error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Browser_IsSentToTheForm_AndBackWithASession()
    {
        using var page = await GetAsync("/p/1?q=x", accept: "text/html,*/*");
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        Assert.Equal("/sign-in?to=%2Fp%2F1%3Fq%3Dx", page.Headers.Location!.OriginalString);

        using var form = await GetAsync(page.Headers.Location.OriginalString, accept: "text/html");
        Assert.Contains("value=\"/p/1?q=x\"", await form.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var (signedIn, cookie) = await SignInAsync(Token, "/p/1?q=x");
        Assert.Equal((HttpStatusCode.SeeOther, "/p/1?q=x"), (signedIn.StatusCode, signedIn.Headers.Location!.OriginalString));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Token, cookie, StringComparison.Ordinal);

        var session = cookie!.Split(';')[0];
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/api/v1/projects", cookie: session)).StatusCode);
        using var events = await GetAsync("/api/v1/events", cookie: session);
        Assert.Equal("text/event-stream", events.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task SignIn_WithAnotherToken_IsRefused()
    {
        var (response, cookie) = await SignInAsync("wrong");
        Assert.Equal((HttpStatusCode.Unauthorized, null), (response.StatusCode, cookie));
        Assert.DoesNotContain("wrong", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    [InlineData("https://evil.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/x\r\nSet-Cookie: a=b")]
    [InlineData("")]
    public async Task SignIn_ToAnotherSite_StaysHere(string to) => Assert.Equal("/", (await SignInAsync(Token, to)).Response.Headers.Location!.OriginalString);

    [Fact]
    public async Task SignIn_WithJunk_IsTheSendersFault()
    {
        foreach (var (body, type) in new[] { ("token=%zz", "application/x-www-form-urlencoded"), ("{}", "application/json"), ("--x", "multipart/form-data; boundary=y"), (new string('a', 100_000), "application/x-www-form-urlencoded") })
        {
            using var content = new StringContent(body, MediaTypeHeaderValue.Parse(type));
            Assert.InRange((int)(await _http.PostAsync("/sign-in", content)).StatusCode, 400, 499);
        }
    }

    [Fact]
    public async Task Session_Forged_OrExpired_IsNoSession()
    {
        var session = (await SignInAsync(Token)).Cookie!.Split(';')[0];
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/api/v1/server", cookie: session[..^2] + "AA")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/api/v1/server", cookie: session.Replace("=", "=9", StringComparison.Ordinal))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/api/v1/server", cookie: "lode_session=99999999999")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/api/v1/server", cookie: session)).StatusCode);
        _time.Advance(TimeSpan.FromDays(8));
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync("/api/v1/server", cookie: session)).StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("línea")]
    [InlineData("a\nb")]
    public void Parse_WhatAHeaderCannotCarry_IsRefused_WithoutTellingIt(string text)
    {
        var error = Assert.Throws<LodeException>(() => AccessToken.Parse(text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        if (text.Length > 0)
            Assert.DoesNotContain(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_Printed_DoNotShowTheToken()
    {
        var options = new ServerOptions { DataFolder = "", ArtifactFolder = "", Version = "", Token = AccessToken.Parse(Token) };
        Assert.DoesNotContain(Token, options.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Token, JsonSerializer.Serialize(options), StringComparison.Ordinal);
    }
}
