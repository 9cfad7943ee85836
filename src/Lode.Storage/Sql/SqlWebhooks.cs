using System.Data.Common;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>Webhooks of the registry and what waits to be delivered to them.</summary>
/// <param name="database">The database; the caller keeps and disposes it.</param>
/// <param name="time">For the times that are noted.</param>
/// <remarks><b>Threads.</b> All members may be called concurrently, from several processes. Secrets are kept in clear text, since signing needs them, and never given out but to <see cref="TakeDueAsync"/> and <see cref="GetTargetAsync"/>.</remarks>
public sealed partial class SqlWebhooks(SqlDatabase database, TimeProvider time)
{
    private const int MaxNameLength = 63;
    private const int MaxUrlLength = 2000;
    private const string Columns = "id, name, description, url, status, created_at, updated_at";

    /// <summary>Makes a webhook.</summary>
    /// <exception cref="LodeException">InvalidArgument: name, URL or events are missing or against the rules.</exception>
    public Task<Webhook> CreateAsync(WebhookChange webhook, CancellationToken ct)
    {
        Check(webhook with { Name = webhook.Name ?? "", Url = webhook.Url ?? "", Events = webhook.Events ?? [] });
        return database.WriteAsync(sql =>
        {
            var (id, now) = (RunId.New().Value.ToString(), Now);
            sql.Execute("INSERT INTO webhook (id, name, description, url, secret, status, created_at, updated_at) VALUES (@0, @1, @2, @3, @4, @5, @6, @6)",
                id, webhook.Name, webhook.Description, webhook.Url, webhook.Secret, Status(webhook.Active ?? true), now);
            SetEvents(sql, id, webhook.Events!);
            return Read(sql, id);
        }, ct);
    }

    /// <summary>One webhook.</summary>
    /// <exception cref="LodeException">NotFound.</exception>
    public Task<Webhook> GetAsync(string id, CancellationToken ct) => database.ReadAsync(sql => Read(sql, id), ct);

    /// <summary>Webhooks, oldest first.</summary>
    /// <param name="offset">To pass over.</param>
    /// <param name="limit">To return at most.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>The webhooks, and whether others come after them.</returns>
    public Task<(IReadOnlyList<Webhook> Webhooks, bool HasMore)> ListAsync(int offset, int limit, CancellationToken ct) => database.ReadAsync(sql =>
    {
        var ids = sql.Query("SELECT id FROM webhook ORDER BY created_at, id LIMIT @0 OFFSET @1", [limit + 1L, offset], row => row.GetString(0));
        return ((IReadOnlyList<Webhook>)[.. ids.Take(limit).Select(id => Read(sql, id))], ids.Count > limit);
    }, ct);

    /// <summary>Changes what is said; what waits for a webhook that is switched off is given up.</summary>
    /// <exception cref="LodeException">NotFound. InvalidArgument: against the rules.</exception>
    public Task<Webhook> UpdateAsync(string id, WebhookChange change, CancellationToken ct)
    {
        Check(change);
        return database.WriteAsync(sql =>
        {
            var old = Read(sql, id);
            sql.Execute("UPDATE webhook SET name = @1, description = @2, url = @3, secret = coalesce(@4, secret), status = @5, updated_at = @6 WHERE id = @0",
                id, change.Name ?? old.Name, change.Description ?? old.Description, change.Url ?? old.Url, change.Secret, Status(change.Active ?? old.Active), Math.Max(Now, old.UpdatedAt + 1));
            if (change.Events is not null)
                SetEvents(sql, id, change.Events);
            if (change.Active == false)
            {
                sql.Execute("UPDATE webhook_delivery SET state = @1, due_at = NULL, error = @2 WHERE webhook_id = @0 AND due_at IS NOT NULL",
                    id, (int)DeliveryState.Failed, "The webhook was disabled before it was delivered.");
            }
            return Read(sql, id);
        }, ct);
    }

    /// <summary>Deletes a webhook, what waits for it and its log.</summary>
    /// <exception cref="LodeException">NotFound.</exception>
    public Task DeleteAsync(string id, CancellationToken ct) => database.WriteAsync(sql =>
    {
        sql.Execute("DELETE FROM webhook_delivery WHERE webhook_id = @0", id);
        sql.Execute("DELETE FROM webhook_event WHERE webhook_id = @0", id);
        return sql.Execute("DELETE FROM webhook WHERE id = @0", id) == 1 ? true : throw NoWebhook(id);
    }, ct);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static int Status(bool active) => active ? 1 : 2;

    private static void SetEvents(SqlSession sql, string id, IReadOnlyList<string> events)
    {
        sql.Execute("DELETE FROM webhook_event WHERE webhook_id = @0", id);
        for (var i = 0; i < events.Count; i++)
            sql.Execute("INSERT INTO webhook_event (webhook_id, event, position) VALUES (@0, @1, @2) ON CONFLICT DO NOTHING", id, events[i], i);
    }

    private static Webhook Read(SqlSession sql, string id)
    {
        var found = sql.Query($"SELECT {Columns} FROM webhook WHERE id = @0", [id], row => new Webhook
        {
            Id = row.GetString(0),
            Name = row.GetString(1),
            Description = Text(row, 2),
            Url = row.GetString(3),
            Active = row.GetInt32(4) == Status(true),
            CreatedAt = row.GetInt64(5),
            UpdatedAt = row.GetInt64(6),
            Events = [],
        });
        if (found.Count == 0)
            throw NoWebhook(id);
        return found[0] with
        {
            Events = sql.Query("SELECT event FROM webhook_event WHERE webhook_id = @0 ORDER BY position", [id], row => row.GetString(0)),
            LastDelivery = sql.Query($"SELECT {DeliveryColumns} FROM webhook_delivery WHERE webhook_id = @0 AND tried_at IS NOT NULL ORDER BY tried_at DESC, number DESC LIMIT 1", [id], MapDelivery).FirstOrDefault(),
        };
    }

    private static void Check(WebhookChange webhook)
    {
        if (webhook.Name is { } name && !IsName(name))
            throw new LodeException(ErrorCode.InvalidArgument, $"Webhook name must be 1 to {MaxNameLength} letters, digits, dots, dashes or underscores, and begin and end with a letter or digit; got '{name}'.");
        if (webhook.Url is { } url)
            CheckUrl(url);
        if (webhook.Events is { Count: 0 })
            throw new LodeException(ErrorCode.InvalidArgument, "Webhook events cannot be empty");
        foreach (var one in webhook.Events ?? [])
        {
            if (!WebhookEvents.All.Contains(one))
                throw new LodeException(ErrorCode.InvalidArgument, $"There is no event '{one}' for webhooks. {DidYouMean.Hint(one, WebhookEvents.All)}");
        }
    }

    private static void CheckUrl(string url)
    {
        if (string.IsNullOrWhiteSpace(url))
            throw new LodeException(ErrorCode.InvalidArgument, $"Webhook URL cannot be empty or just whitespace: '{url}'");
        if (url.Length > MaxUrlLength)
            throw new LodeException(ErrorCode.InvalidArgument, $"A webhook's URL has at most {MaxUrlLength} characters; got {url.Length}.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri))
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid webhook URL: '{url}'");
        if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid webhook URL scheme: '{uri.Scheme}'. Allowed schemes are: http, https.");
        if (uri.UserInfo.Length > 0)
            throw new LodeException(ErrorCode.InvalidArgument, "Invalid webhook URL: it must not hold a user or password.", "Sign the requests with a secret instead.");
    }

    private static bool IsName(string name) => name.Length is > 0 and <= MaxNameLength && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1])
        && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_');

    private static LodeException NoWebhook(string id) => new(ErrorCode.NotFound, $"Webhook with ID {id} not found.");

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
