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

    // Scans of the whole keep the best rows in memory; pages that end later are sorted as a whole.
    private const int MaxKept = 5000;

    // How many runs are walked by time in the hope to meet a page of equals, at most: some milliseconds' worth.
    private const int MaxWalked = 100_000;

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
            : IsFew(sql, Scoped(), (int)(total / 3)) ? FindAmongProjects(sql, scan: false)
            : HasManyEquals() ? FindAmongEquals(sql, Math.Min(MaxWalked, total / 4))
            : FindAmongProjects(sql, scan: true);
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

    /// <summary>Whether runs are sorted by what many of them share.</summary>
    private bool HasManyEquals() => query.Order is [{ Field: { Kind: FieldKind.Attribute, Key: "status" or "user" } }] && query.Offset + query.Limit < MaxKept;

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
            search.Walks = true;
            if (query.Order.Count == 0 ? slice > 0 : !search.AddSlice(query.Order[0], slice, query.Filter))
                return rows;
            if (slice == 0 && query.Order.Count > 0 && query.Order[0].Field is { Kind: FieldKind.Metric, Aggregate: not MetricAggregate.Last } && Bound(sql, query.Order[0]) is { } bound)
                search.AddBound(query.Order[0], bound);
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

    /// <summary>
    /// By what many runs share: one scan finds which values the page holds, without a look at what decides between equals. Of the
    /// last value, of which there may be any number, the first by time are found by walking down the index of times, or by a
    /// second scan where they are rare. (One scan that sorts equals by time too takes three times as long where runs lie in order
    /// of time: each is better than all before it.)
    /// </summary>
    private List<long> FindAmongEquals(SqlSession sql, long walked)
    {
        var wanted = query.Offset + query.Limit + 1;
        var first = Scoped(passing: true, scan: true);
        first.AddFilter(query.Filter);
        first.AddOrder(query.Order);
        var (text, values) = first.Statement($"SELECT r.id, {first.Shared(query.Order[0])}", first.OrderBy(), wanted);
        var found = sql.Query(text, values, row => (Id: row.GetInt64(0), Value: row.GetString(1)));
        var last = found.Count < wanted ? null : found[^1].Value;
        var whole = found.FindAll(run => run.Value != last).ConvertAll(run => run.Id);
        var rows = new List<long>();
        if (whole.Count > query.Offset)
        {
            var search = Scoped();
            search.AddRuns(whole);
            rows.AddRange(Rows(sql, search, query.Order, whole.Count, query.Offset));
        }
        if (last is not null)
        {
            var skip = Math.Max(0, query.Offset - whole.Count);
            var clause = new FilterClause(query.Order[0].Field, FilterOperator.Equal, FilterValue.Of(last));
            rows.AddRange(FindEquals(sql, clause, (int)walked, query.Limit + 1 - rows.Count, skip));
        }
        return rows;
    }

    /// <summary>The first by time of runs that share a value.</summary>
    private List<long> FindEquals(SqlSession sql, FilterClause clause, int walked, int limit, int offset)
    {
        if (FindStart(sql, walked) is { } near)
        {
            var walk = Scoped(passing: _projects.Count != 1);
            walk.Walks = true;
            walk.AddStartedSince(near);
            walk.AddFilter(query.Filter);
            walk.AddFilter(new RunFilter([clause]));
            if (Rows(sql, walk, [], limit, offset) is var rows && rows.Count == limit)
                return rows;
        }
        var search = Scoped(passing: true, scan: true);
        search.AddFilter(query.Filter);
        search.AddFilter(new RunFilter([clause]));
        return Rows(sql, search, [], limit, offset);
    }

    /// <summary>When the run began that comes after so many others, by time; null when there is none.</summary>
    private long? FindStart(SqlSession sql, int skip)
    {
        var search = Scoped(passing: _projects.Count != 1);
        var (text, values) = search.Statement("SELECT r.started_at", search.OrderBy(LastOrder), 1, skip);
        return sql.Scalar<long?>(text, values);
    }

    /// <summary>
    /// What no run of the page lies beyond in an aggregate of a metric: the worst that the aggregate is among as many runs as the page
    /// needs. The best by last value are taken, as an index gives them and their aggregates are good too.
    /// </summary>
    private double? Bound(SqlSession sql, RunOrder order)
    {
        var wanted = query.Offset + query.Limit + 1;
        if (query.Filter.Clauses.Count > 0 || wanted > MaxKept)
            return null;
        var search = Scoped(passing: true);
        search.AddSlice(order with { Field = order.Field with { Aggregate = MetricAggregate.Last } }, 0, query.Filter);
        var (text, values) = search.Statement($"SELECT {SqlSearch.AggregateOf(order.Field)}", search.OrderBy(), wanted);
        var seen = sql.Query(text, values, row => row.IsDBNull(0) ? double.NaN : row.GetDouble(0));
        return seen.Count < wanted || seen.Exists(double.IsNaN) ? null : order.Descending ? seen.Min() : seen.Max();
    }

    private static List<long> Rows(SqlSession sql, SqlSearch search, IEnumerable<RunOrder> order, int limit, int offset)
    {
        search.AddOrder(order);
        var (text, values) = search.Statement("SELECT r.id", search.OrderBy(LastOrder), limit, offset);
        return sql.Query(text, values, row => row.GetInt64(0));
    }
}
