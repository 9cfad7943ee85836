using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Lode.Core;

namespace Lode.Server.Mlflow;

/// <summary>Which part of a list a request asks for, and the token of the part after it.</summary>
/// <param name="Offset">Entries to pass over.</param>
/// <param name="Limit">Entries to return at most.</param>
internal readonly record struct MlflowPage(int Offset, int Limit)
{
    /// <summary>Reads <c>max_results</c> and <c>page_token</c>.</summary>
    /// <param name="request">The request.</param>
    /// <param name="default">For a request without max_results; 0 = it must be given.</param>
    /// <param name="max">The greatest max_results.</param>
    public static MlflowPage Of(MlflowRequest request, int @default, int max)
    {
        var limit = request.Integer("max_results") ?? @default;
        if (limit < 1)
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer");
        if (limit > max)
            throw new LodeException(ErrorCode.InvalidArgument, $"Invalid value {limit} for parameter 'max_results' supplied. It must be at most {max}");
        return new MlflowPage(request.Text("page_token") is { Length: > 0 } token ? ParseToken(token) : 0, (int)limit);
    }

    /// <summary>The token of the next page: base64 of <c>{"offset": N}</c>, spelled as MLflow does.</summary>
    public string NextToken() => Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"offset\": {Offset + (long)Limit}}}")));

    private static int ParseToken(string token)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(Encoding.UTF8.GetByteCount(token))];
        try
        {
            if (Convert.TryFromBase64String(token, bytes, out var length))
            {
                using var document = JsonDocument.Parse(bytes.AsMemory(0, length));
                if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("offset"u8, out var offset)
                    && offset.ValueKind == JsonValueKind.Number && offset.TryGetInt32(out var number) && number >= 0)
                    return number;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }
        throw new LodeException(ErrorCode.InvalidArgument, $"Invalid page token '{token}': expected the next_page_token of an earlier answer.");
    }
}
