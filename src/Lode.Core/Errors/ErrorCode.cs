namespace Lode.Core;

/// <summary>
/// Every foreseeable way a request can be refused. The numbers are persisted and sent; append only.
/// Each face maps the whole enum once: exit codes in the CLI, statuses in the server, MLflow's names in its endpoints.
/// </summary>
public enum ErrorCode
{
    /// <summary>A bug: nobody foresaw it. Never thrown on purpose.</summary>
    Internal = 1,

    /// <summary>An argument, a file or a body does not make sense; sending it again will not help.</summary>
    InvalidArgument = 2,

    /// <summary>The thing named does not exist.</summary>
    NotFound = 3,

    /// <summary>Something of that name exists already.</summary>
    AlreadyExists = 4,

    /// <summary>The thing is in a state that forbids it, or changed meanwhile, or is held by somebody else.</summary>
    Conflict = 5,

    /// <summary>The name fits several things; the message lists them.</summary>
    Ambiguous = 6,

    /// <summary>The caller is not signed in.</summary>
    Unauthenticated = 7,

    /// <summary>The caller, or this process, lacks the right: a read-only folder, a foreign token.</summary>
    PermissionDenied = 8,

    /// <summary>A server or a resource cannot be reached now; the same call may pass later.</summary>
    Unavailable = 9,

    /// <summary>Stored data is damaged; the message says what is left.</summary>
    DataLoss = 10,

    /// <summary>The caller asked for more than is allowed at once.</summary>
    LimitExceeded = 11,

    /// <summary>Not offered by this server or this build.</summary>
    NotImplemented = 12,
}
