using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>Speaks to a server's native API, and turns whatever goes wrong into a <see cref="LodeException"/>.</summary>
/// <param name="http">Its base address is the server's.</param>
internal sealed class NativeApi(HttpClient http)
{
    // To wait for leave takes longer than to send so many bytes in vain.
    private const long LongBody = 64 << 10;

    private static readonly TrackingJson s_json = TrackingJson.Default;

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <param name="body">What to send; null = nothing.</param>
    /// <param name="type">What the answer is; null = nothing.</param>
    /// <param name="ct">Stops it.</param>
    public async Task<T> SendAsync<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T>? type, CancellationToken ct)
    {
        using var response = await SendAsync(method, path, body, HttpCompletionOption.ResponseContentRead, ct).ConfigureAwait(false);
        if (type is null)
            return default!;
        try
        {
            return (await response.Content.ReadFromJsonAsync(type, ct).ConfigureAwait(false))!;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            throw Unreachable(error);
        }
    }

    /// <summary>Asks for bytes; returns when they begin to come. The answer lives as long as its stream.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseHeadersRead, ct);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, HttpCompletionOption completion, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, "/api/v1/" + path) { Content = body };
        // What is refused is refused before a long body is on its way.
        if (body is StreamContent && body.Headers.ContentLength is null or > LongBody)
            request.Headers.ExpectContinue = true;
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, completion, ct).ConfigureAwait(false);
        }
        catch (HttpRequestException error)
        {
            throw Unreachable(error);
        }
        catch (OperationCanceledException error) when (!ct.IsCancellationRequested)
        {
            throw Unreachable(error);
        }
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await RefusalAsync(response, ct).ConfigureAwait(false);
    }

    private static async Task<LodeException> RefusalAsync(HttpResponseMessage response, CancellationToken ct)
    {
        try
        {
            if (await response.Content.ReadFromJsonAsync(s_json.ErrorBody, ct).ConfigureAwait(false) is { Error: { } error })
                return new LodeException(ErrorCodes.Parse(error.Code), error.Message, error.Hint);
        }
        catch (Exception error) when (error is JsonException or HttpRequestException or IOException or NotSupportedException)
        {
            // Not our server, or a proxy's page: the status says what there is to say.
        }
        var code = response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout ? ErrorCode.Unavailable : ErrorCode.Internal;
        return new LodeException(code, $"The server at {response.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Authority)} answered {(int)response.StatusCode} {response.ReasonPhrase}.");
    }

    private LodeException Unreachable(Exception error) =>
        new(ErrorCode.Unavailable, $"The server at {http.BaseAddress} cannot be reached: {error.Message.TrimEnd('.')}.", "Is it running? `lode up` starts one.", error);
}
