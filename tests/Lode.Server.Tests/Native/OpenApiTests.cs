using System.Text.Json;
using System.Text.RegularExpressions;
using Lode.TestKit;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Tests.Native;

/// <summary>The native API's description: complete, and the same as the one in the documentation.</summary>
public sealed partial class OpenApiTests : IAsyncLifetime
{
    private RunningServer _server = null!;
    private JsonElement _document;
    private string _text = "";

    public async Task InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _text = await _server.Http.GetStringAsync("/openapi/v1.json");
        _document = JsonDocument.Parse(_text).RootElement;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    private IEnumerable<(string Path, string Method, JsonElement Operation)> Operations =>
        from path in _document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (path.Name, operation.Name, operation.Value);

    [Fact]
    public void EveryNativeRoute_IsInIt()
    {
        var mapped = from route in _server.Endpoints.OfType<RouteEndpoint>()
            let path = "/" + route.RoutePattern.RawText!.Trim('/').Replace("{**", "{", StringComparison.Ordinal)
            where path.StartsWith("/api/v1/", StringComparison.Ordinal) || path is "/health" or "/version" or "/metrics"
            from method in route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
            select $"{method.ToUpperInvariant()} {path}";
        var described = Operations.Select(operation => $"{operation.Method.ToUpperInvariant()} {operation.Path}");
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryOperation_HasASummary_AnAnswer_AndItsRefusals()
    {
        foreach (var (path, method, operation) in Operations)
        {
            Assert.False(string.IsNullOrEmpty(operation.GetProperty("summary").GetString()), $"{method} {path}");
            var answers = operation.GetProperty("responses");
            Assert.True(answers.TryGetProperty("204", out _) || answers.GetProperty("200").GetProperty("content").EnumerateObject().All(content => content.Value.TryGetProperty("schema", out _)), $"{method} {path}");
            if (path.StartsWith("/api/", StringComparison.Ordinal))
                Assert.All(["400", "401", "403", "404", "409", "413", "429", "503"], status => Assert.StartsWith("#/components/responses/Refused", answers.GetProperty(status).GetProperty("$ref").GetString(), StringComparison.Ordinal));
            if (method is "post" or "patch" && !path.EndsWith("/restore", StringComparison.Ordinal))
                Assert.True(operation.TryGetProperty("requestBody", out _), $"{method} {path}");
            Assert.Equal(Placeholders().Matches(path).Select(match => match.Groups[1].Value), Parameters(operation, "path"));
        }
    }

    [Fact]
    public void EveryReference_LeadsSomewhere()
    {
        foreach (Match reference in References().Matches(_text))
        {
            var at = _document;
            foreach (var step in reference.Groups[1].Value.Split('/'))
                Assert.True(at.TryGetProperty(step, out at), reference.Value);
        }
    }

    [Fact]
    public void EveryQueryFieldThatIsRead_IsInIt()
    {
        // What the handlers read, looked up in their source: a field that is read but not described is as good as missing.
        var folder = Path.Combine(Repository.Root, "src/Lode.Server/Native");
        var read = Directory.GetFiles(folder, "*Endpoints.cs").SelectMany(file => Fields().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value)).ToHashSet();
        Assert.Contains("buckets", read);
        Assert.Subset(Operations.SelectMany(operation => Parameters(operation.Operation, "query")).OfType<string>().ToHashSet(), read);
    }

    [Fact]
    public async Task Document_IsTheOneInTheDocs()
    {
        var file = Path.Combine(Repository.Root, "docs/openapi.json");
        var now = _text.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("LODE_UPDATE") == "1")
            await File.WriteAllTextAsync(file, now);
        Assert.True(now == await File.ReadAllTextAsync(file), "docs/openapi.json is out of date: run this test with LODE_UPDATE=1, then `npm run api` in dashboard/.");
    }

    private static IEnumerable<string?> Parameters(JsonElement operation, string place) => operation.TryGetProperty("parameters", out var parameters)
        ? parameters.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() == place).Select(parameter => parameter.GetProperty("name").GetString())
        : [];

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Placeholders();

    [GeneratedRegex("\"#/([^\"]+)\"")]
    private static partial Regex References();

    [GeneratedRegex("""query\["(\w+)"\]|query\.(?:Number|Count|Required|Flag)\("(\w+)""", RegexOptions.IgnoreCase)]
    private static partial Regex Fields();
}
