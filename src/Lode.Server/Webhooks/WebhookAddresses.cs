using System.Net;
using System.Net.Sockets;
using Lode.Core;

namespace Lode.Server.Webhooks;

/// <summary>
/// Where webhooks may lead. Whoever may make one must not reach through the server what only the server can: so the address that
/// is connected to is looked at, not the name, which may mean another address a moment later.
/// </summary>
internal sealed class WebhookAddresses(bool allowPrivate)
{
    private static readonly IPNetwork[] s_private =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("224.0.0.0/3"),
        IPNetwork.Parse("::/127"), IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fe80::/9"), IPNetwork.Parse("ff00::/8"),
        // Ways of writing IPv4 addresses as IPv6 ones, which gateways undo.
        IPNetwork.Parse("64:ff9b::/32"), IPNetwork.Parse("2002::/16"), IPNetwork.Parse("2001::/32"),
    ];

    /// <summary>Refuses a URL that names a forbidden address outright; names are looked at when they are called.</summary>
    /// <exception cref="LodeException">InvalidArgument.</exception>
    public void Check(string url)
    {
        if (Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.IsLoopback || IPAddress.TryParse(uri.Host.Trim('[', ']'), out _)) && !IsAllowed(uri.IsLoopback ? IPAddress.Loopback : IPAddress.Parse(uri.Host.Trim('[', ']'))))
            throw Forbidden(uri.Host);
    }

    /// <summary>Connects to the first address of a host that answers and may be called.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var endpoint = context.DnsEndPoint;
        var addresses = await Dns.GetHostAddressesAsync(endpoint.Host, ct).ConfigureAwait(false);
        var allowed = Array.FindAll(addresses, IsAllowed);
        if (allowed.Length == 0)
            throw Forbidden(endpoint.Host);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, endpoint.Port, ct).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsAllowed(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return allowPrivate || !Array.Exists(s_private, network => network.Contains(plain));
    }

    private static LodeException Forbidden(string host) => new(ErrorCode.InvalidArgument, $"Webhooks may not call '{host}': it is this machine or in a private network.", "`lode up --private-webhooks` allows it.");
}
