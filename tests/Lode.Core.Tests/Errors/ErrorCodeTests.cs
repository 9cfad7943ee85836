namespace Lode.Core.Tests.Errors;

public sealed class ErrorCodeTests
{
    [Fact]
    public void WireNames_AreFrozen() => Assert.Equal(
        ["1 internal", "2 invalid_argument", "3 not_found", "4 already_exists", "5 conflict", "6 ambiguous", "7 unauthenticated",
            "8 permission_denied", "9 unavailable", "10 data_loss", "11 limit_exceeded", "12 not_implemented"],
        Enum.GetValues<ErrorCode>().Select(code => $"{(int)code} {code.WireName()}"));

    [Fact]
    public void Parse_EveryWireName_GivesItsCode() =>
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.Equal(code, ErrorCodes.Parse(code.WireName())));

    [Fact]
    public void Parse_UnknownName_IsInternal() => Assert.Equal(ErrorCode.Internal, ErrorCodes.Parse("no_such_code"));
}
