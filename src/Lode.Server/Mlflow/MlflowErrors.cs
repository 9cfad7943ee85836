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

    public static Task AnswerAsync(HttpContext context, LodeException error)
    {
        var (name, status) = Of(error.Code);
        return new MlflowAnswer(json => Write(json, name, error.Hint is null ? error.Message : $"{error.Message.TrimEnd('.')}. {error.Hint}"), status).ExecuteAsync(context);
    }

    /// <summary>The answer to a path or method that is not offered; clients take it as leave to do without.</summary>
    public static MlflowAnswer NoEndpoint(HttpRequest request)
    {
        var message = $"There is no {request.Method} {request.Path}.";
        return new MlflowAnswer(json => Write(json, "ENDPOINT_NOT_FOUND", message), StatusCodes.Status404NotFound);
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
