using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Lode.Core;
using Lode.Storage;

namespace Lode.Server.Webhooks;

/// <summary>Sends one request to a webhook, signed as MLflow signs them.</summary>
internal sealed class WebhookSender : IDisposable
{
    private const int MaxAnswer = 4096;

    private readonly HttpClient _http;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;

    public WebhookSender(WebhookAddresses addresses, WebhookOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        // A redirect, a proxy or a cookie could lead elsewhere than was looked at.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectCallback = addresses.ConnectAsync, PooledConnectionLifetime = TimeSpan.FromMinutes(1) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The value of X-MLflow-Signature: <c>v1,</c> and base64 of HMAC-SHA256 over <c>ID.TIMESTAMP.BODY</c>.</summary>
    public static string Sign(string secret, string id, string timestamp, string body) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")));

    /// <exception cref="OperationCanceledException">Only when <paramref name="ct"/> is cancelled.</exception>
    public async Task<DeliveryResult> SendAsync(WebhookTarget target, string id, string body, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(_options.Timeout);
        try
        {
            using var request = Request(target, id, body);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token).ConfigureAwait(false);
            var answer = await ReadAsync(response.Content, deadline.Token).ConfigureAwait(false);
            var status = (int)response.StatusCode;
            return response.IsSuccessStatusCode
                ? new DeliveryResult(true, status, answer, null)
                : new DeliveryResult(false, status, answer, $"It answered {status} {response.ReasonPhrase}.", RetryAfter(response));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new DeliveryResult(false, null, null, string.Create(CultureInfo.InvariantCulture, $"It did not answer within {_options.Timeout.TotalSeconds:0.###} s."));
        }
        catch (Exception error) when (error is HttpRequestException or IOException or LodeException)
        {
            return new DeliveryResult(false, null, null, (error.InnerException as LodeException ?? error).Message);
        }
    }

    /// <summary>Whether the same request may fare better later.</summary>
    public static bool IsPassing(DeliveryResult result) => result.HttpStatus is null or (int)HttpStatusCode.RequestTimeout or (int)HttpStatusCode.TooManyRequests or >= 500;

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(WebhookTarget target, string id, string body)
    {
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, target.Url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.Add("Content-Type", "application/json");
        request.Headers.Add("X-MLflow-Delivery-Id", id);
        request.Headers.Add("X-MLflow-Timestamp", timestamp);
        if (!string.IsNullOrEmpty(target.Secret))
            request.Headers.Add("X-MLflow-Signature", Sign(target.Secret, id, timestamp, body));
        return request;
    }

    private static async Task<string> ReadAsync(HttpContent content, CancellationToken ct)
    {
        await using var stream = await content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        var bytes = new byte[MaxAnswer];
        var length = await stream.ReadAtLeastAsync(bytes, MaxAnswer, throwOnEndOfStream: false, ct).ConfigureAwait(false);
        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };
}
