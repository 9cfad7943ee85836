using System.Net;
using Microsoft.AspNetCore.Http;

namespace Lode.Server;

/// <summary>
/// Under which names the server answers, and whose pages may send changes: keeps other web sites out of a server that a browser can reach
/// (DNS rebinding, forged requests).
/// </summary>
internal sealed class HostRules
{
    private readonly bool _anyAddress;
    private readonly bool _anyName;
    private readonly HashSet<string> _allowed;
    private readonly HashSet<string> _names;
    private readonly string[] _suffixes;

    // Nearly every request comes under the name of the one before; then nothing is taken apart.
    private volatile string _lastGood = "";

    /// <param name="address">Where the server listens.</param>
    /// <param name="allowed">As in <see cref="ServerOptions.AllowedHosts"/>.</param>
    public HostRules(IPAddress address, IReadOnlyList<string> allowed)
    {
        // An address in figures cannot be rebound, so a server that others may reach answers to all of its own.
        _anyAddress = !IPAddress.IsLoopback(address);
        _anyName = allowed.Contains("*");
        _allowed = new HashSet<string>(allowed, StringComparer.OrdinalIgnoreCase);
        _names = new HashSet<string>(_allowed, StringComparer.OrdinalIgnoreCase) { "localhost" };
        if (_anyAddress)
            _names.Add(Dns.GetHostName());
        _suffixes = [.. allowed.Where(name => name.StartsWith("*.", StringComparison.Ordinal)).Select(name => name[1..])];
    }

    public bool Allows(HostString host)
    {
        var value = host.Value;
        if (string.IsNullOrEmpty(value))
            return false;
        if (string.Equals(value, _lastGood, StringComparison.Ordinal))
            return true;
        if (!AllowsName(host.Host))
            return false;
        _lastGood = value;
        return true;
    }

    /// <summary>Whether a browser sends this for a page of another site.</summary>
    public bool IsForeign(HttpRequest request)
    {
        var headers = request.Headers;
        var origin = headers.Origin;
        var site = headers["Sec-Fetch-Site"];
        if (origin.Count == 0 && site.Count == 0)
            return false;
        // Only a browser sets it, and no page can change it.
        if (site.Count == 1 && site[0] is "same-origin" or "none")
            return false;
        if (!Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var uri))
            return true;
        return !(site.Count == 0 && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase)) && !_allowed.Contains(uri.Host) && !HasSuffix(uri.Host);
    }

    private bool AllowsName(string host)
    {
        if (_anyName || _names.Contains(host))
            return true;
        if (IPAddress.TryParse(host.AsSpan().Trim("[]"), out var address))
            return _anyAddress || IPAddress.IsLoopback(address);
        return HasSuffix(host);
    }

    private bool HasSuffix(string host) => Array.Exists(_suffixes, suffix => host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));
}
