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

    private string _from = target == SearchTarget.Runs ? "run r" : "project p";
    private bool _needsProject;
    private readonly StringBuilder _joins = new();
    private readonly StringBuilder _where = new("1 = 1");
    private readonly StringBuilder _order = new();
    private readonly List<object?> _values = [];
    private int _joinCount;

    /// <summary>
    /// Whether runs are walked in order until a page is full, so that few are asked whether they pass. PostgreSQL does not see that, and would read
    /// and hash all rows of a clause's table beforehand; an offset, even of none, keeps it from that. Set before filters are added.
    /// </summary>
    public bool Walks { get; set; }

    private string Once => Walks ? " LIMIT 1 OFFSET 0" : "";

    private string Row => target == SearchTarget.Runs ? "r" : "p";

    /// <param name="ids">The projects.</param>
    /// <param name="passing">True where runs come in another order than by project: then each is only asked whether it belongs.</param>
    public void AddProjects(IReadOnlyList<long> ids, bool passing = false)
    {
        // A bare equality lets an index give the order too; the plus keeps the project's index out of it.
        _where.Append(passing ? " AND +r.project_id" : " AND r.project_id");
        if (ids.Count == 1)
            _where.Append(" = ").Append(Value(ids[0]));
        else
            _where.Append(" = ANY(").Append(Value(ids.ToArray())).Append(')');
    }

    /// <param name="view">Which.</param>
    /// <param name="passing">As for projects.</param>
    public void AddLifecycle(LifecycleView view, bool passing = false)
    {
        // Naming both keeps the indexes, which begin with it, in use.
        var column = $"{(passing ? "+" : "")}{Row}.lifecycle";
        _where.Append(" AND ").Append(view == LifecycleView.All ? $"{column} IN ({(int)Lifecycle.Active}, {(int)Lifecycle.Deleted})" : $"{column} = {Value((int)view)}");
    }

    /// <summary>Begins at the rows of one clause's table instead of at the runs: for clauses that few runs pass.</summary>
    public void BeginAt(FilterClause clause)
    {
        var (table, condition) = Indexed(clause);
        _from = $"{table} d CROSS JOIN run r";
        _where.Append(" AND ").Append(condition).Append(" AND r.id = d.run_id");
    }

    /// <summary>Only these runs.</summary>
    public void AddRuns(IReadOnlyList<long> ids) => _where.Append(" AND r.id = ANY(").Append(Value(ids.ToArray())).Append(')');

    /// <summary>Only runs that began at a time or later.</summary>
    public void AddStartedSince(long time) => _where.Append(" AND r.started_at >= ").Append(Value(time));

    /// <summary>In the slice of those that have the metric, only what does not lie beyond a bound.</summary>
    public void AddBound(RunOrder order, double bound) =>
        _where.Append(" AND ").Append(AggregateOf(order.Field)).Append(order.Descending ? " >= " : " <= ").Append(Value(bound));

    /// <summary>The column of a slice's metric.</summary>
    public static string AggregateOf(RunField field) => "d." + Aggregate(field.Aggregate);

    /// <summary>What a run has of an order's key, as a filter's text: runs of the same text are equal in that order.</summary>
    public string Shared(RunOrder order) => order.Field.Key == "status" ? s_statusText : Attribute(order.Field.Key);

    /// <summary>Counts a clause's rows, up to a limit.</summary>
    public (string Sql, object?[] Values) CountRows(FilterClause clause, int limit)
    {
        var (table, condition) = Indexed(clause);
        var rows = $"SELECT 1 FROM {table} d WHERE {condition}";
        return (string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM ({rows} LIMIT {limit}) AS few"), [.. _values]);
    }

    /// <summary>
    /// Cuts an order's runs into slices that an index gives in order, one slice after the other: those with a value, those whose
    /// value is not a number, those without. Adds the filter and the order of one slice.
    /// </summary>
    /// <param name="order">The first key.</param>
    /// <param name="slice">From 0.</param>
    /// <param name="filter">The filter, which is added apart.</param>
    /// <returns>False when there is no such slice.</returns>
    public bool AddSlice(RunOrder order, int slice, RunFilter filter)
    {
        var (field, direction) = (order.Field, order.Descending ? " DESC" : " ASC");
        if (field.Kind == FieldKind.Attribute)
        {
            var column = Attribute(field.Key);
            if (slice > (field.Key == "name" ? 0 : 1))
                return false;
            if (field.Key != "name")
                _where.Append(" AND ").Append(column).Append(slice == 0 ? " IS NOT NULL" : " IS NULL");
            else
            {
                _order.Append(Indexed(column)).Append(direction).Append(", ");
                // True of every name, and what makes SQLite choose the index that gives the order among those that begin alike.
                _where.Append(" AND ").Append(Indexed(column)).Append(" >= ''");
            }
            if (slice == 0)
                _order.Append(column).Append(direction).Append(", ");
            return true;
        }
        var (table, number) = field.Kind switch
        {
            FieldKind.Metric => ("metric", "d." + Aggregate(field.Aggregate)),
            FieldKind.Param => ("run_param", order.AsText ? null : "d.number"),
            _ => ("run_tag", null),
        };
        var slices = number is null ? 2 : 3;
        if (slice >= slices)
            return false;
        if (slice == slices - 1)
        {
            _where.Append(CultureInfo.InvariantCulture, $" AND NOT EXISTS (SELECT 1 FROM {table} d WHERE d.run_id = r.id AND d.key = {Value(field.Key)})");
            return true;
        }
        _from = $"{table} d CROSS JOIN run r";
        // Where no index is by that number, one by another would only lead from row to row; they are read faster as they lie.
        var key = field.Aggregate == MetricAggregate.Last ? "d.key" : "coalesce(d.key, '')";
        _where.Append(CultureInfo.InvariantCulture, $" AND {key} = {Value(field.Key)} AND r.id = d.run_id");
        if (number is not null)
            _where.Append(" AND ").Append(number).Append(slice == 0 ? " IS NOT NULL" : " IS NULL");
        // True of every number, and what makes SQLite choose the index of numbers among those that begin with the key.
        if (field.Kind == FieldKind.Param && slice == 0 && number is not null)
            _where.Append(" AND ").Append(number).Append(" >= ").Append(Value(double.NegativeInfinity));
        // A filter over what is sorted by says where in the index to begin and end.
        foreach (var clause in filter.Clauses.Where(clause => slice == 0 && !clause.Negated && clause.Field == field && clause.Values.Count == 1 && Source(clause, "d").Column == number && clause.Operator is not (FilterOperator.Like or FilterOperator.ILike or FilterOperator.Contains)))
            _where.Append(" AND ").Append(CompareRow(clause, number!));
        if (number is not null && slice == 0)
            _order.Append(number).Append(direction).Append(", ");
        if (field.Kind != FieldKind.Metric)
            _order.Append(Indexed("d.value")).Append(direction).Append(", d.value").Append(direction).Append(", ");
        return true;
    }

    public void AddFilter(RunFilter filter, FilterClause? except = null)
    {
        foreach (var clause in filter.Clauses.Where(clause => !ReferenceEquals(clause, except)))
            _where.Append(" AND (").Append(Clause(clause)).Append(clause.Negated ? ") IS NOT TRUE" : ")");
    }

    public void AddOrder(IEnumerable<RunOrder> order)
    {
        foreach (var key in order)
        {
            var direction = key.Descending ? " DESC" : " ASC";
            foreach (var expression in OrderExpressions(key))
                _order.Append(expression).Append(direction).Append(" NULLS LAST, ");
        }
    }

    public string OrderBy(string last) => $" ORDER BY {_order}{last}";

    /// <summary>By the keys that were added, and at least one was, without what decides between equals.</summary>
    public string OrderBy() => $" ORDER BY {_order.ToString(0, _order.Length - 2)}";

    public (string Sql, object?[] Values) Statement(string select, string tail, int limit = -1, int offset = 0)
    {
        var project = _needsProject ? " JOIN project p ON p.id = r.project_id" : "";
        var sql = $"{select} FROM {_from}{project}{_joins} WHERE {_where}{tail}";
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
            return Compare(clause, (target, field.Key) is (SearchTarget.Projects, "id") ? "CAST(p.id AS TEXT)" : Attribute(field.Key), IsText(field.Key));
        if (field.Kind == FieldKind.Dataset)
            return DatasetClause(clause);
        var (table, value) = Source(clause, "x");
        var exists = $"EXISTS (SELECT 1 FROM {table} x WHERE {Owned("x")} AND x.key = {Value(field.Key)}";
        return clause.Operator switch
        {
            // IS TRUE keeps PostgreSQL from planning a join of each: planning 200 of them takes minutes.
            FilterOperator.IsNull => $"(NOT {exists}{Once})) IS TRUE",
            FilterOperator.IsNotNull => $"({exists}{Once})) IS TRUE",
            _ => $"({exists} AND {CompareRow(clause, value)}{Once})) IS TRUE",
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
            FilterOperator.IsNull => $"(NOT {exists}{Once})) IS TRUE",
            FilterOperator.IsNotNull => $"({exists}{Once})) IS TRUE",
            _ => $"({exists} AND {Compare(clause, column, isText: true)}{Once})) IS TRUE",
        };
    }

    /// <summary>A clause over the rows of its table, so worded that the index of it serves.</summary>
    private (string Table, string Condition) Indexed(FilterClause clause)
    {
        var (table, column) = Source(clause, "d");
        // A bare d.value = 'x' would be put into the index's expression too, where the index is not recognised any more.
        var condition = $"d.key = {Value(clause.Field.Key)} AND {CompareRow(clause, column == "d.value" ? "d.value || ''" : column)}";
        if (column == "d.value")
            condition += $" AND {Indexed("d.value")} IN ({string.Join(", ", clause.Values.Select(value => Indexed(Value(value.Text ?? value.ToString()))))})";
        return (table, condition);
    }

    // What the indexes of texts hold (migration 005): PostgreSQL's take no long ones.
    private static string Indexed(string text) => $"substr({text}, 1, 250)";

    private string CompareRow(FilterClause clause, string value) => Compare(clause, value, clause.Field.Kind != FieldKind.Metric && !value.EndsWith(".number", StringComparison.Ordinal));

    /// <summary>The table that a clause over a param, tag or metric looks at, and the column it compares.</summary>
    private (string Table, string Column) Source(FilterClause clause, string alias) => clause.Field.Kind switch
    {
        FieldKind.Param => ("run_param", clause.Values.Count > 0 && clause.Values[0].Text is null ? $"{alias}.number" : $"{alias}.value"),
        FieldKind.Tag => (target == SearchTarget.Runs ? "run_tag" : "project_tag", $"{alias}.value"),
        _ => ("metric", $"{alias}.{Aggregate(clause.Field.Aggregate)}"),
    };

    private string Owned(string alias) => target == SearchTarget.Runs ? $"{alias}.run_id = r.id" : $"{alias}.project_id = p.id";

    private string Compare(FilterClause clause, string column, bool isText)
    {
        object? Bare(FilterValue value) => clause.Field is { Kind: FieldKind.Attribute, Key: "status" } ? StatusNumber(value)
            : isText ? value.Text ?? value.ToString()
            : value.Text is null
                // Nothing compares with NaN, in any database. Whole numbers stay whole, so that an index of whole numbers serves.
                ? double.IsNaN(value.Number) ? null : IsWhole(column, value.Number) ? (long)value.Number : (object)value.Number
                : throw new LodeException(ErrorCode.InvalidArgument, $"{clause.Field} is compared with numbers; got '{value.Text}'.");
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
        { Kind: FieldKind.Param } => column.Replace(".number", ".value", StringComparison.Ordinal),
        _ => column,
    };

    private static bool IsWhole(string column, double number) =>
        column is "r.started_at" or "r.ended_at" or "p.created_at" or "p.updated_at" && number == Math.Floor(number) && Math.Abs(number) < 1L << 62;

    private static int StatusNumber(FilterValue value) =>
        Enum.TryParse<RunStatus>(value.Text, ignoreCase: true, out var status) ? (int)status : 0;

    private static bool IsText(string attribute) => !FilterParser.IsNumericAttribute(attribute);

    private string Attribute(string key) => (target, key) switch
    {
        (SearchTarget.Runs, "id") => "r.uuid",
        (SearchTarget.Runs, "name") => "r.name",
        (SearchTarget.Runs, "user") => "r.\"user\"",
        (SearchTarget.Runs, "status") => "r.status",
        (SearchTarget.Runs, "started" or "created") => "r.started_at",
        (SearchTarget.Runs, "ended") => "r.ended_at",
        (SearchTarget.Runs, "duration") => $"((coalesce(r.ended_at, {now.ToString(CultureInfo.InvariantCulture)}) - r.started_at) / 1000.0)",
        (SearchTarget.Runs, "artifact_uri") => OverProject(ArtifactUri),
        (SearchTarget.Projects, "id") => "p.id",
        (SearchTarget.Projects, "name") => "p.name",
        (SearchTarget.Projects, "created") => "p.created_at",
        (SearchTarget.Projects, "updated") => "p.updated_at",
        _ => throw new LodeException(ErrorCode.InvalidArgument, $"{(target == SearchTarget.Runs ? "Runs" : "Projects")} have no '{key}' to search or sort by."),
    };

    private string OverProject(string expression)
    {
        _needsProject = true;
        return expression;
    }

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
