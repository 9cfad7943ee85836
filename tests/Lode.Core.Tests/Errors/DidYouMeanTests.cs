namespace Lode.Core.Tests.Errors;

public sealed class DidYouMeanTests
{
    [Theory]
    [InlineData("ekl", "elk")]
    [InlineData("brave-oter", "brave-otter")]
    [InlineData("Calm-Heron", "calm-heron")]
    [InlineData("zzzzzz", null)]
    [InlineData("x", null)]
    public void Nearest_OnlyWhenNear(string got, string? near) => Assert.Equal(near, DidYouMean.Nearest(got, ["brave-otter", "calm-heron", "elk"]));

    [Fact]
    public void Nearest_OfNothing_IsNothing() => Assert.Null(DidYouMean.Nearest("x", []));

    [Fact]
    public void Hint_NothingNear_ListsWhatThereIs()
    {
        Assert.Equal("There are: a, b.", DidYouMean.Hint("something", ["a", "b"]));
        Assert.EndsWith(" and 2 more.", DidYouMean.Hint("something", Enumerable.Range(0, 12).Select(i => $"{i}")), StringComparison.Ordinal);
    }
}
