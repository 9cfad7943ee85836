using System.Globalization;
using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>What is searched for.</summary>
internal enum SearchTarget
{
    Runs,
    Projects,
}

/// <summary>Turns a filter and an order into SQL. Every value, and every key, goes in as a parameter.</summary>
/// <param name="target">Runs (alias r, their project p) or projects (alias p).</param>
/// <param name="now">Milliseconds since 1970 UTC, for durations of what still runs.</param>
internal sealed class SqlSearch(SearchTarget target, long now)
{
    /// <summary>Where a run's artifacts lie; needs the run as r and its project as p.</summary>
    public const string ArtifactUri = "(rtrim(coalesce(p.artifact_location, 'mlflow-artifacts:/' || p.id), '/') || '/' || r.uuid || '/artifacts')";

    private static readonly string s_statusText = "(CASE r.status " + string.Join(' ', Enum.GetValues<RunStatus>().Select(status =>
        string.Create(CultureInfo.InvariantCulture, $"WHEN {(int)status} THEN '{status.ToString().ToUpperInvariant()}'"))) + " END)";

    private readonly StringBuilder _joins = new();
    private readonly StringBuilder _where = new("1 = 1");
    private readonly StringBuilder _order = new();
    private readonly List<object?> _values = [];
    private int _joinCount;

    private string Row => target == SearchTarget.Runs ? "r" : "p";

    public void AddProjects(long[] ids) => _where.Append(" AND r.project_id = ANY(").Append(Value(ids)).Append(')');

    public void AddLifecycle(LifecycleView view)
    {
        if (view != LifecycleView.All)
            _where.Append(" AND ").Append(Row).Append(".lifecycle = ").Append(Value((int)view));
    }

    public void AddFilter(RunFilter filter)
    {
        foreach (var clause in filter.Clauses)
            _where.Append(" AND (").Append(Clause(clause)).Append(clause.Negated ? ") IS NOT TRUE" : ")");
    }

    public void AddOrder(IReadOnlyList<RunOrder> order)
    {
        foreach (var key in order)
        {
            var direction = key.Descending ? " DESC" : " ASC";
            foreach (var expression in OrderExpressions(key))
                _order.Append(expression).Append(direction).Append(" NULLS LAST, ");
        }
    }

    public string OrderBy(string last) => $" ORDER BY {_order}{last}";

    public (string Sql, object?[] Values) Statement(string select, string tail, int limit = -1, int offset = 0)
    {
        var from = target == SearchTarget.Runs ? " FROM run r JOIN project p ON p.id = r.project_id" : " FROM project p";
        var sql = $"{select}{from}{_joins} WHERE {_where}{tail}";
        if (limit < 0)
            return (sql, [.. _values]);
        if (limit == 0 || offset < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"A page has at least 1 row and begins at 0 or later; got {limit} from {offset}.");
        return (string.Create(CultureInfo.InvariantCulture, $"{sql} LIMIT {limit} OFFSET {offset}"), [.. _values]);
    }

    private string Value(object? value)
    {
        _values.Add(value);
        return "@" + (_values.Count - 1).ToString(CultureInfo.InvariantCulture);
    }

    private string Clause(FilterClause clause)
    {
        var field = clause.Field;
        if (field.Kind == FieldKind.Attribute)
            return Compare(clause, Attribute(field.Key), IsText(field.Key));
        if (field.Kind == FieldKind.Dataset)
            return DatasetClause(clause);
        var (table, value) = field.Kind switch
        {
            FieldKind.Param => ("run_param", clause.Values.Count > 0 && clause.Values[0].Text is null ? "x.number" : "x.value"),
            FieldKind.Tag => (target == SearchTarget.Runs ? "run_tag" : "project_tag", "x.value"),
            _ => ("metric", "x." + Aggregate(field.Aggregate)),
        };
        var owner = table == "project_tag" ? "x.project_id = p.id" : "x.run_id = r.id";
        var exists = $"EXISTS (SELECT 1 FROM {table} x WHERE {owner} AND x.key = {Value(field.Key)}";
        return clause.Operator switch
        {
            FilterOperator.IsNull => $"NOT {exists})",
            FilterOperator.IsNotNull => $"{exists})",
            _ => $"{exists} AND {Compare(clause, value, field.Kind != FieldKind.Metric && value != "x.number")})",
        };
    }

    private string DatasetClause(FilterClause clause)
    {
        if (target != SearchTarget.Runs)
            throw new LodeException(ErrorCode.InvalidArgument, $"Projects have no '{clause.Field}' to search by.");
        var exists = clause.Field.Key == "context"
            ? $"EXISTS (SELECT 1 FROM run_dataset_tag x WHERE x.run_id = r.id AND x.key = {Value(DatasetInput.ContextTag)}"
            : "EXISTS (SELECT 1 FROM run_dataset y JOIN dataset x ON x.id = y.dataset_id WHERE y.run_id = r.id";
        var column = clause.Field.Key == "context" ? "x.value" : $"x.{(clause.Field.Key == "digest" ? "digest" : "name")}";
        return clause.Operator switch
        {
            FilterOperator.IsNull => $"NOT {exists})",
            FilterOperator.IsNotNull => $"{exists})",
            _ => $"{exists} AND {Compare(clause, column, isText: true)})",
        };
    }

    private string Compare(FilterClause clause, string column, bool isText)
    {
        object? Bare(FilterValue value) => clause.Field is { Kind: FieldKind.Attribute, Key: "status" } ? StatusNumber(value)
            : isText ? value.Text ?? value.ToString()
            : value.Text is null ? value.Number : throw new LodeException(ErrorCode.InvalidArgument, $"{clause.Field} is compared with numbers; got '{value.Text}'.");
        return clause.Operator switch
        {
            FilterOperator.Equal => $"{column} = {Value(Bare(clause.Value))}",
            FilterOperator.NotEqual => $"{column} <> {Value(Bare(clause.Value))}",
            FilterOperator.Less => $"{column} < {Value(Bare(clause.Value))}",
            FilterOperator.LessOrEqual => $"{column} <= {Value(Bare(clause.Value))}",
            FilterOperator.Greater => $"{column} > {Value(Bare(clause.Value))}",
            FilterOperator.GreaterOrEqual => $"{column} >= {Value(Bare(clause.Value))}",
            FilterOperator.Like => $"{AsText(clause, column)} LIKE {Value(clause.Value.Text)}",
            FilterOperator.ILike => $"lower({AsText(clause, column)}) LIKE {Value(Lower(clause.Value.Text!))}",
            FilterOperator.Contains => $"instr(lower({AsText(clause, column)}), {Value(Lower(clause.Value.Text ?? clause.Value.ToString()))}) > 0",
            FilterOperator.In => $"{column} IN ({string.Join(", ", clause.Values.Select(value => Value(Bare(value))))})",
            FilterOperator.NotIn => $"{column} NOT IN ({string.Join(", ", clause.Values.Select(value => Value(Bare(value))))})",
            FilterOperator.IsNull => $"{column} IS NULL",
            _ => $"{column} IS NOT NULL",
        };
    }

    // As SQL's lower here: ASCII letters only, in both databases.
    private static string Lower(string text) => string.Create(text.Length, text, (span, from) =>
    {
        for (var i = 0; i < from.Length; i++)
            span[i] = char.IsAsciiLetterUpper(from[i]) ? (char)(from[i] | 0x20) : from[i];
    });

    private static string AsText(FilterClause clause, string column) => clause.Field switch
    {
        { Kind: FieldKind.Attribute, Key: "status" } => s_statusText,
        { Kind: FieldKind.Param } => "x.value",
        _ => column,
    };

    private static int StatusNumber(FilterValue value) =>
        Enum.TryParse<RunStatus>(value.Text, ignoreCase: true, out var status) ? (int)status : 0;

    private static bool IsText(string attribute) => !FilterParser.IsNumericAttribute(attribute);

    private string Attribute(string key) => (target, key) switch
    {
        (SearchTarget.Runs, "id") => "r.uuid",
        (SearchTarget.Runs, "name") => "r.name",
        (SearchTarget.Runs, "user") => "r.user",
        (SearchTarget.Runs, "status") => "r.status",
        (SearchTarget.Runs, "started" or "created") => "r.started_at",
        (SearchTarget.Runs, "ended") => "r.ended_at",
        (SearchTarget.Runs, "duration") => $"((coalesce(r.ended_at, {now.ToString(CultureInfo.InvariantCulture)}) - r.started_at) / 1000.0)",
        (SearchTarget.Runs, "artifact_uri") => ArtifactUri,
        (SearchTarget.Projects, "id") => "CAST(p.id AS TEXT)",
        (SearchTarget.Projects, "name") => "p.name",
        (SearchTarget.Projects, "created") => "p.created_at",
        (SearchTarget.Projects, "updated") => "p.updated_at",
        _ => throw new LodeException(ErrorCode.InvalidArgument, $"{(target == SearchTarget.Runs ? "Runs" : "Projects")} have no '{key}' to search or sort by."),
    };

    private static string Aggregate(MetricAggregate aggregate) => aggregate.ToString().ToLowerInvariant();

    private string[] OrderExpressions(RunOrder order)
    {
        var field = order.Field;
        if (field.Kind == FieldKind.Attribute)
            return [field.Key == "status" && order.AsText ? s_statusText : Attribute(field.Key)];
        if (field.Kind == FieldKind.Dataset)
            throw new LodeException(ErrorCode.InvalidArgument, $"A run may have several datasets: it cannot be sorted by {field}.");
        var alias = "o" + (_joinCount++).ToString(CultureInfo.InvariantCulture);
        var (table, owner) = (field.Kind, target) switch
        {
            (FieldKind.Param, _) => ("run_param", $"{alias}.run_id = r.id"),
            (FieldKind.Tag, SearchTarget.Projects) => ("project_tag", $"{alias}.project_id = p.id"),
            (FieldKind.Tag, _) => ("run_tag", $"{alias}.run_id = r.id"),
            _ => ("metric", $"{alias}.run_id = r.id"),
        };
        _joins.Append(CultureInfo.InvariantCulture, $" LEFT JOIN {table} {alias} ON {owner} AND {alias}.key = {Value(field.Key)}");
        return field.Kind switch
        {
            FieldKind.Param when !order.AsText => [$"{alias}.number", $"{alias}.value"],
            FieldKind.Param or FieldKind.Tag => [$"{alias}.value"],
            // Numbers, then NaN (stored as NULL), then runs that lack the metric: the CASE is NULL for the last, 0 for the others.
            _ => [$"(CASE WHEN {alias}.{Aggregate(field.Aggregate)} IS NOT NULL THEN {alias}.{Aggregate(field.Aggregate)} END)", $"(CASE WHEN {alias}.id IS NOT NULL THEN 0 END)"],
        };
    }
}
