using System.Globalization;
using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>The rows of models (alias m) or versions (alias v, their model m) that a query means, as the end of a SELECT.</summary>
/// <param name="Sql">From FROM on.</param>
/// <param name="Values">Of its parameters.</param>
internal readonly record struct RegistryRows(string Sql, object?[] Values)
{
    public static RegistryRows Model(string name) => new(" FROM registered_model m WHERE m.name = @0", [name]);

    public static RegistryRows Version(string name, long version) =>
        new(" FROM model_version v JOIN registered_model m ON m.id = v.model_id WHERE m.name = @0 AND v.version = @1", [name, version]);

    /// <summary>The newest version of each stage of these models.</summary>
    public static RegistryRows Latest(RegistryRows models) => new(
        " FROM model_version v JOIN registered_model m ON m.id = v.model_id"
        // The inner m hides the outer one, as the rows of models need it.
        + $" WHERE v.model_id IN (SELECT m.id{models.Sql})"
        + " AND v.version = (SELECT max(w.version) FROM model_version w WHERE w.model_id = v.model_id AND w.stage = v.stage) ORDER BY v.model_id, v.version",
        models.Values);
}

/// <summary>Turns a query over the registry into SQL. Every value, and every key, goes in as a parameter.</summary>
/// <param name="versions">Versions, not models.</param>
internal sealed class RegistrySearch(bool versions)
{
    private readonly StringBuilder _where = new();
    private readonly List<object?> _values = [];

    public static RegistryRows Rows(RegistryQuery query, bool versions)
    {
        if (query.Limit < 1 || query.Offset < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"A page has at least 1 row and begins at 0 or later; got {query.Limit} from {query.Offset}.");
        var search = new RegistrySearch(versions);
        return search.Rows(query);
    }

    private RegistryRows Rows(RegistryQuery query)
    {
        foreach (var clause in query.Filter.Clauses)
            _where.Append(_where.Length == 0 ? " WHERE " : " AND ").Append(Clause(clause));
        if (!query.Filter.Clauses.Any(clause => IsPromptTag(clause.Field)))
            _where.Append(_where.Length == 0 ? " WHERE NOT " : " AND NOT ").Append(Exists(ModelRules.PromptTag)).Append(" AND lower(x.value) = 'true')");
        var from = versions ? " FROM model_version v JOIN registered_model m ON m.id = v.model_id" : " FROM registered_model m";
        // One row more than asked for tells whether there are more.
        return new RegistryRows(string.Create(CultureInfo.InvariantCulture, $"{from}{_where} ORDER BY {Order(query.Order)} LIMIT {query.Limit + 1L} OFFSET {query.Offset}"), [.. _values]);
    }

    private string Order(IReadOnlyList<RunOrder> order)
    {
        if (versions && order.Count == 0)
            order = [new RunOrder(new RunField(FieldKind.Attribute, "updated"), Descending: true)];
        var keys = order.Select(key => SortKey(key.Field) + Direction(key)).ToList();
        // Much happens in one millisecond: what came later counts as later.
        if (!versions)
            keys.AddRange(order.Where(key => key.Field.Key == "updated").Select(key => "m.id" + Direction(key)));
        keys.Add("m.name ASC");
        if (versions)
        {
            keys.AddRange(order.Where(key => key.Field.Key is "updated" or "created").Select(key => (key.Field.Key == "updated" ? "v.change" : "v.version") + Direction(key)));
            keys.Add("v.version DESC");
        }
        return string.Join(", ", keys);
    }

    private static string Direction(RunOrder order) => order.Descending ? " DESC" : " ASC";

    private string Clause(FilterClause clause)
    {
        if (clause.Negated || clause.Field.Kind is not (FieldKind.Attribute or FieldKind.Tag))
            throw NotSearchable(clause.ToString());
        if (clause.Field.Kind == FieldKind.Attribute)
            return Compare(clause, Attribute(clause.Field.Key));
        // What is not marked as a prompt is none: unlike other tags, its absence says something.
        if (IsPromptTag(clause.Field) && clause.Operator == FilterOperator.Equal && string.Equals(clause.Value.Text, "false", StringComparison.OrdinalIgnoreCase))
            clause = clause with { Operator = FilterOperator.NotEqual, Values = [FilterValue.Of("true")] };
        return IsPromptTag(clause.Field) && clause.Operator == FilterOperator.NotEqual
            ? $"NOT {Exists(clause.Field.Key)} AND {Compare(clause with { Operator = FilterOperator.Equal }, "x.value")})"
            : $"{Exists(clause.Field.Key)} AND {Compare(clause, "x.value")})";
    }

    private string Exists(string key) => versions
        ? $"EXISTS (SELECT 1 FROM model_version_tag x WHERE x.model_id = v.model_id AND x.version = v.version AND x.key = {Value(key)}"
        : $"EXISTS (SELECT 1 FROM registered_model_tag x WHERE x.model_id = m.id AND x.key = {Value(key)}";

    private string Compare(FilterClause clause, string column)
    {
        if (clause.Field.Kind == FieldKind.Attribute && FilterParser.IsNumericAttribute(clause.Field.Key))
        {
            return clause.Operator <= FilterOperator.GreaterOrEqual && clause.Value.Text is null
                ? $"{column} {Symbol(clause.Operator)} {Value(clause.Value.Number)}"
                : throw NotSearchable(clause.ToString());
        }
        return clause.Operator switch
        {
            FilterOperator.Equal or FilterOperator.NotEqual => $"{column} {Symbol(clause.Operator)} {Value(clause.Value.Text)}",
            FilterOperator.Like => $"{column} LIKE {Value(clause.Value.Text)}",
            FilterOperator.ILike => $"lower({column}) LIKE lower({Value(clause.Value.Text)})",
            FilterOperator.In => $"{column} IN ({string.Join(", ", clause.Values.Select(value => Value(value.Text)))})",
            _ => throw NotSearchable(clause.ToString()),
        };
    }

    private string Attribute(string key) => (key, versions) switch
    {
        ("name", _) => "m.name",
        ("updated", false) => "m.updated_at",
        ("updated", true) => "v.updated_at",
        ("created", true) => "v.created_at",
        ("version", true) => "v.version",
        // Absent compares as empty: that is what MLflow stores.
        ("run", true) => "coalesce(v.run_uuid, '')",
        ("source", true) => "v.source",
        _ => throw NotSearchable(key),
    };

    private string SortKey(RunField field) => field is { Kind: FieldKind.Attribute, Key: not ("run" or "source") } ? Attribute(field.Key) : throw NotSearchable(field.ToString());

    private LodeException NotSearchable(string what) => new(ErrorCode.InvalidArgument, $"{(versions ? "Versions" : "Models")} cannot be searched or sorted by '{what}'.");

    private static bool IsPromptTag(RunField field) => field is { Kind: FieldKind.Tag, Key: ModelRules.PromptTag };

    private static string Symbol(FilterOperator op) => op switch
    {
        FilterOperator.Equal => "=",
        FilterOperator.NotEqual => "<>",
        FilterOperator.Less => "<",
        FilterOperator.LessOrEqual => "<=",
        FilterOperator.Greater => ">",
        _ => ">=",
    };

    private string Value(object? value)
    {
        _values.Add(value);
        return "@" + (_values.Count - 1).ToString(CultureInfo.InvariantCulture);
    }
}
