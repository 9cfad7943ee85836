using Lode.Core;
using Microsoft.AspNetCore.Http;

namespace Lode.Server;

/// <summary>The answer to a request that came at a bad time: 429, and when to try again.</summary>
internal static class Overload
{
    public static Task AnswerAsync(HttpContext context, string message) =>
        ErrorAnswers.AnswerAsync(context, new LodeException(ErrorCode.LimitExceeded, message, "Try again in a second."), StatusCodes.Status429TooManyRequests);
}
