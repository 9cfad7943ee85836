using System.Net;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Tests.Access;

/// <summary>Names the server answers to, and pages that may send changes.</summary>
public sealed class HostRulesTests
{
    private static readonly HostRules s_loopback = new(IPAddress.Loopback, []);
    private static readonly HostRules s_team = new(IPAddress.Any, ["lode.example.org", "*.lab.example"]);

    [Theory]
    [InlineData("localhost", true, true)]
    [InlineData("LOCALHOST:5633", true, true)]
    [InlineData("127.0.0.1:5633", true, true)]
    [InlineData("[::1]:5633", true, true)]
    [InlineData("10.0.0.7:5633", false, true)]
    [InlineData("[fe80::1]", false, true)]
    [InlineData("lode.example.org", false, true)]
    [InlineData("gpu3.lab.example:80", false, true)]
    [InlineData("lab.example", false, false)]
    [InlineData("evil.example", false, false)]
    [InlineData("localhost.evil.example", false, false)]
    [InlineData("127.0.0.1.evil.example", false, false)]
    [InlineData("", false, false)]
    public void Allows_OwnNames_AndThoseNamed(string host, bool loopback, bool team)
    {
        Assert.Equal((loopback, team), (s_loopback.Allows(new HostString(host)), s_team.Allows(new HostString(host))));
        Assert.Equal((loopback, team), (s_loopback.Allows(new HostString(host)), s_team.Allows(new HostString(host))));
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("http://127.0.0.1:5633", null, false)]
    [InlineData("http://127.0.0.1:5633", "same-origin", false)]
    [InlineData(null, "none", false)]
    [InlineData("http://127.0.0.1:9999", null, true)]
    [InlineData("http://localhost:5633", null, true)]
    [InlineData("http://localhost:3000", "same-site", true)]
    [InlineData(null, "cross-site", true)]
    [InlineData("http://127.0.0.1:5633", "cross-site", true)]
    [InlineData("https://evil.example", "cross-site", true)]
    [InlineData("null", null, true)]
    [InlineData("https://lode.example.org", null, false)]
    [InlineData("https://lode.example.org.evil.example", null, true)]
    public void IsForeign_IsWhatAnotherSitesPageSends(string? origin, string? site, bool foreign)
    {
        var request = new DefaultHttpContext().Request;
        request.Host = new HostString("127.0.0.1", 5633);
        if (origin is not null)
            request.Headers.Origin = origin;
        if (site is not null)
            request.Headers["Sec-Fetch-Site"] = site;
        Assert.Equal(foreign, s_team.IsForeign(request));
    }
}
