using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Mlflow;

/// <summary>A JSON object as an answer.</summary>
/// <param name="write">Writes the object's fields.</param>
/// <param name="status">The HTTP status.</param>
internal sealed class MlflowAnswer(Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK) : IResult
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = Encoder };

    /// <summary>How texts are escaped in answers.</summary>
    public static JavaScriptEncoder Encoder => JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>An object without fields: done.</summary>
    public static MlflowAnswer Empty { get; } = new(_ => { });

    /// <summary>Writes an object without fields, in one piece.</summary>
    public static Task EmptyAsync(HttpResponse response)
    {
        response.ContentType = "application/json";
        response.ContentLength = 2;
        var body = response.BodyWriter;
        "{}"u8.CopyTo(body.GetSpan(2));
        body.Advance(2);
        return body.FlushAsync(CancellationToken.None).AsTask();
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(response.BodyWriter, s_options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        await response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }
}
