using System.Text.Json;
using Lode.Core;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Mlflow;

/// <summary>How MLflow's clients hear of refusals: the one table from <see cref="ErrorCode"/> to its error_code and status.</summary>
internal static class MlflowErrors
{
    /// <summary>MLflow's name and the HTTP status. The client sends 429 and most of 5xx again, so nothing that is the caller's fault may have those.</summary>
    public static (string Name, int Status) Of(ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument or ErrorCode.Conflict or ErrorCode.Ambiguous or ErrorCode.LimitExceeded => ("INVALID_PARAMETER_VALUE", 400),
        ErrorCode.AlreadyExists => ("RESOURCE_ALREADY_EXISTS", 400),
        ErrorCode.Unauthenticated => ("UNAUTHENTICATED", 401),
        ErrorCode.PermissionDenied => ("PERMISSION_DENIED", 403),
        ErrorCode.NotFound => ("RESOURCE_DOES_NOT_EXIST", 404),
        ErrorCode.Internal => ("INTERNAL_ERROR", 500),
        ErrorCode.DataLoss => ("DATA_LOSS", 500),
        ErrorCode.NotImplemented => ("NOT_IMPLEMENTED", 501),
        ErrorCode.Unavailable => ("TEMPORARILY_UNAVAILABLE", 503),
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "An error code without a name in MLflow."),
    };

    /// <summary>Answers with an error.</summary>
    /// <param name="context">The request.</param>
    /// <param name="error">What to say.</param>
    /// <param name="status">The HTTP status where it is not the code's own: 429 says that the server is busy, so that clients come back.</param>
    public static Task AnswerAsync(HttpContext context, LodeException error, int? status = null)
    {
        var (name, usual) = Of(error.Code);
        if (status == StatusCodes.Status429TooManyRequests)
            name = "REQUEST_LIMIT_EXCEEDED";
        return new MlflowAnswer(json => Write(json, name, error.Hint is null ? error.Message : $"{error.Message.TrimEnd('.')}. {error.Hint}"), status ?? usual).ExecuteAsync(context);
    }

    /// <summary>The answer to a path or method that is not offered; clients take it as leave to do without.</summary>
    public static MlflowAnswer NoEndpoint(HttpContext context, WrongMethod methods)
    {
        var (request, allowed) = (context.Request, methods.Allowed(context.Request.Path));
        context.Response.Headers.Allow = allowed;
        var message = allowed.Length > 0 ? $"{request.Path} is for {allowed}; got {request.Method}." : $"There is no {request.Method} {request.Path}.";
        return new MlflowAnswer(json => Write(json, "ENDPOINT_NOT_FOUND", message), allowed.Length > 0 ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound);
    }

    public static LodeException Missing(string parameter) => new(ErrorCode.InvalidArgument,
        $"Missing value for required parameter '{parameter}'. See the API docs for more information about request parameters.");

    public static LodeException Invalid(JsonElement value, string parameter)
    {
        var (text, type) = (value.GetRawText(), TypeName(value));
        return Invalid(text, parameter, $"Value was of type '{type}'");
    }

    public static LodeException Invalid(string value, string parameter, string hint) => new(ErrorCode.InvalidArgument,
        $"Invalid value {(value.Length > 200 ? value[..200] + "…" : value)} for parameter '{parameter}' supplied: Hint: {hint}. See the API docs for more information about request parameters.");

    private static void Write(Utf8JsonWriter json, string name, string message)
    {
        json.WriteString("error_code"u8, name);
        json.WriteString("message"u8, message);
    }

    private static string TypeName(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "str",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "int" : "float",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Array => "list",
        JsonValueKind.Object => "dict",
        _ => "NoneType",
    };
}
