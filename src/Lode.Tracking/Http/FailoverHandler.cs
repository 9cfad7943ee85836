namespace Lode.Tracking;

/// <summary>Sends requests to one of several servers of one store: to the one that answered last, and where it cannot be reached to the next.</summary>
/// <remarks>For requests that may be sent twice, as all of Lode's may. One whose body can be read only once is not sent to a second server. <b>Threads.</b> All members may be called concurrently.</remarks>
/// <param name="servers">The servers now, at least one; asked anew for each request, since a data folder's owner may have moved.</param>
public sealed class FailoverHandler(Func<IReadOnlyList<Uri>> servers) : DelegatingHandler(new SocketsHttpHandler())
{
    private volatile Uri? _last;

    /// <summary>The server that answered last; the first before any did.</summary>
    public Uri Current => _last ?? servers()[0];

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.PathAndQuery;
        var all = servers();
        var order = _last is { } last && all.Contains(last) ? [last, .. all.Where(server => server != last)] : all;
        for (var i = 0; ; i++)
        {
            request.RequestUri = new Uri(order[i], path);
            try
            {
                var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
                _last = order[i];
                return response;
            }
            catch (HttpRequestException) when (i + 1 < order.Count && request.Content is null or ByteArrayContent)
            {
                // It is away; the next one has the same store.
            }
        }
    }
}
