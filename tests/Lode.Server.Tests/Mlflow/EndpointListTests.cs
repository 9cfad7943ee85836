using System.Text.RegularExpressions;
using Lode.TestKit;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Tests.Mlflow;

/// <summary>docs/mlflow.md lists just the endpoints that there are.</summary>
public sealed partial class EndpointListTests
{
    private const string Prefix = "api/2.0/";

    [Fact]
    public async Task Documentation_ListsEveryEndpoint()
    {
        await using var server = await RunningServer.StartAsync();
        var mapped = from route in server.Endpoints.OfType<RouteEndpoint>()
                     let pattern = route.RoutePattern.RawText!.TrimStart('/')
                     where pattern.StartsWith(Prefix, StringComparison.Ordinal)
                     from method in route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
                     select $"{method} {pattern[Prefix.Length..].Replace("{**", "{", StringComparison.Ordinal)}";
        var listed = Row().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/mlflow.md"))).Select(row => row.Groups[1].Value).ToList();
        Assert.Equal(listed.Distinct(), listed);
        Assert.Equal(mapped.Distinct().Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^\| `((?:GET|HEAD|POST|PUT|PATCH|DELETE) [^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
