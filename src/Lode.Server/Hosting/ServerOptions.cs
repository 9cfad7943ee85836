namespace Lode.Server;

/// <summary>How a server listens and what it says of itself.</summary>
public sealed record ServerOptions
{
    /// <summary>The address to listen on; default 127.0.0.1. There is no sign-in yet, so it must be a loopback address.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; default 5633; 0 = any free one.</summary>
    public int Port { get; init; } = DefaultPort;

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

    /// <summary>The port that <c>lode up</c> takes when it is told none.</summary>
    public const int DefaultPort = 5633;
}
