namespace Lode.Tracking;

/// <summary>Who is told of which changes of the registry. A snapshot; the secret is never shown.</summary>
public sealed record Webhook
{
    /// <summary>Given by the store.</summary>
    public required string Id { get; init; }

    /// <summary>1 to 63 letters, digits, dots, dashes and underscores; need not be unique.</summary>
    public required string Name { get; init; }

    /// <summary>Free text; null = none.</summary>
    public string? Description { get; init; }

    /// <summary>Where requests go, http or https.</summary>
    public required string Url { get; init; }

    /// <summary>What it hears of; see <see cref="WebhookEvents.All"/>. At least one.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>False hears nothing; what happens meanwhile is not made up for.</summary>
    public bool Active { get; init; } = true;

    /// <summary>Milliseconds since 1970 UTC.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Milliseconds since 1970 UTC; rises with every change.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>The delivery that was tried last; null = none was.</summary>
    public WebhookDelivery? LastDelivery { get; init; }
}

/// <summary>What to make a webhook of, or what to change in one; null = the default, or as it is.</summary>
public sealed record WebhookChange
{
    /// <summary>See <see cref="Webhook.Name"/>.</summary>
    public string? Name { get; init; }

    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary>See <see cref="Webhook.Url"/>.</summary>
    public string? Url { get; init; }

    /// <summary>Not empty.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>Signs the requests.</summary>
    public string? Secret { get; init; }

    /// <summary>Whether it hears anything; default true.</summary>
    public bool? Active { get; init; }
}

/// <summary>One event on its way to one webhook.</summary>
public sealed record WebhookDelivery
{
    /// <summary>Sent along, the same with every attempt.</summary>
    public required string Id { get; init; }

    /// <summary>For example <c>model_version.created</c>.</summary>
    public required string Event { get; init; }

    /// <summary>How it stands.</summary>
    public DeliveryState State { get; init; }

    /// <summary>Requests sent so far.</summary>
    public int Attempts { get; init; }

    /// <summary>When the event happened, milliseconds since 1970 UTC.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When it was sent last, milliseconds since 1970 UTC; null = not yet.</summary>
    public long? TriedAt { get; init; }

    /// <summary>The last answer's status; null = there was none.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>What went wrong last; null = nothing.</summary>
    public string? Error { get; init; }
}

/// <summary>A webhook's log.</summary>
/// <param name="Deliveries">Newest first.</param>
public sealed record WebhookDeliveries(IReadOnlyList<WebhookDelivery> Deliveries);

/// <summary>How a delivery stands.</summary>
public enum DeliveryState
{
    /// <summary>To be sent, or sent again.</summary>
    Waiting = 1,

    /// <summary>Answered with 2xx.</summary>
    Delivered = 2,

    /// <summary>Given up.</summary>
    Failed = 3,
}

/// <summary>The events that webhooks can hear of, as <c>entity.action</c>.</summary>
public static class WebhookEvents
{
#pragma warning disable CS1591 // Each says in its value what it is.
    public const string ModelCreated = "registered_model.created";
    public const string VersionCreated = "model_version.created";
    public const string VersionTagSet = "model_version_tag.set";
    public const string VersionTagDeleted = "model_version_tag.deleted";
    public const string AliasCreated = "model_version_alias.created";
    public const string AliasDeleted = "model_version_alias.deleted";
    public const string PromptCreated = "prompt.created";
    public const string PromptVersionCreated = "prompt_version.created";
    public const string PromptTagSet = "prompt_tag.set";
    public const string PromptTagDeleted = "prompt_tag.deleted";
    public const string PromptVersionTagSet = "prompt_version_tag.set";
    public const string PromptVersionTagDeleted = "prompt_version_tag.deleted";
    public const string PromptAliasCreated = "prompt_alias.created";
    public const string PromptAliasDeleted = "prompt_alias.deleted";
#pragma warning restore CS1591

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        ModelCreated, VersionCreated, VersionTagSet, VersionTagDeleted, AliasCreated, AliasDeleted,
        PromptCreated, PromptVersionCreated, PromptTagSet, PromptTagDeleted, PromptVersionTagSet, PromptVersionTagDeleted, PromptAliasCreated, PromptAliasDeleted,
    ];
}
