using System.Globalization;
using System.Text;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

public sealed partial class SqlLoggedModelStore
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<LoggedModel>> SearchAsync(LoggedModelQuery query, CancellationToken ct)
    {
        if (query.Limit < 1 || query.Offset < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"A page has at least 1 model and begins at 0 or later; got {query.Limit} from {query.Offset}.");
        if (query.Projects.Count == 0)
            return Task.FromResult<IReadOnlyList<LoggedModel>>([]);
        var search = new Statement();
        search.AddScope(query.Projects);
        var looksAtMetrics = false;
        foreach (var clause in query.Filter.Clauses)
        {
            looksAtMetrics |= clause.Field.Kind == FieldKind.Metric;
            search.AddClause(clause, query.Datasets);
        }
        if (!looksAtMetrics && query.Datasets.Count > 0)
            search.AddDatasets(query.Datasets);
        foreach (var order in query.Order)
            search.AddOrder(order);
        var (sql, values) = search.Build(query.Limit, query.Offset);
        return database.ReadAsync<IReadOnlyList<LoggedModel>>(session => session.Query(sql, values, Map).ConvertAll(model => Fill(session, model)), ct);
    }

    /// <summary>Turns a query into SQL. Every value, and every key, goes in as a parameter.</summary>
    private sealed class Statement
    {
        private static readonly string s_statusText = "(CASE m.status " + string.Join(' ', Enum.GetValues<LoggedModelStatus>().Select(status =>
            string.Create(CultureInfo.InvariantCulture, $"WHEN {(int)status} THEN '{status.ToString().ToLowerInvariant()}'"))) + " END)";

        private readonly StringBuilder _where = new("m.lifecycle = 1");
        private readonly StringBuilder _order = new();
        private readonly List<object?> _values = [];

        public void AddScope(IReadOnlyList<ProjectId> projects) =>
            _where.Append(" AND m.project_id IN (").AppendJoin(", ", projects.Select(project => Value(project.Value))).Append(')');

        public void AddClause(FilterClause clause, IReadOnlyList<DatasetReference> datasets)
        {
            var field = clause.Field;
            _where.Append(" AND ");
            switch (field.Kind)
            {
                case FieldKind.Attribute:
                    _where.Append(Compare(clause, Column(field.Key), value => value.Text ?? (object)value.Number));
                    break;
                case FieldKind.Metric:
                    var exists = $"EXISTS (SELECT 1 FROM logged_model_metric x WHERE x.model_id = m.id AND x.key = {Value(field.Key)} AND ";
                    _where.Append(exists).Append(Compare(clause, "x.value", value => value.Number)).Append(OnData("x", datasets)).Append(')');
                    break;
                case FieldKind.Param or FieldKind.Tag:
                    var table = field.Kind == FieldKind.Param ? "logged_model_param" : "logged_model_tag";
                    var owner = $"EXISTS (SELECT 1 FROM {table} x WHERE x.model_id = m.id AND x.key = {Value(field.Key)}";
                    _where.Append(clause.Operator switch
                    {
                        FilterOperator.IsNull => $"NOT {owner})",
                        FilterOperator.IsNotNull => $"{owner})",
                        _ => $"{owner} AND {Compare(clause, "x.value", value => value.Text)})",
                    });
                    break;
                default:
                    throw new LodeException(ErrorCode.InvalidArgument, $"Logged models cannot be searched by '{field}'.");
            }
        }

        public void AddDatasets(IReadOnlyList<DatasetReference> datasets) =>
            _where.Append(" AND EXISTS (SELECT 1 FROM logged_model_metric x WHERE x.model_id = m.id").Append(OnData("x", datasets)).Append(')');

        public void AddOrder(LoggedModelOrder order)
        {
            var expression = order.Field.Kind switch
            {
                FieldKind.Attribute => Column(order.Field.Key),
                FieldKind.Metric => $"(SELECT x.value FROM logged_model_metric x WHERE x.model_id = m.id AND x.key = {Value(order.Field.Key)}{OnData("x", order.Dataset is null ? [] : [order.Dataset])} ORDER BY x.time DESC, x.step DESC LIMIT 1)",
                _ => throw new LodeException(ErrorCode.InvalidArgument, $"Logged models cannot be sorted by '{order.Field}'."),
            };
            _order.Append(expression).Append(order.Descending ? " DESC" : " ASC").Append(" NULLS LAST, ");
        }

        public (string Sql, object?[] Values) Build(int limit, int offset) => (
            $"SELECT {Columns} FROM {Tables} WHERE {_where} ORDER BY {_order}m.created_at DESC, m.id LIMIT {Value(limit)} OFFSET {Value(offset)}",
            [.. _values]);

        private string OnData(string alias, IReadOnlyList<DatasetReference> datasets) => datasets.Count == 0
            ? ""
            : $" AND ({string.Join(" OR ", datasets.Select(dataset => $"({alias}.dataset_name = {Value(dataset.Name)}{(dataset.Digest is null ? "" : $" AND {alias}.dataset_digest = {Value(dataset.Digest)}")})"))})";

        private string Value(object? value)
        {
            _values.Add(value);
            return "@" + (_values.Count - 1).ToString(CultureInfo.InvariantCulture);
        }

        private string Compare(FilterClause clause, string column, Func<FilterValue, object?> bare) => clause.Operator switch
        {
            FilterOperator.Equal => $"{column} = {Value(bare(clause.Value))}",
            FilterOperator.NotEqual => $"{column} <> {Value(bare(clause.Value))}",
            FilterOperator.Less => $"{column} < {Value(bare(clause.Value))}",
            FilterOperator.LessOrEqual => $"{column} <= {Value(bare(clause.Value))}",
            FilterOperator.Greater => $"{column} > {Value(bare(clause.Value))}",
            FilterOperator.GreaterOrEqual => $"{column} >= {Value(bare(clause.Value))}",
            FilterOperator.Like => $"{column} LIKE {Value(bare(clause.Value))}",
            FilterOperator.ILike => $"lower({column}) LIKE lower({Value(bare(clause.Value))})",
            FilterOperator.In => $"{column} IN ({string.Join(", ", clause.Values.Select(value => Value(bare(value))))})",
            FilterOperator.NotIn => $"{column} NOT IN ({string.Join(", ", clause.Values.Select(value => Value(bare(value))))})",
            _ => throw new LodeException(ErrorCode.InvalidArgument, $"'{clause.Field}' cannot be compared by {clause.Operator}."),
        };

        private static string Column(string attribute) => attribute switch
        {
            "id" => "m.id",
            "name" => "m.name",
            "model_type" => "m.model_type",
            "source_run" => "m.source_run",
            "model_status" => s_statusText,
            "created" => "m.created_at",
            "updated" => "m.updated_at",
            _ => throw new LodeException(ErrorCode.InvalidArgument, $"Logged models have no '{attribute}' to search or sort by."),
        };
    }
}
