using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Mlflow;

/// <summary>Finds logged models. The token of a page belongs to its search: with another one it is refused.</summary>
internal static class LoggedModelSearch
{
    private const int DefaultResults = 50;
    private const int MaxResults = 10_000;
    private const int MaxDatasets = 100;
    private const int MaxOrders = 30;

    public static async Task<MlflowAnswer> SearchAsync(HttpRequest http, ILoggedModelStore models, CancellationToken ct)
    {
        using var request = await MlflowRequest.ReadAsync(http, ct);
        var query = new LoggedModelQuery
        {
            Projects = [.. request.Texts("experiment_ids").Select(ExperimentEndpoints.ParseId)],
            Filter = Filter(request.Text("filter")),
            Datasets = ReadDatasets(request.List("datasets")),
            Order = ReadOrder(request.List("order_by")),
        };
        var mark = Mark(query);
        var page = MlflowPage.Of(request, DefaultResults, MaxResults);
        if (request.Text("page_token") is { Length: > 0 } token && !MarkOf(token).Equals(mark, StringComparison.Ordinal))
            throw new LodeException(ErrorCode.InvalidArgument, "Invalid page token: it belongs to a search with other experiment_ids, filter, datasets or order_by.");
        var found = await models.SearchAsync(query with { Offset = page.Offset, Limit = page.Limit + 1 }, ct);
        return new MlflowAnswer(json =>
        {
            if (found.Count > 0)
            {
                json.WriteStartArray("models"u8);
                foreach (var model in found.Take(page.Limit))
                {
                    json.WriteStartObject();
                    json.WriteLoggedModel(model);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            }
            if (found.Count > page.Limit)
                json.WriteString("next_page_token"u8, Convert.ToBase64String(Encoding.ASCII.GetBytes($"{{\"offset\": {page.Offset + page.Limit}, \"query\": \"{mark}\"}}")));
        });
    }

    private static RunFilter Filter(string? text)
    {
        var filter = MlflowFilterParser.Parse(text, MlflowVocabulary.LoggedModels);
        return new RunFilter([.. filter.Clauses.Select(clause => clause.Field is { Kind: FieldKind.Attribute, Key: "model_status" }
            ? clause with { Values = [.. clause.Values.Select(value => FilterValue.Of(StatusName(value.Text!)))] }
            : clause)]);
    }

    // Written as in the REST API, or as in the Python one.
    private static string StatusName(string text)
    {
        var name = text.StartsWith("LOGGED_MODEL_", StringComparison.Ordinal) ? text["LOGGED_MODEL_".Length..] : text;
        return (name is "FAILED" ? "UPLOAD_FAILED" : name is "STATUS_UNSPECIFIED" ? "UNSPECIFIED" : name).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
    }

    private static List<DatasetReference> ReadDatasets(JsonElement list)
    {
        var datasets = new List<DatasetReference>();
        if (list.ValueKind != JsonValueKind.Array)
            return datasets;
        if (list.GetArrayLength() > MaxDatasets)
            throw new LodeException(ErrorCode.InvalidArgument, $"datasets has at most {MaxDatasets} entries; got {list.GetArrayLength()}.");
        foreach (var item in list.EnumerateArray())
            datasets.Add(ReadDataset(item) ?? throw new LodeException(ErrorCode.InvalidArgument, "`dataset_name` in the `datasets` clause must be specified."));
        return datasets;
    }

    private static DatasetReference? ReadDataset(JsonElement item)
    {
        var (name, digest) = (Text(item, "dataset_name"), Text(item, "dataset_digest"));
        return !string.IsNullOrEmpty(name) ? new DatasetReference(name, string.IsNullOrEmpty(digest) ? null : digest)
            : string.IsNullOrEmpty(digest) ? null
            : throw new LodeException(ErrorCode.InvalidArgument, "`dataset_digest` can only be specified together with `dataset_name`.");
    }

    private static List<LoggedModelOrder> ReadOrder(JsonElement list)
    {
        var orders = new List<LoggedModelOrder>();
        if (list.ValueKind != JsonValueKind.Array)
            return orders;
        if (list.GetArrayLength() > MaxOrders)
            throw new LodeException(ErrorCode.InvalidArgument, $"`order_by` has at most {MaxOrders} fields; got {list.GetArrayLength()}.");
        foreach (var item in list.EnumerateArray())
        {
            var name = Text(item, "field_name") is { Length: > 0 } text ? text : throw new LodeException(ErrorCode.InvalidArgument, "`field_name` in the `order_by` clause must be specified.");
            var scanner = new MlflowScanner(name);
            var (type, key) = scanner.TakeIdentifier();
            var field = MlflowVocabulary.LoggedModels.Field(type, key, forOrder: true);
            if (!scanner.AtEnd || field.Kind is FieldKind.Param or FieldKind.Tag)
                throw new LodeException(ErrorCode.InvalidArgument, $"Invalid order by field name: {name}. Expected an attribute or metrics.KEY.");
            var dataset = ReadDataset(item);
            if (dataset is not null && field.Kind != FieldKind.Metric)
                throw new LodeException(ErrorCode.InvalidArgument, $"`dataset_name` can only be specified with a metric; got field_name '{name}'.");
            orders.Add(new LoggedModelOrder(field, Descending: IsFalse(item, "ascending"), dataset));
        }
        return orders;
    }

    private static bool IsFalse(JsonElement item, string name) => ProtoJson.Find(item, name, out var found) && found.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.True => false,
        _ => throw MlflowErrors.Invalid(found, name),
    };

    private static string? Text(JsonElement item, string name) => item.ValueKind != JsonValueKind.Object ? throw MlflowErrors.Invalid(item, name)
        : !ProtoJson.Find(item, name, out var found) ? null
        : ProtoJson.TryText(found, out var text) ? text
        : throw MlflowErrors.Invalid(found, name);

    private static string Mark(LoggedModelQuery query)
    {
        var text = string.Join('\n', [.. query.Projects.Select(project => project.ToString()), "", query.Filter.ToString(), .. query.Datasets.Select(dataset => dataset.ToString()), "", .. query.Order.Select(order => order.ToString())]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }

    // That it is JSON in base64 has been seen.
    private static string MarkOf(string token)
    {
        using var document = JsonDocument.Parse(Convert.FromBase64String(token));
        return document.RootElement.TryGetProperty("query"u8, out var mark) && ProtoJson.TryText(mark, out var text) ? text : "";
    }
}
