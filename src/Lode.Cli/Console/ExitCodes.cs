using Lode.Core;

namespace Lode.Cli;

/// <summary>What the process returns: the one table. Documented in docs/cli.md; append only.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Forbidden = 3;
    public const int NotFound = 4;
    public const int Ambiguous = 5;
    public const int Conflict = 6;
    public const int Unreachable = 7;
    public const int Partial = 8;
    public const int CheckFailed = 9;
    public const int Interrupted = 130;

    public static int Of(ErrorCode code) => code switch
    {
        ErrorCode.InvalidArgument => Usage,
        ErrorCode.PermissionDenied or ErrorCode.Unauthenticated => Forbidden,
        ErrorCode.NotFound => NotFound,
        ErrorCode.Ambiguous => Ambiguous,
        ErrorCode.AlreadyExists or ErrorCode.Conflict => Conflict,
        ErrorCode.Unavailable => Unreachable,
        ErrorCode.Internal or ErrorCode.DataLoss or ErrorCode.LimitExceeded or ErrorCode.NotImplemented => Failed,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "An error code without an exit code."),
    };
}
