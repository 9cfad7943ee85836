using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

public abstract partial class RunStoreContract
{
    private async Task<ProjectId> ZooAsync()
    {
        var project = (await NewProjectAsync("zoo")).Id;
        async Task AddAsync(string name, long start, double? loss, string? lr, string? kind, RunStatus status)
        {
            var run = await NewRunAsync(project, name, start);
            await Store.LogAsync(run.Id, new RunBatch
            {
                Metrics = loss is { } value ? [new("loss", value + 1, 1, 0), new("loss", value, 2, 1)] : [],
                Params = lr is null ? [] : [new("lr", lr)],
                Tags = kind is null ? [] : [new("kind", kind)],
            }, Ct);
            await Store.UpdateRunAsync(run.Id, new RunChange { Status = status, EndedAt = status == RunStatus.Running ? null : start + 5000 }, Ct);
        }
        await AddAsync("Ant", 1000, 0.5, "0.1", "insect", RunStatus.Finished);
        await AddAsync("bee", 2000, 0.25, "0.01", "insect", RunStatus.Finished);
        await AddAsync("cat", 3000, double.NaN, "1e-3", "mammal", RunStatus.Failed);
        await AddAsync("dog", 4000, null, "adam", "Mammal", RunStatus.Running);
        await AddAsync("eel", 5000, 4, null, null, RunStatus.Finished);
        return project;
    }

    [Theory]
    [InlineData("", "eel dog cat bee Ant")]
    [InlineData("status:finished", "eel bee Ant")]
    [InlineData("-status:finished", "dog cat")]
    [InlineData("status!=running", "eel cat bee Ant")]
    [InlineData("name~A", "cat Ant")]
    [InlineData("ee", "eel bee")]
    [InlineData("name=ant", "")]
    [InlineData("name like \"A%\"", "Ant")]
    [InlineData("name ilike \"a%\"", "Ant")]
    [InlineData("name in (Ant, eel)", "eel Ant")]
    [InlineData("name not in (Ant, eel)", "dog cat bee")]
    [InlineData("metrics.loss<0.5", "bee")]
    [InlineData("metrics.loss<=0.5", "bee Ant")]
    [InlineData("metrics.loss.max>=1.5", "eel Ant")]
    [InlineData("metrics.loss.count=2", "eel cat bee Ant")]
    [InlineData("metrics.loss is null", "dog")]
    [InlineData("-metrics.loss<0.5", "eel dog cat Ant")]
    [InlineData("params.lr<0.05", "cat bee")]
    [InlineData("params.lr:0.1", "Ant")]
    [InlineData("params.lr:adam", "dog")]
    [InlineData("params.lr is not null", "dog cat bee Ant")]
    [InlineData("config.lr!=adam", "cat bee Ant")]
    [InlineData("tags.kind:mammal", "cat")]
    [InlineData("tags.kind~MAMM", "dog cat")]
    [InlineData("tags.kind is null", "eel")]
    [InlineData("started>=3000", "eel dog cat")]
    [InlineData("status:finished tags.kind:insect metrics.loss>0.3", "Ant")]
    [InlineData("user:ada AND name:bee", "bee")]
    public async Task SearchRuns_Filters(string filter, string names)
    {
        var project = await ZooAsync();
        var page = await Store.SearchRunsAsync(new RunQuery { Projects = [project], Filter = FilterParser.Parse(filter), Counts = true }, Ct);
        Assert.Equal(names, string.Join(' ', page.Runs.Select(run => run.Name)));
        Assert.Equal((page.Runs.Count, 5), (page.Total, page.All));
    }

    [Theory]
    [InlineData("name asc", "Ant bee cat dog eel")]
    [InlineData("started asc", "Ant bee cat dog eel")]
    [InlineData("metrics.loss asc", "bee Ant eel cat dog")]
    [InlineData("metrics.loss desc", "eel Ant bee cat dog")]
    [InlineData("metrics.loss.max desc", "eel Ant bee cat dog")]
    [InlineData("params.lr asc", "cat bee Ant dog eel")]
    [InlineData("params.lr asc text", "bee Ant cat dog eel")]
    [InlineData("tags.kind desc", "cat bee Ant dog eel")]
    [InlineData("status asc", "dog eel bee Ant cat")]
    [InlineData("status asc text", "cat eel bee Ant dog")]
    [InlineData("status desc text", "dog eel bee Ant cat")]
    public async Task SearchRuns_Orders_MissingLast(string order, string names)
    {
        var project = await ZooAsync();
        var page = await Store.SearchRunsAsync(new RunQuery { Projects = [project], Order = [RunOrder.Parse(order)] }, Ct);
        Assert.Equal(names, string.Join(' ', page.Runs.Select(run => run.Name)));
    }

    [Fact]
    public async Task SearchRuns_PagesHoldEveryRunOnce()
    {
        var project = await ZooAsync();
        var names = new List<string>();
        for (var offset = 0; offset < 6; offset += 2)
        {
            var page = await Store.SearchRunsAsync(new RunQuery { Projects = [project], Offset = offset, Limit = 2 }, Ct);
            Assert.Equal((offset < 4, null, null), (page.More, page.Total, page.All));
            names.AddRange(page.Runs.Select(run => run.Name));
        }
        Assert.Equal(["eel", "dog", "cat", "bee", "Ant"], names);
    }

    /// <summary>Large stores are searched in other ways for a small page than for a large one; what is found must not tell.</summary>
    [Fact]
    public async Task SearchRuns_SmallPages_AreTheWholeCutUp()
    {
        var rng = new Rng(11);
        ProjectId[] projects = [(await NewProjectAsync("many")).Id, (await NewProjectAsync("fewer")).Id];
        double[] odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1e300];
        var longText = new string('x', 400);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => (Index: i, Rng: rng.Child((ulong)i))).Select(async item =>
        {
            var (i, dice) = item;
            var run = await NewRunAsync(projects[i % 5 == 0 ? 1 : 0], $"run {dice.NextInt32(40)}", dice.NextInt32(8) == 0 ? null : 1000 + dice.NextInt32(300));
            var batch = new RunBatch
            {
                Metrics = dice.NextInt32(4) == 0 ? [] : [new("loss", dice.NextInt32(60) / 3.0, 1, -1), new("loss", dice.NextInt32(5) == 0 ? odd[dice.NextInt32(odd.Length)] : dice.NextInt32(60) / 7.0, 1, 0)],
                Params = dice.NextInt32(4) == 0 ? [] : [new("lr", dice.NextInt32(3) == 0 ? $"text {dice.NextInt32(5)}" : FormattableString.Invariant($"{dice.NextInt32(9) * 0.25}"))],
                Tags = dice.NextInt32(3) == 0 ? [] : [new("kind", dice.NextInt32(40) switch { 0 => longText + "a", 1 => longText + "b", 2 => new string('\u00e4', 300), 3 => "\U0001F600" + longText, var n => $"kind {n % 6}" })],
            };
            await Store.LogAsync(run.Id, batch, Ct);
            if (dice.NextInt32(3) > 0)
                await Store.UpdateRunAsync(run.Id, new RunChange { Status = RunStatus.Finished, EndedAt = 2000 + dice.NextInt32(50) }, Ct);
        }));
        string[] filters = ["", "metrics.loss<4", "metrics.loss>8.2", "params.lr:\"text 3\"", "params.lr>=1.75", "params.lr=0.5", "tags.kind:\"kind 2\" metrics.loss<3", $"tags.kind:{longText}a", $"tags.kind in (\U0001F600{longText}, {longText}b)", "-tags.kind:\"kind 2\"", "name:\"run 7\"", "status:running"];
        string[] orders =
        [
            "", "metrics.loss asc", "metrics.loss desc", "params.lr asc", "params.lr desc text", "tags.kind asc", "name desc", "started asc", "started desc", "ended asc", "duration desc",
            "metrics.loss.min asc", "metrics.loss.min desc", "metrics.loss.max desc", "metrics.loss.mean asc", "status asc", "status asc text", "status desc", "user asc", "user desc",
        ];
        foreach (var filter in filters)
        {
            foreach (var order in orders)
            {
                var query = new RunQuery
                {
                    Projects = order.Length % 2 == 0 ? projects : projects[..1],
                    Filter = FilterParser.Parse(filter),
                    // Alone, orders by what many share are found in another way.
                    Order = order.Length == 0 ? [] : order.StartsWith("status", StringComparison.Ordinal) || order.StartsWith("user", StringComparison.Ordinal) ? [RunOrder.Parse(order)] : [RunOrder.Parse(order), RunOrder.Parse("params.lr desc")],
                    View = filter.Length == 0 && order == "started asc" ? LifecycleView.All : LifecycleView.Active,
                };
                var whole = (await Store.SearchRunsAsync(query with { Limit = 50_000, Counts = true }, Ct));
                Assert.Equal(whole.Runs.Count, whole.Total);
                foreach (var (offset, limit) in new[] { (0, 3), (3, 5), (whole.Runs.Count / 2, 4), (Math.Max(0, whole.Runs.Count - 6), 3), (whole.Runs.Count, 2) })
                {
                    var page = await Store.SearchRunsAsync(query with { Offset = offset, Limit = limit }, Ct);
                    Assert.True(whole.Runs.Skip(offset).Take(limit).Select(run => run.Id).SequenceEqual(page.Runs.Select(run => run.Id)), $"'{filter}' by '{order}', {limit} from {offset}");
                    Assert.Equal(offset + limit < whole.Runs.Count, page.More);
                }
            }
        }
    }

    [Fact]
    public async Task SearchRuns_ViewsAndProjects()
    {
        var project = await ZooAsync();
        var other = await NewProjectAsync("other");
        var run = await NewRunAsync(other.Id, "gnu", 9000);
        await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        async Task<string> NamesAsync(LifecycleView view, params ProjectId[] projects) =>
            string.Join(' ', (await Store.SearchRunsAsync(new RunQuery { Projects = projects, View = view }, Ct)).Runs.Select(found => found.Name));
        Assert.Equal("eel dog cat bee Ant", await NamesAsync(LifecycleView.Active, project, other.Id));
        Assert.Equal("gnu", await NamesAsync(LifecycleView.Deleted, project, other.Id));
        Assert.Equal("gnu eel dog cat bee Ant", await NamesAsync(LifecycleView.All, project, other.Id));
        Assert.Equal("", await NamesAsync(LifecycleView.All));
        Assert.Equal("", await NamesAsync(LifecycleView.All, new ProjectId(4711)));
    }

    [Fact]
    public async Task ListColumns_CountsRunsAndDifferentValues()
    {
        var project = await ZooAsync();
        var columns = await Store.ListColumnsAsync(project, RunFilter.All, Ct);
        Assert.Equal(["params.lr 4 4", "metrics.loss 4 3", "tags.kind 4 3"], columns.Select(column => $"{column.Field} {column.Runs} {column.Distinct}"));
        columns = await Store.ListColumnsAsync(project, FilterParser.Parse("tags.kind:insect"), Ct);
        Assert.Equal(["params.lr 2 2", "metrics.loss 2 2", "tags.kind 2 1"], columns.Select(column => $"{column.Field} {column.Runs} {column.Distinct}"));
    }

    [Fact]
    public async Task SearchRuns_OddKeysAndValues_AreOnlyData()
    {
        var project = (await NewProjectAsync("odd")).Id;
        var run = await NewRunAsync(project, "Robert'); DROP TABLE run;--");
        await Store.LogAsync(run.Id, new RunBatch { Metrics = [new("val loss/a.min", 1, 1, 0)], Tags = [new("a b", "\"x\\'")] }, Ct);
        async Task<int> CountAsync(RunFilter filter) => (await Store.SearchRunsAsync(new RunQuery { Projects = [project], Filter = filter, Counts = true }, Ct)).Total!.Value;
        Assert.Equal(1, await CountAsync(FilterParser.Parse("metrics.`val loss/a.min`=1 tags.`a b`:\"\\\"x\\\\'\"")));
        Assert.Equal(1, await CountAsync(new RunFilter([new FilterClause(new RunField(FieldKind.Attribute, "name"), FilterOperator.Equal, FilterValue.Of("Robert'); DROP TABLE run;--"))])));
        Assert.Equal(0, await CountAsync(new RunFilter([new FilterClause(new RunField(FieldKind.Tag, "x' OR '1'='1"), FilterOperator.IsNotNull, Array.Empty<FilterValue>())])));
    }
}
