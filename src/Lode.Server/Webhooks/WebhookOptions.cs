namespace Lode.Server;

/// <summary>How webhooks are called.</summary>
public sealed record WebhookOptions
{
    /// <summary>Whether addresses of this machine and of private networks may be called; default null: only where the server itself listens on a loopback address.</summary>
    public bool? AllowPrivate { get; init; }

    /// <summary>How long one request may take, answer included; default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests sent for one event before it is given up; default 12, which with the default delays is for about 20 minutes.</summary>
    public int Attempts { get; init; } = 12;

    /// <summary>How long to wait after the first failure; default 1 s. It doubles with each.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait; default 5 minutes. Retry-After headers are honoured up to it.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Webhooks called at the same time; default 4. Each has at most one request on its way.</summary>
    public int Parallel { get; init; } = 4;
}
