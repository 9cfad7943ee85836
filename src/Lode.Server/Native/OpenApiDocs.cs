using System.Globalization;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Lode.Server.Native;

/// <summary>The OpenAPI document of the native API, at <c>/openapi/v1.json</c>, made from what the routes say of themselves.</summary>
internal static class OpenApiDocs
{
    private static readonly int[] s_refusals = [400, 401, 403, 404, 409, 413, 429, 503];

    public static void Add(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            var native = TrackingJson.Default.Options;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, TrackingJson.Default);
            json.SerializerOptions.NumberHandling = native.NumberHandling;
            foreach (var converter in native.Converters)
                json.SerializerOptions.Converters.Add(converter);
        });
        services.AddOpenApi("v1", options =>
        {
            options.ShouldInclude = description => description.RelativePath is { } path && (path.StartsWith("api/v1/", StringComparison.Ordinal) || path is "health" or "version" or "metrics");
            options.AddDocumentTransformer(IntroduceAsync);
            options.AddOperationTransformer(DescribeAsync);
            options.AddSchemaTransformer(MendSchemaAsync);
        });
    }

    public static void Map(IEndpointRouteBuilder root) => root.MapOpenApi("/openapi/{documentName}.json");

    /// <summary>Says of a group that each of its endpoints may refuse.</summary>
    public static RouteGroupBuilder MayRefuse(this RouteGroupBuilder group)
    {
        foreach (var status in s_refusals)
            group.WithMetadata(new Microsoft.AspNetCore.Http.ProducesResponseTypeMetadata(status, typeof(ErrorBody), ["application/json"]));
        return group;
    }

    private static async Task IntroduceAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken ct)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Lode",
            Version = "1",
            Description = "Lode's native API. Times are milliseconds since 1970 UTC. NaN and infinities are the texts \"NaN\", \"Infinity\", \"-Infinity\". Null is as absent.",
        };
        document.Servers = [];
        // Sent in the stream of events only.
        document.AddComponent(nameof(RunDelta), await context.GetOrCreateSchemaAsync(typeof(RunDelta), null, ct));
        foreach (var status in s_refusals)
        {
            document.AddComponent(Refusal(status), new OpenApiResponse
            {
                Description = ReasonPhrases.GetReasonPhrase(status),
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new OpenApiMediaType { Schema = new OpenApiSchemaReference(nameof(ErrorBody), document) } },
            });
        }
        document.AddComponent("token", new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "The server's token, where it was started with one; also taken as basic authentication's password.",
        });
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
    }

    private static string Refusal(int status) => "Refused" + status.ToString(CultureInfo.InvariantCulture);

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var path = context.Description.RelativePath!;
        operation.OperationId ??= $"{context.Description.HttpMethod!.ToLowerInvariant()} /{path}".Replace("/api/v1", "", StringComparison.Ordinal);
        operation.Tags = new HashSet<OpenApiTagReference> { new(path.StartsWith("api/v1/", StringComparison.Ordinal) ? path.Split('/')[2] : "server", context.Document) };
        foreach (var status in s_refusals)
        {
            var key = status.ToString(CultureInfo.InvariantCulture);
            if (operation.Responses?.ContainsKey(key) == true)
                operation.Responses[key] = new OpenApiResponseReference(Refusal(status), context.Document);
        }
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        foreach (var field in metadata.OfType<QueryField>())
        {
            var schema = new OpenApiSchema { Type = Type(field.Type), Format = field.Type == "integer" ? "int64" : null };
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = field.Name,
                In = ParameterLocation.Query,
                Required = field.Required,
                Description = field.Text,
                Schema = field.Repeated ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema,
            });
        }
        foreach (var body in metadata.OfType<BodyField>())
        {
            IOpenApiSchema schema = new OpenApiSchema { Type = JsonSchemaType.String };
            if (body.Body != typeof(string))
            {
                context.Document!.AddComponent(body.Body.Name, await context.GetOrCreateSchemaAsync(body.Body, null, ct));
                schema = new OpenApiSchemaReference(body.Body.Name, context.Document);
            }
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType> { [body.ContentType] = new OpenApiMediaType { Schema = schema } } };
        }
    }

    // Types with converters of their own are opaque to the generator.
    private static Task MendSchemaAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken ct)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        if (!MendId(schema, type) && typeof(IEnumerable<RunId>).IsAssignableFrom(type))
        {
            var item = new OpenApiSchema();
            MendId(item, typeof(RunId));
            schema.Items = item;
        }
        return Task.CompletedTask;
    }

    private static bool MendId(OpenApiSchema schema, Type type)
    {
        if (type == typeof(RunId))
            (schema.Type, schema.Pattern, schema.Description) = (JsonSchemaType.String, "^[0-9a-f]{32}$", "A run's id.");
        else if (type == typeof(ProjectId))
            (schema.Type, schema.Format, schema.Description) = (JsonSchemaType.Integer, "int64", "A project's id.");
        else
            return false;
        return true;
    }

    private static JsonSchemaType Type(string name) => name switch
    {
        "integer" => JsonSchemaType.Integer,
        "boolean" => JsonSchemaType.Boolean,
        _ => JsonSchemaType.String,
    };
}
