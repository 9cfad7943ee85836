using System.Text.Json;
using Lode.Core;
using Lode.Learning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lode.Cli;

/// <summary>A model over HTTP. Requests are held to its columns; what does not suit is answered by 400 with row and column.</summary>
/// <param name="bundle">The model.</param>
/// <param name="description">What it says about itself.</param>
internal sealed class ModelEndpoints(ModelBundle bundle, ModelDescription description)
{
    private static readonly JsonDocumentOptions s_strict = new() { MaxDepth = 16 };

    private readonly IPredictor _predictor = bundle.Predictor;

    public void Map(IEndpointRouteBuilder root)
    {
        root.MapGet("/schema", (RequestDelegate)(context => context.Response.WriteAsJsonAsync(description, CliJson.Default.ModelDescription)));
        root.MapPost("/predict", (RequestDelegate)PredictAsync);
        root.MapPost("/invocations", (RequestDelegate)InvokeAsync);
    }

    /// <summary>What load balancers and MLflow's clients ask.</summary>
    public static void MapOpen(IEndpointRouteBuilder root)
    {
        foreach (var path in (string[])["/health", "/ping"])
            root.MapGet(path, (RequestDelegate)(context => context.Response.WriteAsync("ok")));
    }

    /// <summary>One object, or an array of them; the answer has the same shape.</summary>
    private async Task PredictAsync(HttpContext context)
    {
        using var body = await ReadAsync(context);
        var single = body.RootElement.ValueKind == JsonValueKind.Object;
        Predictions predicted;
        if (single)
        {
            using var wrapped = JsonDocument.Parse($"[{body.RootElement.GetRawText()}]", s_strict);
            predicted = _predictor.Predict(RowsJson.OfObjects(wrapped.RootElement, _predictor.Schema), 1);
        }
        else
            predicted = Predict(RowsJson.OfObjects(body.RootElement, _predictor.Schema));
        await AnswerAsync(context, writer =>
        {
            writer.WritePropertyName(single ? "prediction" : "predictions");
            if (!single)
                writer.WriteStartArray();
            for (var row = 0; row < predicted.Rows; row++)
                PredictionJson.Write(writer, predicted, row);
            if (!single)
                writer.WriteEndArray();
        });
    }

    /// <summary>The shapes of MLflow's scoring servers: dataframe_split, dataframe_records, instances, inputs, or CSV; labels or numbers come back.</summary>
    private async Task InvokeAsync(HttpContext context)
    {
        Table table;
        if (context.Request.ContentType?.StartsWith("text/csv", StringComparison.OrdinalIgnoreCase) == true)
        {
            using var text = new StreamReader(context.Request.Body);
            table = CsvReader.Read(new StringReader(await text.ReadToEndAsync(context.RequestAborted)), "the body", new CsvOptions { Kinds = _predictor.Schema.Kinds });
        }
        else
        {
            using var body = await ReadAsync(context);
            table = TableOf(body.RootElement);
        }
        var predicted = Predict(table);
        await AnswerAsync(context, writer =>
        {
            writer.WriteStartArray("predictions");
            for (var row = 0; row < predicted.Rows; row++)
            {
                if (predicted.Classes.Count > 0)
                    writer.WriteStringValue(predicted.Classes[predicted.Label(row)]);
                else
                    PredictionJson.Write(writer, predicted, row);
            }
            writer.WriteEndArray();
        });
    }

    private Table TableOf(JsonElement body)
    {
        var schema = _predictor.Schema;
        if (body.ValueKind == JsonValueKind.Object)
        {
            if (body.TryGetProperty("dataframe_split", out var split) && split.ValueKind == JsonValueKind.Object && split.TryGetProperty("data", out var rows))
            {
                var names = split.TryGetProperty("columns", out var columns) && columns.ValueKind == JsonValueKind.Array ? columns.EnumerateArray().Select(column => column.ToString()).ToList() : null;
                return RowsJson.OfArrays(rows, names, schema);
            }
            if (body.TryGetProperty("dataframe_records", out var records))
                return RowsJson.OfObjects(records, schema);
            if (body.TryGetProperty("instances", out var instances))
                return instances.ValueKind == JsonValueKind.Array && instances.GetArrayLength() > 0 && instances[0].ValueKind == JsonValueKind.Array ? RowsJson.OfArrays(instances, null, schema) : RowsJson.OfObjects(instances, schema);
            if (body.TryGetProperty("inputs", out var inputs))
                return inputs.ValueKind == JsonValueKind.Object ? RowsJson.OfColumns(inputs, schema) : RowsJson.OfObjects(inputs, schema);
        }
        throw RowsJson.Bad("The body must be an object with one of: dataframe_split, dataframe_records, instances, inputs.", "POST /predict takes plain rows.");
    }

    private Predictions Predict(Table table) => _predictor.Predict(table, table.Rows < 1000 ? 1 : 0);

    private static async Task<JsonDocument> ReadAsync(HttpContext context)
    {
        try
        {
            return await JsonDocument.ParseAsync(context.Request.Body, s_strict, context.RequestAborted);
        }
        catch (JsonException error)
        {
            throw new LodeException(ErrorCode.InvalidArgument, $"The body is not JSON: {error.Message}", null, error);
        }
    }

    private static async Task AnswerAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json";
        await using (var writer = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
