using Lode.Core;

namespace Lode.Server;

/// <summary>The HTTP status of each <see cref="ErrorCode"/>: the one table.</summary>
public static class HttpStatuses
{
    /// <summary>The status, 400 to 599.</summary>
    public static int Of(ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument => 400,
        ErrorCode.Unauthenticated => 401,
        ErrorCode.PermissionDenied => 403,
        ErrorCode.NotFound => 404,
        ErrorCode.AlreadyExists or ErrorCode.Conflict or ErrorCode.Ambiguous => 409,
        ErrorCode.LimitExceeded => 429,
        ErrorCode.NotImplemented => 501,
        ErrorCode.Unavailable => 503,
        ErrorCode.Internal or ErrorCode.DataLoss => 500,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "An error code without a status."),
    };
}
