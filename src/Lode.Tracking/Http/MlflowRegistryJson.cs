using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>MLflow's messages of the registry, from the client's side.</summary>
internal static class MlflowRegistryJson
{
    public static RegisteredModel Model(JsonObject answer) => ReadModel(answer["registered_model"]!);

    public static ModelVersion Version(JsonObject answer) => ReadVersion(answer["model_version"]!);

    public static IReadOnlyList<T> List<T>(JsonNode message, string name, Func<JsonNode, T> read) => [.. (message[name]?.AsArray() ?? []).Select(item => read(item!))];

    public static RegisteredModel ReadModel(JsonNode message)
    {
        var aliases = List(message, "aliases", alias => (Name: (string)alias["alias"]!, Version: Number(alias)));
        return new RegisteredModel
        {
            Name = (string)message["name"]!,
            Description = Text(message, "description"),
            CreatedAt = (long)message["creation_timestamp"]!,
            UpdatedAt = (long)message["last_updated_timestamp"]!,
            Tags = Tags(message),
            Aliases = aliases.ToDictionary(alias => alias.Name, alias => alias.Version),
            LatestVersions = List(message, "latest_versions", item =>
            {
                var version = ReadVersion(item);
                return version with { Aliases = [.. aliases.Where(alias => alias.Version == version.Version).Select(alias => alias.Name)] };
            }),
        };
    }

    public static ModelVersion ReadVersion(JsonNode message) => new()
    {
        Model = (string)message["name"]!,
        Version = Number(message),
        Source = (string)message["source"]!,
        RunId = Text(message, "run_id"),
        RunLink = Text(message, "run_link"),
        ModelId = Text(message, "model_id"),
        Description = Text(message, "description"),
        Stage = ModelRules.ParseStage((string)message["current_stage"]!),
        CreatedAt = (long)message["creation_timestamp"]!,
        UpdatedAt = (long)message["last_updated_timestamp"]!,
        Tags = Tags(message),
        Aliases = List(message, "aliases", alias => (string)alias!),
    };

    public static JsonArray Pairs(IReadOnlyDictionary<string, string> pairs) => new([.. pairs.Select(pair => (JsonNode)new JsonObject { ["key"] = pair.Key, ["value"] = pair.Value })]);

    public static IEnumerable<(string Key, string Value)> Query(RegistryQuery query)
    {
        yield return ("max_results", query.Limit.ToString(CultureInfo.InvariantCulture));
        if (query.Offset > 0)
            yield return ("page_token", Convert.ToBase64String(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"offset\": {query.Offset}}}"))));
        if (query.Filter.Clauses.Count > 0)
            yield return ("filter", string.Join(" AND ", query.Filter.Clauses.Select(Clause)));
        foreach (var order in query.Order)
            yield return ("order_by", $"{Field(order.Field)} {(order.Descending ? "DESC" : "ASC")}");
    }

    private static string Clause(FilterClause clause) => clause.Negated
        ? throw new LodeException(ErrorCode.InvalidArgument, $"The registry cannot be searched by '{clause}'.")
        : $"{Field(clause.Field)} {Operator(clause.Operator)} {(clause.Operator == FilterOperator.In ? $"({string.Join(", ", clause.Values.Select(Value))})" : Value(clause.Value))}";

    private static string Field(RunField field) => field.Kind == FieldKind.Tag ? $"tags.`{field.Key}`" : field.Key switch
    {
        "run" => "run_id",
        "source" => "source_path",
        "version" => "version_number",
        "created" => "creation_timestamp",
        "updated" => "last_updated_timestamp",
        _ => field.Key,
    };

    private static string Operator(FilterOperator op) => op switch
    {
        FilterOperator.Equal => "=",
        FilterOperator.NotEqual => "!=",
        FilterOperator.Less => "<",
        FilterOperator.LessOrEqual => "<=",
        FilterOperator.Greater => ">",
        FilterOperator.GreaterOrEqual => ">=",
        _ => op.ToString().ToUpperInvariant(),
    };

    private static string Value(FilterValue value) => value.Text is { } text ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'" : value.ToString();

    private static Dictionary<string, string> Tags(JsonNode message) =>
        List(message, "tags", tag => tag).ToDictionary(tag => (string)tag["key"]!, tag => (string?)tag["value"] ?? "");

    private static long Number(JsonNode message) => long.Parse((string)message["version"]!, CultureInfo.InvariantCulture);

    // MLflow's texts are empty where they are not said.
    private static string? Text(JsonNode message, string name) => (string?)message[name] is { Length: > 0 } text ? text : null;
}
