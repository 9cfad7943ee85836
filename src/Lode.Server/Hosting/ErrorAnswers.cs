using Lode.Core;
using Lode.Server.Mlflow;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
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
        catch (Exception error) when (context.RequestAborted.IsCancellationRequested && error is OperationCanceledException or IOException)
        {
            // Nobody listens any more; the status is for the metrics.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (LodeException error) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, error);
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, error.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge(context) : new LodeException(ErrorCode.InvalidArgument, error.Message), error.StatusCode);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            log.LogError(error, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
            await AnswerAsync(context, new LodeException(ErrorCode.Internal, "The server made a mistake; its log says more."));
        }
    }

    /// <summary>Answers with an error in the words of whoever asks: MLflow's clients hear MLflow's.</summary>
    /// <param name="context">The request.</param>
    /// <param name="error">What to say.</param>
    /// <param name="status">The HTTP status; null = the code's own.</param>
    public static Task AnswerAsync(HttpContext context, LodeException error, int? status = null)
    {
        // Headers outlive what the handler had begun: they say how to come back or in.
        var response = context.Response;
        (response.ContentLength, response.ContentType) = (null, null);
        if (status == StatusCodes.Status429TooManyRequests || error.Code is ErrorCode.Unavailable)
            response.Headers.RetryAfter = "1";
        if (MlflowEndpoints.Owns(context.Request.Path))
            return MlflowErrors.AnswerAsync(context, error, status);
        response.StatusCode = status ?? HttpStatuses.Of(error.Code);
        return response.WriteAsJsonAsync(new ErrorBody(ErrorDetail.Of(error)), TrackingJson.Default.ErrorBody);
    }

    private static LodeException TooLarge(HttpContext context) => new(ErrorCode.InvalidArgument,
        $"The body is larger than is taken here, {context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize} bytes.",
        "Send it in pieces and with its length, or start the server with a larger --max-body (of files: --max-upload).");
}
