using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Sqlite;

/// <summary>Pages are found by walking down an index: whether SQLite does so is its own choice, which another version may make otherwise.</summary>
public sealed class SearchPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "run_by_start")]
    [InlineData("name asc", "run_by_name")]
    [InlineData("name desc", "run_by_name")]
    [InlineData("started asc", "run_by_start")]
    [InlineData("ended desc", "run_by_end")]
    [InlineData("metrics.loss asc", "metric_by_last")]
    [InlineData("params.lr desc", "run_param_by_number")]
    [InlineData("tags.team asc", "run_tag_by_value")]
    public async Task APage_IsFoundByTheIndexOfItsOrder(string order, string index)
    {
        await using var database = SqliteDatabase.Open(_folder["lode.db"]);
        foreach (var filter in new[] { "", "status:finished" })
        {
            var parsed = FilterParser.Parse(filter);
            var search = new SqlSearch(SearchTarget.Runs, now: 0);
            var orders = order.Length == 0 ? Array.Empty<RunOrder>() : [RunOrder.Parse(order)];
            search.AddProjects([0], passing: orders is [{ Field.Kind: not FieldKind.Attribute }]);
            search.AddLifecycle(LifecycleView.Active);
            if (orders.Length > 0)
                Assert.True(search.AddSlice(orders[0], 0, parsed));
            search.AddFilter(parsed);
            var (text, values) = search.Statement("SELECT r.id", search.OrderBy("r.started_at DESC NULLS LAST, r.uuid ASC"), 101);
            var plan = string.Join("; ", await database.ReadAsync(sql => sql.Query("EXPLAIN QUERY PLAN " + text, values, row => row.GetString(3)), CancellationToken.None));
            Assert.Contains($"INDEX {index} ", plan, StringComparison.Ordinal);
            Assert.DoesNotContain("TEMP B-TREE FOR ORDER BY", plan, StringComparison.Ordinal);
        }
    }
}
