using Lode.Core;
using Lode.Server.Webhooks;

namespace Lode.Server.Tests.Webhooks;

public sealed class WebhookAddressesTests
{
    [Theory]
    [InlineData("http://localhost/x")]
    [InlineData("http://127.0.0.1/x")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f.1/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("https://10.1.2.3/")]
    [InlineData("https://172.20.0.1/")]
    [InlineData("https://192.168.0.1/")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://100.64.0.1/")]
    [InlineData("http://224.0.0.1/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fd00::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("http://[64:ff9b::7f00:1]/")]
    public void Check_PrivateAddress_IsRefused_UnlessAllowed(string url)
    {
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => new WebhookAddresses(allowPrivate: false).Check(url)).Code);
        new WebhookAddresses(allowPrivate: true).Check(url);
    }

    [Theory]
    [InlineData("https://example.com/x")]
    [InlineData("https://8.8.8.8/")]
    [InlineData("https://172.32.0.1/")]
    [InlineData("https://[2606:4700::1111]/")]
    public void Check_PublicAddress_Passes(string url) => new WebhookAddresses(allowPrivate: false).Check(url);
}
