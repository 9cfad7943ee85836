using Lode.Core;
using Lode.Server;

namespace Lode.Cli.Tests;

/// <summary>Tables that must know every error code, and small formatting.</summary>
public sealed class TableTests
{
    [Fact]
    public void ExitCodes_EveryErrorHasOne() =>
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.InRange(ExitCodes.Of(code), 1, 9));

    [Fact]
    public void HttpStatuses_EveryErrorHasOne() =>
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.InRange(HttpStatuses.Of(code), 400, 599));

    [Theory]
    [InlineData(0.123456789, "0.12346")]
    [InlineData(1234567, "1234567")]
    [InlineData(1e-9, "1E-09")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(-2.5, "-2.5")]
    public void Number_FiveDigits(double value, string text) => Assert.Equal(text, Format.Number(value));

    [Theory]
    [InlineData(0.44, "0.4s")]
    [InlineData(59, "59s")]
    [InlineData(192, "3m12s")]
    [InlineData(7500, "2h05m")]
    [InlineData(100000, "1d03h")]
    public void Duration_GreatestUnits(double seconds, string text) => Assert.Equal(text, Format.Duration(TimeSpan.FromSeconds(seconds)));
}
