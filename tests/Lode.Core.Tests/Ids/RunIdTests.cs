namespace Lode.Core.Tests.Ids;

public sealed class RunIdTests
{
    [Fact]
    public void Parse_OfToString_GivesTheSameId()
    {
        var id = RunId.New();
        Assert.Equal(id, RunId.Parse(id.ToString()));
        Assert.Matches("^[0-9a-f]{32}$", id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("0123456789abcdef0123456789abcdeg")]
    public void Parse_NotAnId_NamesIt(string text)
    {
        var error = Assert.Throws<LodeException>(() => RunId.Parse(text));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
    }
}
