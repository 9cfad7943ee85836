using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace Lode.Server;

/// <summary>
/// Bounds what is worked on at once, so that memory stays bounded and everybody is served: so many requests run, so many wait, the rest
/// hear 429 at once. Large bodies, which are held whole, also share a budget of bytes.
/// </summary>
internal sealed class AdmissionGate(RequestDelegate next, ServerOptions options, ServerMeter meter) : IDisposable
{
    // Smaller bodies are bounded by the number of requests.
    private const long SmallBody = 256 << 10;

    /// <summary>The largest body that does not say its length beforehand, in bytes.</summary>
    public const long MaxUnknownBody = 4 << 20;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _turns = new(options.MaxRequests);
    private readonly long _maxBytes = Math.Max(options.MaxBodyBytes, 512L << 20);
    private int _waiting;
    private long _bytes;

    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<UnqueuedTrait>() is not null)
        {
            await next(context);
            return;
        }
        if (!_turns.Wait(0, CancellationToken.None) && !await WaitAsync(context.RequestAborted))
        {
            await RefuseAsync(context, "The server has as many requests waiting as it can hold.");
            return;
        }
        var bytes = HeldBytes(context, endpoint);
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
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    private Task RefuseAsync(HttpContext context, string message)
    {
        meter.Refused.Add(1);
        return Overload.AnswerAsync(context, message);
    }

    private async Task<bool> WaitAsync(CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > options.MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return false;
        }
        try
        {
            return await _turns.WaitAsync(s_patience, ct);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    // An endpoint with a limit of its own streams its body.
    private long HeldBytes(HttpContext context, Endpoint? endpoint)
    {
        var request = context.Request;
        if (request.ContentLength is not { } length)
        {
            if (request.Headers.TransferEncoding.Count > 0 && endpoint?.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is null
                && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit && limit.MaxRequestBodySize > MaxUnknownBody)
            {
                limit.MaxRequestBodySize = MaxUnknownBody;
            }
            return 0;
        }
        return length <= SmallBody || length > options.MaxBodyBytes || endpoint?.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is not null ? 0 : length;
    }
}
