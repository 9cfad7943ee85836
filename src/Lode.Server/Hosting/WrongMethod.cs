using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;

namespace Lode.Server;

/// <summary>Tells a path that is not offered from one that is offered under other methods.</summary>
internal sealed class WrongMethod(EndpointDataSource endpoints)
{
    private readonly Lazy<(TemplateMatcher Matcher, IReadOnlyList<string> Methods)[]> _routes = new(() =>
    [.. from endpoint in endpoints.Endpoints.OfType<RouteEndpoint>()
        let methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods
        where methods is { Count: > 0 } && endpoint.RoutePattern.PathSegments is not [{ IsSimple: true, Parts: [Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart { IsCatchAll: true }] }]
        select (new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []), methods)]);

    /// <summary>The methods under which a path is offered, as the header <c>Allow</c> lists them; empty when under none.</summary>
    public string Allowed(PathString path) =>
        string.Join(", ", _routes.Value.Where(route => route.Matcher.TryMatch(path, [])).SelectMany(route => route.Methods).Distinct().Order(StringComparer.Ordinal));
}
