using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Server.Mlflow;

/// <summary>MLflow's REST API over our store: what its clients, and every integration with it, speak.</summary>
internal static class MlflowEndpoints
{
    // Clients use the first, MLflow's own pages the second.
    private static readonly string[] s_prefixes = ["/api", "/ajax-api"];

    public static void Map(IEndpointRouteBuilder root)
    {
        ArtifactEndpoints.MapRoot(root);
        foreach (var prefix in s_prefixes)
        {
            var api = root.MapGroup(prefix + "/2.0/mlflow");
            ExperimentEndpoints.Map(api);
            RunEndpoints.Map(api);
            LoggingEndpoints.Map(api);
            MetricEndpoints.Map(api);
            RegisteredModelEndpoints.Map(api);
            ModelVersionEndpoints.Map(api);
            WebhookEndpoints.Map(api);
            LineageEndpoints.Map(api);
            LoggedModelEndpoints.Map(api);
            ArtifactEndpoints.Map(api);
            ArtifactProxyEndpoints.Map(root.MapGroup(prefix + "/2.0/mlflow-artifacts"));
            root.MapGet(prefix + "/3.0/mlflow/server-info", ServerInfo);
            root.Map(prefix + "/2.0/{**rest}", MlflowErrors.NoEndpoint);
            root.Map(prefix + "/3.0/{**rest}", MlflowErrors.NoEndpoint);
        }
    }

    /// <summary>Whether who asks for this path expects MLflow's errors.</summary>
    public static bool Owns(PathString path) =>
        path.StartsWithSegments("/api/2.0", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/api/3.0", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/ajax-api", StringComparison.OrdinalIgnoreCase)
        || path.StartsWithSegments("/get-artifact", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/model-versions", StringComparison.OrdinalIgnoreCase);

    private static MlflowAnswer ServerInfo() => new(json =>
    {
        json.WriteString("store_type"u8, "SqlStore"u8);
        json.WriteBoolean("workspaces_enabled"u8, false);
    });
}
