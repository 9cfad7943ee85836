using Lode.Core;
using Lode.Server.Mlflow;

namespace Lode.Server.Tests.Mlflow;

public sealed class MlflowErrorsTests
{
    [Fact]
    public void Of_EveryCode_HasANameAndAStatus() => Assert.All(Enum.GetValues<ErrorCode>(), code =>
    {
        var (name, status) = MlflowErrors.Of(code);
        Assert.NotEmpty(name);
        Assert.InRange(status, 400, 503);
    });

    // The client tries these again and again.
    [Fact]
    public void Of_TheCallersMistakes_AreNotTriedAgain() => Assert.All(
        [ErrorCode.InvalidArgument, ErrorCode.NotFound, ErrorCode.AlreadyExists, ErrorCode.Conflict, ErrorCode.Ambiguous, ErrorCode.LimitExceeded, ErrorCode.NotImplemented],
        code => Assert.DoesNotContain(MlflowErrors.Of(code).Status, new[] { 408, 429, 500, 502, 503, 504 }));
}
