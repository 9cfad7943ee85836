using System.Collections.Concurrent;
using System.Threading.Channels;
using Lode.Core;
using Lode.Storage;
using Microsoft.Extensions.Logging;

namespace Lode.Server.Webhooks;

/// <summary>
/// Delivers what waits in the store, in the background. An event is delivered at least once: one that was sent but not noted, because
/// the server was killed in between, is sent again with the same delivery id.
/// </summary>
internal sealed class WebhookDispatcher : IAsyncDisposable
{
    // Others on the same database may leave something behind.
    private static readonly TimeSpan s_idle = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private readonly SqlWebhooks _webhooks;
    private readonly WebhookSender _sender;
    private readonly WebhookOptions _options;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, bool> _busy = new();
    private readonly List<Task> _deliveries = [];
    private Task _loop = Task.CompletedTask;

    public WebhookDispatcher(SqlWebhooks webhooks, WebhookSender sender, WebhookOptions options, TimeProvider time, ILogger<WebhookDispatcher> log) =>
        (_webhooks, _sender, _options, _time, _log) = (webhooks, sender, options, time, log);

    public void Start() => _loop = RunAsync(_stop.Token);

    /// <summary>Something may wait now.</summary>
    public void Wake() => _news.Writer.TryWrite(true);

    /// <summary>Breaks off what is on its way, for the next server to send again, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await Task.WhenAll(_deliveries).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken ct)
    {
        await Task.Yield();
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(await SendDueAsync(ct).ConfigureAwait(false), ct).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                if (error is not LodeException)
                    _log.LogError(error, "webhooks could not be delivered; they are tried again");
                await Task.Delay(s_pause, ct).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends off what is due; returns how long there is nothing to do.</summary>
    private async Task<TimeSpan> SendDueAsync(CancellationToken ct)
    {
        _deliveries.RemoveAll(delivery => delivery.IsCompleted);
        // One that ends after this look wakes the loop again.
        var busy = _busy.Keys.ToList();
        if (busy.Count >= _options.Parallel)
            return s_idle;
        if (await _webhooks.NextDueAsync(busy, ct).ConfigureAwait(false) is not { } due)
            return s_idle;
        var wait = TimeSpan.FromMilliseconds(due - _time.GetUtcNow().ToUnixTimeMilliseconds());
        if (wait > TimeSpan.Zero)
            return wait;
        // The lease outlives the request, so that nobody else sends it meanwhile.
        foreach (var delivery in await _webhooks.TakeDueAsync(busy, _options.Parallel - busy.Count, _options.Timeout + s_pause, ct).ConfigureAwait(false))
        {
            _busy[delivery.WebhookId] = true;
            _deliveries.Add(DeliverAsync(delivery, ct));
        }
        return TimeSpan.Zero;
    }

    private async Task DeliverAsync(DueDelivery delivery, CancellationToken ct)
    {
        try
        {
            var result = await _sender.SendAsync(delivery.Target, delivery.Id, delivery.Body, ct).ConfigureAwait(false);
            await _webhooks.RecordAsync(delivery, result, RetryAfter(delivery, result), CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await _webhooks.ReleaseAsync(delivery, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Not noted: it is sent again when its lease ends.
            _log.LogError(error, "delivery {Id} to webhook {Webhook} could not be noted", delivery.Id, delivery.WebhookId);
        }
        finally
        {
            // In this order: whoever is woken must find the webhook free.
            _busy.TryRemove(delivery.WebhookId, out _);
            Wake();
        }
    }

    private TimeSpan? RetryAfter(DueDelivery delivery, DeliveryResult result)
    {
        if (result.Success || delivery.Attempts + 1 >= _options.Attempts || !WebhookSender.IsPassing(result))
            return null;
        var delay = _options.FirstDelay * Math.Pow(2, Math.Min(delivery.Attempts, 30));
        if (result.RetryAfter is { } asked && asked > delay)
            delay = asked;
        return delay < _options.MaxDelay ? delay : _options.MaxDelay;
    }

    private async Task WaitAsync(TimeSpan wait, CancellationToken ct)
    {
        if (wait <= TimeSpan.Zero)
            return;
        using var until = CancellationTokenSource.CreateLinkedTokenSource(ct);
        until.CancelAfter(wait < s_idle ? wait : s_idle);
        try
        {
            await _news.Reader.ReadAsync(until.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // It is due.
        }
    }
}
