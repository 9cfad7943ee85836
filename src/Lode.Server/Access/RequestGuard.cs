using Lode.Core;
using Microsoft.AspNetCore.Http;

namespace Lode.Server;

/// <summary>The door: refuses foreign host names, changes sent by pages of other sites, and whoever is not signed in.</summary>
internal sealed class RequestGuard(RequestDelegate next, HostRules hosts, IAccessPolicy access)
{
    public Task InvokeAsync(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "SAMEORIGIN";
        var open = context.GetEndpoint()?.Metadata.GetMetadata<OpenToAllTrait>() is not null;
        if (!hosts.Allows(request.Host) && !open)
        {
            return Refuse(context, ErrorCode.PermissionDenied, $"This server does not answer to the name '{request.Host.Host}'.",
                "Use its address, or start it with --allow-host NAME.");
        }
        if (IsChange(request.Method) && hosts.IsForeign(request))
            return Refuse(context, ErrorCode.PermissionDenied, $"Cross-origin request blocked: {request.Headers.Origin} may not change anything here.");
        if (open || access.Identify(request) is not null)
            return next(context);
        if (SignInPage.Suits(request))
        {
            SignInPage.SendThere(context);
            return Task.CompletedTask;
        }
        headers.WWWAuthenticate = "Bearer realm=\"Lode\"";
        return Refuse(context, ErrorCode.Unauthenticated, "This server wants a token.",
            "Set LODE_TOKEN (MLflow's clients: MLFLOW_TRACKING_TOKEN, or it as MLFLOW_TRACKING_PASSWORD); other clients send 'Authorization: Bearer TOKEN'.");
    }

    private static bool IsChange(string method) => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    private static Task Refuse(HttpContext context, ErrorCode code, string message, string? hint = null) =>
        ErrorAnswers.AnswerAsync(context, new LodeException(code, message, hint), HttpStatuses.Of(code));
}
