using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

public abstract partial class RunStoreContract
{
    private static DatasetInput Input(string name, string digest = "1", string? context = null, string source = "s") => new()
    {
        Dataset = new TrackedDataset { Name = name, Digest = digest, SourceType = "local", Source = source, Schema = "{\"a\": 1}" },
        Tags = context is null ? [] : new Dictionary<string, string> { [DatasetInput.ContextTag] = context },
    };

    private Task ReadsAsync(Run run, params DatasetInput[] inputs) => Store.LogLineageAsync(run.Id, new RunLineage { Datasets = inputs }, Ct);

    [Fact]
    public async Task Lineage_IsReadBackFromGetAndSearch()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.LogLineageAsync(run.Id, new RunLineage { Datasets = [Input("d", context: "train")], ModelInputs = ["m-1"], ModelOutputs = [new("m-2", 7)] }, Ct);
        foreach (var read in new[] { await Store.GetRunAsync(run.Id, Ct), (await Store.SearchRunsAsync(new RunQuery { Projects = [run.ProjectId] }, Ct)).Runs.Single() })
        {
            var input = Assert.Single(read.Lineage.Datasets);
            Assert.Equal(new TrackedDataset { Name = "d", Digest = "1", SourceType = "local", Source = "s", Schema = "{\"a\": 1}" }, input.Dataset);
            Assert.Equal("train", input.Tags[DatasetInput.ContextTag]);
            Assert.Equal(["m-1"], read.Lineage.ModelInputs);
            Assert.Equal([new ModelOutput("m-2", 7)], read.Lineage.ModelOutputs);
        }
    }

    [Fact]
    public async Task Lineage_Again_KeepsTheFirst()
    {
        var project = (await NewProjectAsync()).Id;
        var (run, other) = (await NewRunAsync(project), await NewRunAsync(project));
        await ReadsAsync(run, Input("d", context: "train", source: "first"));
        await ReadsAsync(run, Input("d", context: "eval", source: "second"));
        await ReadsAsync(other, Input("d", context: "eval", source: "third"), Input("d", "2"));
        var kept = Assert.Single((await Store.GetRunAsync(run.Id, Ct)).Lineage.Datasets);
        Assert.Equal(("first", "train"), (kept.Dataset.Source, kept.Tags[DatasetInput.ContextTag]));
        var others = (await Store.GetRunAsync(other.Id, Ct)).Lineage.Datasets;
        Assert.Equal(["first/eval", "s/"], others.Select(input => $"{input.Dataset.Source}/{input.Tags.GetValueOrDefault(DatasetInput.ContextTag)}"));
    }

    [Fact]
    public async Task Lineage_ChangesTheRunsVersion()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await ReadsAsync(run, Input("d"));
        Assert.True((await Store.GetRunAsync(run.Id, Ct)).Version > run.Version);
    }

    [Fact]
    public async Task Lineage_OfNoRunOrOneInTheTrash_IsRefused()
    {
        await RefusesAsync(ErrorCode.NotFound, () => Store.LogLineageAsync(RunId.New(), new RunLineage(), Ct));
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        await RefusesAsync(ErrorCode.Conflict, () => ReadsAsync(run, Input("d")));
    }

    [Theory]
    [InlineData(501, 1, 1)]
    [InlineData(0, 1, 1)]
    [InlineData(1, 37, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 65_536)]
    [InlineData(1, 1, 0)]
    public async Task Lineage_BeyondTheLimits_IsRefusedTogether(int name, int digest, int source)
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await RefusesAsync(ErrorCode.InvalidArgument, () => ReadsAsync(run, Input("good"), Input(new string('n', name), new string('d', digest), source: new string('s', source))));
        Assert.Empty((await Store.GetRunAsync(run.Id, Ct)).Lineage.Datasets);
    }

    [Fact]
    public async Task Lineage_AtTheLimits_IsTaken()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await ReadsAsync(run, Input(new string('ü', 500), new string('ü', 36), new string('c', 500), new string('s', 65_535)));
        Assert.Equal(65_535, (await Store.GetRunAsync(run.Id, Ct)).Lineage.Datasets.Single().Dataset.Source.Length);
        await RefusesAsync(ErrorCode.InvalidArgument, () => ReadsAsync(run, Input("x", context: new string('c', 501))));
        await RefusesAsync(ErrorCode.InvalidArgument, () => ReadsAsync(run, [.. Enumerable.Range(0, 1001).Select(i => Input($"d{i}"))]));
    }

    [Theory]
    [InlineData("datasets.name:alpha", "a")]
    [InlineData("dataset.name!=alpha", "b")]
    [InlineData("datasets.digest=2", "b")]
    [InlineData("datasets.context:train", "a b")]
    [InlineData("datasets.name in (\"alpha\", \"beta\")", "a b")]
    [InlineData("datasets.name not in (\"alpha\")", "b")]
    [InlineData("datasets.name like \"al%\"", "a")]
    [InlineData("datasets.name ilike \"AL%\"", "a")]
    [InlineData("datasets.name:alpha datasets.context:eval", "")]
    [InlineData("datasets.name:beta datasets.context:eval", "b")]
    [InlineData("-datasets.name:alpha", "b c")]
    [InlineData("datasets.name is null", "c")]
    [InlineData("datasets.context is not null", "a b")]
    public async Task Search_ByDataset(string filter, string found)
    {
        var project = (await NewProjectAsync()).Id;
        await ReadsAsync(await NewRunAsync(project, "a"), Input("alpha", context: "train"));
        await ReadsAsync(await NewRunAsync(project, "b"), Input("beta", "2", "train"), Input("gamma", "3", "eval"));
        await NewRunAsync(project, "c");
        var page = await Store.SearchRunsAsync(new RunQuery { Projects = [project], Filter = FilterParser.Parse(filter) }, Ct);
        Assert.Equal(found, string.Join(' ', page.Runs.Select(run => run.Name).Order()));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.SearchRunsAsync(new RunQuery { Projects = [project], Order = [new RunOrder(new RunField(FieldKind.Dataset, "name"), false)] }, Ct));
    }

    [Fact]
    public async Task ListDatasets_IsDistinctAndOfTheseProjects()
    {
        var (one, two) = ((await NewProjectAsync("one")).Id, (await NewProjectAsync("two")).Id);
        await ReadsAsync(await NewRunAsync(one), Input("b", context: "train"), Input("a"));
        await ReadsAsync(await NewRunAsync(one), Input("b", context: "train"));
        await ReadsAsync(await NewRunAsync(one), Input("b", context: "eval"));
        await ReadsAsync(await NewRunAsync(two), Input("b"));
        Assert.Equal([new(one, "a", "1", null), new(one, "b", "1", "eval"), new DatasetSummary(one, "b", "1", "train")], await Store.ListDatasetsAsync([one], 10, Ct));
        Assert.Equal(4, (await Store.ListDatasetsAsync([one, two], 10, Ct)).Count);
        Assert.Equal(2, (await Store.ListDatasetsAsync([one, two], 2, Ct)).Count);
        Assert.Empty(await Store.ListDatasetsAsync([], 10, Ct));
    }
}
