namespace Lode.Server;

/// <summary>How a server listens, whom it lets in, how much it takes at once, and what it says of itself.</summary>
public sealed record ServerOptions
{
    /// <summary>The address to listen on; default 127.0.0.1. One that other machines reach needs <see cref="Token"/> or <see cref="AllowAnonymous"/>.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; default 5633; 0 = any free one.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>A TCP socket that is bound, and perhaps listens, already: callers wait in it until the server has started. Null, the default, binds <see cref="Host"/> and <see cref="Port"/>.</summary>
    public System.Net.Sockets.Socket? Listener { get; init; }

    /// <summary>Whether SIGINT and SIGTERM stop the server; default true. False where whoever started it takes them.</summary>
    public bool StopsBySignal { get; init; } = true;

    /// <summary>What callers must show; null (the default) = nobody is asked.</summary>
    public AccessToken? Token { get; init; }

    /// <summary>Lets other machines in without a token; default false.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>
    /// Names under which the server is reached besides this machine's own: <c>lode.example.org</c>, <c>*.example.org</c> or <c>*</c> (any).
    /// Their pages may also send changes. Default none.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>The largest body taken, in bytes, at least 1; default 64 MiB. Endpoints that stream set their own.</summary>
    public long MaxBodyBytes { get; init; } = 64L << 20;

    /// <summary>Requests worked on at once, at least 1; default 256. Live streams are counted apart.</summary>
    public int MaxRequests { get; init; } = 256;

    /// <summary>Requests that may wait for their turn, at least 0; default 4096. Beyond that the answer is 429.</summary>
    public int MaxWaiting { get; init; } = 4096;

    /// <summary>Live streams open at once, at least 1; default 2000.</summary>
    public int MaxStreams { get; init; } = 2000;

    /// <summary>How long a client may take to send a request's headers; default ten seconds.</summary>
    public TimeSpan HeaderPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stopping server waits for requests to end; default ten seconds.</summary>
    public TimeSpan ShutdownPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the data lie, for people to read.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The program's version.</summary>
    public required string Version { get; init; }

    /// <summary>How long a run that was heard of by journal may be silent before it counts as stale; default one minute.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How webhooks are called.</summary>
    public WebhookOptions Webhooks { get; init; } = new();

    /// <summary>The folder that holds the bytes of artifacts.</summary>
    public required string ArtifactFolder { get; init; }

    /// <summary>Where journals lie, of which those of purged runs are removed; null, the default, where there are none.</summary>
    public string? JournalFolder { get; init; }

    /// <summary>The most bytes of one uploaded file; null, the default, leaves it to the disk.</summary>
    public long? MaxUploadBytes { get; init; }

    /// <summary>The <c>lode</c> program, as words, for launchers that start agents elsewhere; empty, the default, where this server starts none.</summary>
    public IReadOnlyList<string> AgentProgram { get; init; } = [];

    /// <summary>What those agents show to this server; null where nobody is asked.</summary>
    public string? AgentToken { get; init; }

    /// <summary>How often launchers look after their agents; default three seconds.</summary>
    public TimeSpan LaunchInterval { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The port that <c>lode up</c> takes when it is told none.</summary>
    public const int DefaultPort = 5633;
}
