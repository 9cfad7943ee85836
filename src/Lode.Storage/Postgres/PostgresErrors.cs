using System.Net.Sockets;
using Lode.Core;
using Npgsql;

namespace Lode.Storage;

/// <summary>What PostgreSQL's errors mean to a user: the one table.</summary>
internal static class PostgresErrors
{
    /// <summary>A constraint that one write broke, or a value of it that cannot be stored.</summary>
    public static bool IsRefusal(Exception error) => error is PostgresException { SqlState: var state } && state[..2] is "22" or "23";

    /// <summary>Taken back in favour of another transaction; the same again may pass.</summary>
    public static bool IsLostRace(Exception error) => error is PostgresException { SqlState: "40001" or "40P01" };

    /// <summary>The server cannot be reached at all, so asking again at once is of no use.</summary>
    public static bool IsAway(Exception error) => Find<SocketException>(error)?.SocketErrorCode is SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData
        || error is PostgresException { SqlState: "57P03" };

    public static LodeException Explain(Exception error, PostgresAddress address) => error is PostgresException said ? Explain(said, address) : ExplainLost(error, address);

    private static LodeException Explain(PostgresException error, PostgresAddress address) => error.SqlState switch
    {
        "28P01" or "28000" => new LodeException(ErrorCode.PermissionDenied, $"PostgreSQL at {address.Server} does not let user '{address.User}' in: {error.MessageText}.", PasswordHint, error),
        "3D000" => new LodeException(ErrorCode.NotFound, $"There is no database '{address.Database}' on {address.Server}.", $"Make it: createdb -h {address.Settings.Host} -p {address.Settings.Port} {address.Database}", error),
        "42501" => new LodeException(ErrorCode.PermissionDenied, $"User '{address.User}' lacks a right in database '{address.Database}' on {address.Server}: {error.MessageText}.", "Let the user own the database: ALTER DATABASE … OWNER TO …", error),
        "25006" => new LodeException(ErrorCode.Unavailable, $"Database '{address.Database}' on {address.Server} takes no writes: {error.MessageText}.", "Is it a standby? Name the primary.", error),
        "53100" => new LodeException(ErrorCode.Unavailable, $"The disk of PostgreSQL at {address.Server} is full.", "Free some space; nothing was half-written.", error),
        "23505" => new LodeException(ErrorCode.AlreadyExists, $"It exists already: {error.MessageText}.", null, error),
        "22021" or "22P05" => new LodeException(ErrorCode.InvalidArgument, $"A text holds what PostgreSQL cannot store: {error.MessageText}.", null, error),
        var state when state[..2] is "22" or "23" => new LodeException(ErrorCode.Conflict, $"PostgreSQL refused: {error.MessageText}.", null, error),
        var state when state[..2] is "08" or "40" or "53" or "55" or "57" or "58" or "25" => new LodeException(ErrorCode.Unavailable, $"PostgreSQL at {address.Server} cannot answer now: {error.MessageText}.", AgainHint, error),
        "XX001" or "XX002" => new LodeException(ErrorCode.DataLoss, $"Database '{address.Database}' on {address.Server} is damaged: {error.MessageText}.", "Restore it from a backup.", error),
        _ => new LodeException(ErrorCode.Internal, $"PostgreSQL at {address.Server} refused: {error.MessageText} ({error.SqlState}).", null, error),
    };

    private static LodeException ExplainLost(Exception error, PostgresAddress address)
    {
        if (error.Message.StartsWith("No password", StringComparison.OrdinalIgnoreCase))
            return new LodeException(ErrorCode.PermissionDenied, $"PostgreSQL at {address.Server} asks user '{address.User}' for a password, and none was given.", PasswordHint, error);
        return Find<SocketException>(error)?.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => new LodeException(ErrorCode.Unavailable, $"The store's host '{address.Settings.Host}' is unknown.", "Mind the spelling: postgres://user@host:port/database", error),
            SocketError.ConnectionRefused => new LodeException(ErrorCode.Unavailable, $"PostgreSQL does not answer at {address.Server}: connection refused.", "Is it running, and on that port?", error),
            _ when Find<TimeoutException>(error) is not null => new LodeException(ErrorCode.Unavailable, $"PostgreSQL at {address.Server} did not answer in time.", AgainHint, error),
            _ => new LodeException(ErrorCode.Unavailable, $"The connection to PostgreSQL at {address.Server} was lost: {Innermost(error).Message.TrimEnd('.')}.", AgainHint, error),
        };
    }

    private const string PasswordHint = "Set PGPASSWORD, or write ~/.pgpass: host:port:database:user:password";

    // True of every write: see the remarks of the store's contracts.
    private const string AgainHint = "Try again; what was answered is safe, and sending the same again stores it once.";

    private static T? Find<T>(Exception? error)
        where T : Exception
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is T found)
                return found;
        }
        return null;
    }

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
