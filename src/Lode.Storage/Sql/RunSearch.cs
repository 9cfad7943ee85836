using Lode.Core;
using Lode.Tracking;

namespace Lode.Storage;

/// <summary>Finds a page of runs, by whichever way looks at the fewest rows.</summary>
/// <remarks>
/// With T runs in the store and a page that ends at row n, a set of c candidates costs c rows and a sort; walking down an index in
/// the order that is asked for meets n runs that pass after about n·T/c rows. The first is cheaper while c &lt; √(n·T), so
/// candidates are counted up to there and no further: the runs of the projects, and those that pass each clause that has an index.
/// Where no index gives the order and the candidates are many, tables are read as they lie: that is faster row by row than by an index.
/// </remarks>
internal sealed class RunSearch(RunQuery query, long now)
{
    private const string LastOrder = "r.started_at DESC NULLS LAST, r.uuid ASC";

    // Each costs a short look into an index; filters of more clauses than that are rare.
    private const int MaxProbes = 4;

    private readonly List<long> _projects = [.. query.Projects.Select(project => project.Value).Distinct()];

    /// <summary>The rows' ids in order.</summary>
    /// <param name="sql">Where to look.</param>
    /// <param name="more">Whether others come after them.</param>
    public List<long> FindPage(SqlSession sql, out bool more)
    {
        if (query.Limit < 1 || query.Offset < 0)
            throw new LodeException(ErrorCode.InvalidArgument, $"A page has at least 1 row and begins at 0 or later; got {query.Limit} from {query.Offset}.");
        var total = Math.Min(int.MaxValue - 1, sql.Scalar<long>("SELECT coalesce(max(id), 0) FROM run"));
        var few = (int)Math.Min(int.MaxValue - 1, Math.Sqrt((query.Offset + query.Limit + 1.0) * total));
        var rows = IsFew(sql, Scoped(), few) ? FindAmongProjects(sql, scan: false)
            : FindByClause(sql, few) is { } found ? found
            : HasIndex() || CanScanMetrics(sql) ? FindByOrder(sql)
            : FindAmongProjects(sql, scan: !IsFew(sql, Scoped(), (int)(total / 3)));
        more = rows.Count > query.Limit;
        if (more)
            rows.RemoveAt(query.Limit);
        return rows;
    }

    /// <summary>How many there are in all.</summary>
    public int Count(SqlSession sql, bool filtered)
    {
        var search = Scoped();
        if (filtered)
            search.AddFilter(query.Filter);
        var (text, values) = search.Statement("SELECT count(*)", "");
        return sql.Scalar<int>(text, values);
    }

    private SqlSearch Scoped(bool passing = false, bool scan = false)
    {
        var search = new SqlSearch(SearchTarget.Runs, now);
        search.AddProjects(_projects, passing);
        search.AddLifecycle(query.View, scan);
        return search;
    }

    // Of a list of projects no order of attributes has an index; with trashed runs among the others only the default one has.
    private bool IsOneList => _projects.Count == 1 && (query.View != LifecycleView.All || query.Order.Count == 0);

    private bool HasIndex() => query.Order.Count == 0 || query.Order[0] switch
    {
        { Field: { Kind: FieldKind.Attribute, Key: "started" or "created" or "ended" or "name" } } => IsOneList,
        { Field.Kind: FieldKind.Attribute } => false,
        { Field.Kind: FieldKind.Metric, Field.Aggregate: not MetricAggregate.Last } => false,
        _ => true,
    };

    /// <summary>Whether to go over the metrics by which runs are sorted, without an index: there are not so many beside them.</summary>
    private bool CanScanMetrics(SqlSession sql) => query.Order is [{ Field.Kind: FieldKind.Metric }, ..]
        && sql.Scalar<long>("SELECT coalesce(max(id), 0) FROM metric") <= 8 * sql.Scalar<long>("SELECT coalesce(max(id), 0) FROM run");

    private static bool IsFew(SqlSession sql, SqlSearch search, int few)
    {
        var (text, values) = search.Statement("SELECT 1", "", few + 1);
        return sql.Scalar<int>($"SELECT count(*) FROM ({text}) AS few", values) <= few;
    }

    private List<long> FindAmongProjects(SqlSession sql, bool scan)
    {
        var search = Scoped(passing: scan, scan);
        search.AddFilter(query.Filter);
        return Rows(sql, search, query.Order, query.Limit + 1, query.Offset);
    }

    /// <summary>By the clause that the fewest runs pass; null when many pass each.</summary>
    private List<long>? FindByClause(SqlSession sql, int few)
    {
        FilterClause? best = null;
        foreach (var clause in query.Filter.Clauses.Where(HasIndex).Take(MaxProbes))
        {
            var (text, values) = new SqlSearch(SearchTarget.Runs, now).CountRows(clause, few + 1);
            if (sql.Scalar<int>(text, values) is var count && count <= few)
                (best, few) = (clause, count);
        }
        if (best is null)
            return null;
        var search = new SqlSearch(SearchTarget.Runs, now);
        search.BeginAt(best);
        search.AddProjects(_projects, passing: true);
        search.AddLifecycle(query.View);
        search.AddFilter(query.Filter, except: best);
        return Rows(sql, search, query.Order, query.Limit + 1, query.Offset);
    }

    private static bool HasIndex(FilterClause clause) => !clause.Negated && clause.Field is { Kind: FieldKind.Param or FieldKind.Tag or FieldKind.Metric, Aggregate: MetricAggregate.Last }
        && (clause.Operator is FilterOperator.Equal or FilterOperator.In
            || (clause.Operator is FilterOperator.Less or FilterOperator.LessOrEqual or FilterOperator.Greater or FilterOperator.GreaterOrEqual && clause.Value.Text is null));

    private List<long> FindByOrder(SqlSession sql)
    {
        var rows = new List<long>();
        var skip = query.Offset;
        for (var slice = 0; ; slice++)
        {
            var search = Scoped(passing: !IsOneList || (query.Order.Count > 0 && query.Order[0].Field.Kind != FieldKind.Attribute));
            if (query.Order.Count == 0 ? slice > 0 : !search.AddSlice(query.Order[0], slice, query.Filter))
                return rows;
            search.AddFilter(query.Filter);
            var counted = search.Statement("SELECT count(*)", "");
            var found = Rows(sql, search, query.Order.Skip(1), query.Limit + 1 - rows.Count, skip);
            rows.AddRange(found);
            if (rows.Count > query.Limit)
                return rows;
            if (skip > 0)
                skip = found.Count > 0 ? 0 : skip - sql.Scalar<int>(counted.Sql, counted.Values);
        }
    }

    private static List<long> Rows(SqlSession sql, SqlSearch search, IEnumerable<RunOrder> order, int limit, int offset)
    {
        search.AddOrder(order);
        var (text, values) = search.Statement("SELECT r.id", search.OrderBy(LastOrder), limit, offset);
        return sql.Query(text, values, row => row.GetInt64(0));
    }
}
