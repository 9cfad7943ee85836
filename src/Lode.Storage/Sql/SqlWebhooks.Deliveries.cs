using System.Data.Common;
using System.Globalization;
using System.Text.Json.Nodes;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlWebhooks
{
    /// <summary>Deliveries that may wait for one webhook; what happens beyond them is noted as failed.</summary>
    public const int MaxWaiting = 10_000;

    /// <summary>Deliveries that are done and still in a webhook's log.</summary>
    public const int MaxLog = 100;

    private const string DeliveryColumns = "id, event, state, attempts, created_at, tried_at, http_status, error";

    /// <summary>A webhook's deliveries, newest first.</summary>
    /// <exception cref="LodeException">NotFound: no such webhook.</exception>
    public Task<IReadOnlyList<WebhookDelivery>> ListDeliveriesAsync(string id, int limit, CancellationToken ct) => database.ReadAsync(sql =>
    {
        Read(sql, id);
        return (IReadOnlyList<WebhookDelivery>)sql.Query($"SELECT {DeliveryColumns} FROM webhook_delivery WHERE webhook_id = @0 ORDER BY number DESC LIMIT @1", [id, limit], MapDelivery);
    }, ct);

    /// <summary>Where a webhook's requests go and how they are signed.</summary>
    /// <exception cref="LodeException">NotFound.</exception>
    public Task<WebhookTarget> GetTargetAsync(string id, CancellationToken ct) => database.ReadAsync(sql =>
        sql.Query("SELECT url, secret FROM webhook WHERE id = @0", [id], row => new WebhookTarget(row.GetString(0), Text(row, 1))) is [var target] ? target : throw NoWebhook(id), ct);

    /// <summary>When the next delivery is due, milliseconds since 1970 UTC; null = none waits.</summary>
    /// <param name="busy">Webhooks to pass over.</param>
    /// <param name="ct">Cancels.</param>
    public Task<long?> NextDueAsync(IReadOnlyCollection<string> busy, CancellationToken ct) => database.ReadAsync(sql =>
        sql.Scalar<long?>($"SELECT min(due_at) FROM webhook_delivery WHERE due_at IS NOT NULL{NotIn(busy, 0)}", [.. busy]), ct);

    /// <summary>Takes deliveries that are due, the oldest one of each webhook; nobody else gets them before the lease ends.</summary>
    /// <param name="busy">Webhooks to pass over.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="lease">How long they are the caller's.</param>
    /// <param name="ct">Cancels.</param>
    public Task<IReadOnlyList<DueDelivery>> TakeDueAsync(IReadOnlyCollection<string> busy, int limit, TimeSpan lease, CancellationToken ct)
    {
        object?[] passedOver = [.. busy];
        return database.WriteAsync(sql =>
        {
            var now = Now;
            var due = sql.Query(
                $"""
                SELECT d.number, d.id, d.webhook_id, d.body, d.attempts, d.due_at, w.url, w.secret FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id
                WHERE d.number IN (SELECT min(number) FROM webhook_delivery WHERE due_at <= @0{NotIn(passedOver, 2)} GROUP BY webhook_id) ORDER BY d.number LIMIT @1
                """,
                [now, limit, .. passedOver],
                row => (DueAt: row.GetInt64(5), Delivery: new DueDelivery(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt32(4), new WebhookTarget(row.GetString(6), Text(row, 7)))));
            // Of two servers that saw the same row, the second one finds it moved on.
            return (IReadOnlyList<DueDelivery>)[.. due
                .Where(one => sql.Execute("UPDATE webhook_delivery SET due_at = @2 WHERE number = @0 AND due_at = @1", one.Delivery.Number, one.DueAt, now + (long)lease.TotalMilliseconds) == 1)
                .Select(one => one.Delivery)];
        }, ct);
    }

    /// <summary>Notes how an attempt went.</summary>
    /// <param name="delivery">As it was taken.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="retryAfter">When to try again; null = never: it is delivered or given up.</param>
    /// <param name="ct">Cancels.</param>
    public Task RecordAsync(DueDelivery delivery, DeliveryResult result, TimeSpan? retryAfter, CancellationToken ct) => database.WriteAsync(sql =>
    {
        var now = Now;
        var state = result.Success ? DeliveryState.Delivered : retryAfter is null ? DeliveryState.Failed : DeliveryState.Waiting;
        sql.Execute("UPDATE webhook_delivery SET state = @1, attempts = attempts + 1, tried_at = @2, due_at = @3, http_status = @4, error = @5 WHERE number = @0 AND due_at IS NOT NULL",
            delivery.Number, (int)state, now, result.Success || retryAfter is null ? null : now + (long)retryAfter.Value.TotalMilliseconds, result.HttpStatus, result.Error);
        return Prune(sql, delivery.WebhookId);
    }, ct);

    /// <summary>Gives back what was taken and not sent.</summary>
    public Task ReleaseAsync(DueDelivery delivery, CancellationToken ct) =>
        database.WriteAsync(sql => sql.Execute("UPDATE webhook_delivery SET due_at = @1 WHERE number = @0 AND due_at IS NOT NULL", delivery.Number, Now), ct);

    /// <summary>The body that tells of an event.</summary>
    public static string Body(string name, JsonObject data, DateTimeOffset at)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return new JsonObject
        {
            ["entity"] = name[..dot],
            ["action"] = name[(dot + 1)..],
            ["timestamp"] = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture),
            ["data"] = data,
        }.ToJsonString();
    }

    /// <summary>Puts an event in line for every webhook that hears of it, in the transaction of the change itself: it is never lost, and never told of in vain.</summary>
    internal static void Enqueue(SqlSession sql, string name, Func<JsonObject> data, DateTimeOffset at)
    {
        var webhooks = sql.Query("SELECT w.id FROM webhook w JOIN webhook_event e ON e.webhook_id = w.id WHERE e.event = @0 AND w.status = @1", [name, Status(true)], row => row.GetString(0));
        if (webhooks.Count == 0)
            return;
        var (body, now) = (Body(name, data(), at), at.ToUnixTimeMilliseconds());
        foreach (var webhook in webhooks)
        {
            var full = sql.Scalar<long>("SELECT count(*) FROM webhook_delivery WHERE webhook_id = @0 AND due_at IS NOT NULL", webhook) >= MaxWaiting;
            sql.Execute("INSERT INTO webhook_delivery (id, webhook_id, event, body, state, attempts, created_at, due_at, error) VALUES (@0, @1, @2, @3, @4, 0, @5, @6, @7)",
                RunId.New().Value.ToString(), webhook, name, body, (int)(full ? DeliveryState.Failed : DeliveryState.Waiting), now, full ? null : now,
                full ? $"{MaxWaiting} deliveries wait for this webhook already." : null);
            if (full)
                Prune(sql, webhook);
        }
    }

    private static string NotIn<T>(IReadOnlyCollection<T> webhooks, int first) => webhooks.Count == 0
        ? ""
        : $" AND webhook_id NOT IN ({string.Join(", ", Enumerable.Range(first, webhooks.Count).Select(number => "@" + number.ToString(CultureInfo.InvariantCulture)))})";

    private static int Prune(SqlSession sql, string webhook) => sql.Execute(
        """
        DELETE FROM webhook_delivery WHERE webhook_id = @0 AND due_at IS NULL AND number <=
            (SELECT number FROM webhook_delivery WHERE webhook_id = @0 AND due_at IS NULL ORDER BY number DESC LIMIT 1 OFFSET @1)
        """,
        webhook, MaxLog);

    private static WebhookDelivery MapDelivery(DbDataReader row) => new()
    {
        Id = row.GetString(0),
        Event = row.GetString(1),
        State = (DeliveryState)row.GetInt32(2),
        Attempts = row.GetInt32(3),
        CreatedAt = row.GetInt64(4),
        TriedAt = row.IsDBNull(5) ? null : row.GetInt64(5),
        HttpStatus = row.IsDBNull(6) ? null : row.GetInt32(6),
        Error = Text(row, 7),
    };
}

/// <summary>Where a webhook's requests go.</summary>
/// <param name="Url">http or https.</param>
/// <param name="Secret">Signs them; null = they are not signed.</param>
public sealed record WebhookTarget(string Url, string? Secret)
{
    /// <summary>Without the secret, so that no log shows it.</summary>
    public override string ToString() => Url;
}

/// <summary>A delivery that was taken to be sent.</summary>
/// <param name="Number">Its row.</param>
/// <param name="Id">Sent along.</param>
/// <param name="WebhookId">Whose it is.</param>
/// <param name="Body">JSON.</param>
/// <param name="Attempts">How often it was sent before.</param>
/// <param name="Target">Where to.</param>
public sealed record DueDelivery(long Number, string Id, string WebhookId, string Body, int Attempts, WebhookTarget Target);

/// <summary>What came of one request to a webhook.</summary>
/// <param name="Success">It was answered with 2xx.</param>
/// <param name="HttpStatus">The answer's status; null = there was none.</param>
/// <param name="Body">The answer's first characters; null = there was none.</param>
/// <param name="Error">What went wrong; null = nothing.</param>
/// <param name="RetryAfter">How long the other side asked to be left alone; null = it did not.</param>
public sealed record DeliveryResult(bool Success, int? HttpStatus, string? Body, string? Error, TimeSpan? RetryAfter = null);
