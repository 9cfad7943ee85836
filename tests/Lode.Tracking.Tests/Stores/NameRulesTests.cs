using Lode.Core;

namespace Lode.Tracking.Tests.Stores;

public sealed class NameRulesTests
{
    [Theory]
    [InlineData("loss")]
    [InlineData("val/loss")]
    [InlineData("a b:c-d_e.f")]
    [InlineData("größe")]
    [InlineData("指標")]
    [InlineData(".hidden/..x")]
    [InlineData("x²")]
    [InlineData("Ⅷ")]
    public void CheckKey_Good(string key) => NameRules.CheckKey(key, "key");

    [Theory]
    [InlineData("", "key")]
    [InlineData("a;b", "a;b")]
    [InlineData("a//b", "a//b")]
    [InlineData("./a", "./a")]
    [InlineData("a/..", "a/..")]
    [InlineData("/", "/")]
    [InlineData(".", ".")]
    [InlineData("...", "...")]
    [InlineData("..x", "..x")]
    [InlineData("e\u0301", "alphanumerics")]
    [InlineData("😀", "alphanumerics")]
    public void CheckKey_Bad_NamesIt(string key, string mentions)
    {
        var error = Assert.Throws<LodeException>(() => NameRules.CheckKey(key, "metrics[3].key"));
        Assert.Contains(mentions, error.Message, StringComparison.Ordinal);
        Assert.Contains("metrics[3].key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckKey_LongestIsTaken_LongerIsNot()
    {
        NameRules.CheckKey(new string('k', NameRules.MaxKeyLength), "key");
        Assert.Throws<LodeException>(() => NameRules.CheckKey(new string('k', NameRules.MaxKeyLength + 1), "key"));
    }
}
