using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace Lode.Server;

/// <summary>
/// Bounds what is worked on at once, so that memory stays bounded and everybody is served: so many requests run, so many wait, the rest
/// hear 429 at once. A small body is received before its request takes a turn, and what may last (large bodies, streams) has turns of its
/// own, so slow clients hold up nobody but each other. Large bodies, which are held whole, also share a budget of bytes.
/// </summary>
internal sealed class AdmissionGate(RequestDelegate next, ServerOptions options, ServerMeter meter) : IDisposable
{
    // Smaller bodies are bounded by the number of requests.
    private const long SmallBody = 256 << 10;

    /// <summary>The largest body that does not say its length beforehand, in bytes.</summary>
    public const long MaxUnknownBody = 4 << 20;

    private readonly Turns _turns = new(options.MaxRequests, options.MaxWaiting);
    private readonly Turns _longTurns = new(Math.Max(1, options.MaxRequests / 4), options.MaxWaiting);
    private readonly long _maxBytes = Math.Max(options.MaxBodyBytes, 512L << 20);
    private long _bytes;

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<UnqueuedTrait>() is not null)
        {
            await next(context);
            return;
        }
        var streams = endpoint?.Metadata.GetMetadata<StreamsTrait>() is not null || endpoint?.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is not null;
        var turns = !streams && await ReceiveAsync(context) ? _turns : _longTurns;
        if (!turns.TryTake() && !await turns.WaitAsync(context.RequestAborted))
        {
            await RefuseAsync(context, "The server has as many requests waiting as it can hold.");
            return;
        }
        var bytes = streams ? 0 : HeldBytes(context.Request.ContentLength ?? 0);
        try
        {
            if (bytes > 0 && Interlocked.Add(ref _bytes, bytes) > _maxBytes)
                await RefuseAsync(context, "The server is holding as many large bodies as it can.");
            else
                await next(context);
        }
        finally
        {
            if (bytes > 0)
                Interlocked.Add(ref _bytes, -bytes);
            turns.GiveBack();
        }
    }

    public void Dispose()
    {
        _turns.Dispose();
        _longTurns.Dispose();
    }

    /// <summary>Receives a small body, so that its request waits for nothing once it has its turn; false where the body is not small.</summary>
    private static async ValueTask<bool> ReceiveAsync(HttpContext context)
    {
        var request = context.Request;
        var length = request.ContentLength;
        if (length == 0 || (length is null && request.Headers.TransferEncoding.Count == 0))
            return true;
        if (length > SmallBody)
            return false;
        if (length is null && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit && !(limit.MaxRequestBodySize < MaxUnknownBody))
            limit.MaxRequestBodySize = MaxUnknownBody;
        // Nothing is consumed: the handler finds the body in the connection's buffer.
        var received = await request.BodyReader.ReadAtLeastAsync((int)(length ?? SmallBody + 1), context.RequestAborted);
        request.BodyReader.AdvanceTo(received.Buffer.Start);
        return length is not null || received.IsCompleted;
    }

    private Task RefuseAsync(HttpContext context, string message)
    {
        meter.Refused.Add(1);
        return Overload.AnswerAsync(context, message);
    }

    private long HeldBytes(long length) => length <= SmallBody || length > options.MaxBodyBytes ? 0 : length;
}

/// <summary>So many at once, and so many waiting for them.</summary>
internal sealed class Turns(int count, int maxWaiting) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _free = new(count);
    private int _waiting;

    public bool TryTake() => _free.Wait(0, CancellationToken.None);

    /// <summary>Waits for a turn; false when too many wait already, or it took too long.</summary>
    public async Task<bool> WaitAsync(CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > maxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }
        try
        {
            return await _free.WaitAsync(s_patience, ct);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void GiveBack() => _free.Release();

    public void Dispose() => _free.Dispose();
}
