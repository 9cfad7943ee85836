using Lode.Core;
using Lode.Server.Mlflow;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lode.Server;

/// <summary>Turns what handlers throw into answers: the user's errors into their statuses, bugs into 500 and a line in the log.</summary>
internal sealed class ErrorAnswers(RequestDelegate next, ILogger<ErrorAnswers> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        catch (LodeException error) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, error, HttpStatuses.Of(error.Code));
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, new LodeException(error.StatusCode == StatusCodes.Status413PayloadTooLarge ? ErrorCode.LimitExceeded : ErrorCode.InvalidArgument, error.Message), error.StatusCode);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            log.LogError(error, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
            await AnswerAsync(context, new LodeException(ErrorCode.Internal, "The server made a mistake; its log says more."), StatusCodes.Status500InternalServerError);
        }
    }

    private static Task AnswerAsync(HttpContext context, LodeException error, int status)
    {
        context.Response.Clear();
        if (error.Code == ErrorCode.Unavailable)
            context.Response.Headers.RetryAfter = "1";
        if (MlflowEndpoints.Owns(context.Request.Path))
            return MlflowErrors.AnswerAsync(context, error);
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ErrorBody(ErrorDetail.Of(error)), TrackingJson.Default.ErrorBody);
    }
}
