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
        var page = await Store.SearchRunsAsync(new RunQuery { Projects = [project], Filter = FilterParser.Parse(filter) }, Ct);
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
            Assert.Equal(5, page.Total);
            names.AddRange(page.Runs.Select(run => run.Name));
        }
        Assert.Equal(["eel", "dog", "cat", "bee", "Ant"], names);
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
        async Task<int> CountAsync(RunFilter filter) => (await Store.SearchRunsAsync(new RunQuery { Projects = [project], Filter = filter }, Ct)).Total;
        Assert.Equal(1, await CountAsync(FilterParser.Parse("metrics.`val loss/a.min`=1 tags.`a b`:\"\\\"x\\\\'\"")));
        Assert.Equal(1, await CountAsync(new RunFilter([new FilterClause(new RunField(FieldKind.Attribute, "name"), FilterOperator.Equal, FilterValue.Of("Robert'); DROP TABLE run;--"))])));
        Assert.Equal(0, await CountAsync(new RunFilter([new FilterClause(new RunField(FieldKind.Tag, "x' OR '1'='1"), FilterOperator.IsNotNull, Array.Empty<FilterValue>())])));
    }
}
