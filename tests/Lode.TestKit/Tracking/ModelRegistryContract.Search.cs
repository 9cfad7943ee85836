using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

public abstract partial class ModelRegistryContract
{
    private static FilterClause Attribute(string key, FilterOperator op, params string[] values) => new(new RunField(FieldKind.Attribute, key), op, [.. values.Select(FilterValue.Of)]);

    private static FilterClause Tag(string key, FilterOperator op, string value) => new(new RunField(FieldKind.Tag, key), op, FilterValue.Of(value));

    private static RunOrder By(string key, bool descending = false) => new(new RunField(FieldKind.Attribute, key), descending);

    private async Task<string> FindModelsAsync(params FilterClause[] clauses) =>
        string.Join(' ', (await Registry.SearchModelsAsync(new RegistryQuery { Filter = new RunFilter(clauses) }, Ct)).Models.Select(model => model.Name));

    private async Task<string> FindVersionsAsync(params FilterClause[] clauses) =>
        string.Join(' ', (await Registry.SearchVersionsAsync(new RegistryQuery { Filter = new RunFilter(clauses), Order = [By("version")] }, Ct)).Versions.Select(version => version.Model + version.Version));

    [Fact]
    public async Task SearchModels_Filters()
    {
        foreach (var (name, team) in new[] { ("ant", "red"), ("Bee", "Red"), ("cat", null), ("a'b", "blue") })
        {
            await NewModelAsync(name);
            if (team is not null)
                await Registry.SetModelTagAsync(name, "the team", team, Ct);
        }
        Assert.Equal("Bee a'b ant cat", await FindModelsAsync());
        Assert.Equal("ant", await FindModelsAsync(Attribute("name", FilterOperator.Equal, "ant")));
        Assert.Equal("a'b", await FindModelsAsync(Attribute("name", FilterOperator.Equal, "a'b")));
        Assert.Equal("Bee a'b cat", await FindModelsAsync(Attribute("name", FilterOperator.NotEqual, "ant")));
        Assert.Equal("a'b ant", await FindModelsAsync(Attribute("name", FilterOperator.Like, "a%")));
        Assert.Equal("", await FindModelsAsync(Attribute("name", FilterOperator.Like, "b%")));
        Assert.Equal("Bee", await FindModelsAsync(Attribute("name", FilterOperator.ILike, "b%")));
        Assert.Equal("ant", await FindModelsAsync(Tag("the team", FilterOperator.Equal, "red")));
        Assert.Equal("Bee a'b", await FindModelsAsync(Tag("the team", FilterOperator.NotEqual, "red")));
        Assert.Equal("Bee ant", await FindModelsAsync(Tag("the team", FilterOperator.ILike, "RED")));
        Assert.Equal("ant", await FindModelsAsync(Tag("the team", FilterOperator.ILike, "RED"), Attribute("name", FilterOperator.Like, "a%")));
    }

    [Fact]
    public async Task SearchModels_OrdersAndPages()
    {
        foreach (var name in new[] { "b", "a", "c" })
        {
            await NewModelAsync(name);
            Tick();
        }
        await Registry.DescribeModelAsync("b", "later", Ct);
        async Task<string> PageAsync(int offset, int limit, params RunOrder[] order)
        {
            var page = await Registry.SearchModelsAsync(new RegistryQuery { Order = order, Offset = offset, Limit = limit }, Ct);
            return string.Join(' ', page.Models.Select(model => model.Name)) + (page.HasMore ? " …" : "");
        }
        Assert.Equal("a b c", await PageAsync(0, 3));
        Assert.Equal("a b …", await PageAsync(0, 2));
        Assert.Equal("c", await PageAsync(2, 2));
        Assert.Equal("", await PageAsync(9, 2));
        Assert.Equal("c b a", await PageAsync(0, 9, By("name", descending: true)));
        Assert.Equal("a c b", await PageAsync(0, 9, By("updated")));
        Assert.Equal("b c …", await PageAsync(0, 2, By("updated", descending: true)));
        await RefusesAsync(ErrorCode.InvalidArgument, () => PageAsync(0, 0));
    }

    [Fact]
    public async Task SearchModels_CarriesTheWholeModel()
    {
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "m", Tags = new Dictionary<string, string> { ["k"] = "v" } }, Ct);
        await NewVersionAsync();
        await Registry.SetAliasAsync("m", "a", 1, Ct);
        await NewModelAsync("n");
        var models = (await Registry.SearchModelsAsync(new RegistryQuery(), Ct)).Models;
        Assert.Equal(("v", 1L), (models[0].Tags["k"], models[0].Aliases["a"]));
        Assert.Equal(["a"], Assert.Single(models[0].LatestVersions).Aliases);
        Assert.Empty(models[1].LatestVersions);
    }

    [Fact]
    public async Task Search_LeavesPromptsOut_UnlessTheFilterNamesTheirTag()
    {
        var mark = new Dictionary<string, string> { [ModelRules.PromptTag] = "true" };
        await NewModelAsync();
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "p", Tags = mark }, Ct);
        await NewVersionAsync();
        await Registry.CreateVersionAsync(new NewModelVersion { Model = "p", Source = "x", Tags = mark }, Ct);
        Assert.Equal("m", await FindModelsAsync());
        Assert.Equal("p", await FindModelsAsync(Tag(ModelRules.PromptTag, FilterOperator.Equal, "true")));
        Assert.Equal("m", await FindModelsAsync(Tag(ModelRules.PromptTag, FilterOperator.NotEqual, "true")));
        Assert.Equal("m1", await FindVersionsAsync());
        Assert.Equal("p1", await FindVersionsAsync(Tag(ModelRules.PromptTag, FilterOperator.Equal, "true")));
        Assert.Equal("m1", await FindVersionsAsync(Tag(ModelRules.PromptTag, FilterOperator.NotEqual, "true")));
    }

    [Fact]
    public async Task SearchVersions_Filters()
    {
        await NewModelAsync();
        await NewModelAsync("n");
        await Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = "s3://b/1", RunId = "r1", Tags = new Dictionary<string, string> { ["k"] = "x" } }, Ct);
        await NewVersionAsync(source: "s3://b/2");
        await NewVersionAsync(source: "s3://c/3");
        await Registry.CreateVersionAsync(new NewModelVersion { Model = "n", Source = "S3://b/4", RunId = "r2" }, Ct);
        Assert.Equal("m1 n1 m2 m3", await FindVersionsAsync());
        Assert.Equal("m1 m2 m3", await FindVersionsAsync(Attribute("name", FilterOperator.Equal, "m")));
        Assert.Equal("m1", await FindVersionsAsync(Attribute("run", FilterOperator.Equal, "r1")));
        Assert.Equal("n1 m2 m3", await FindVersionsAsync(Attribute("run", FilterOperator.NotEqual, "r1")));
        Assert.Equal("m1 n1", await FindVersionsAsync(Attribute("run", FilterOperator.In, "r1", "r2", "r3")));
        Assert.Equal("m3", await FindVersionsAsync(Attribute("source", FilterOperator.Equal, "s3://c/3")));
        Assert.Equal("m1 m2", await FindVersionsAsync(Attribute("source", FilterOperator.Like, "s3://b%")));
        Assert.Equal("m1 n1 m2", await FindVersionsAsync(Attribute("source", FilterOperator.ILike, "s3://b%")));
        Assert.Equal("m1", await FindVersionsAsync(Tag("k", FilterOperator.Equal, "x")));
        Assert.Equal("", await FindVersionsAsync(Tag("k", FilterOperator.NotEqual, "x")));
        Assert.Equal("m2 m3", await FindVersionsAsync(new FilterClause(new RunField(FieldKind.Attribute, "version"), FilterOperator.Greater, FilterValue.Of(1))));
        Assert.Equal("m2", await FindVersionsAsync(Attribute("name", FilterOperator.Equal, "m"), Attribute("source", FilterOperator.Like, "s3://b%"), Attribute("run", FilterOperator.NotEqual, "r1")));
    }

    [Fact]
    public async Task SearchVersions_OrdersAndPages()
    {
        await NewModelAsync("b");
        await NewModelAsync("a");
        foreach (var name in new[] { "b", "a", "b" })
            await NewVersionAsync(name);
        async Task<string> PageAsync(int offset, int limit, params RunOrder[] order)
        {
            var page = await Registry.SearchVersionsAsync(new RegistryQuery { Order = order, Offset = offset, Limit = limit }, Ct);
            return string.Join(' ', page.Versions.Select(version => version.Model + version.Version)) + (page.HasMore ? " …" : "");
        }
        Assert.Equal("a1 b2 b1", await PageAsync(0, 9));
        // All in one millisecond: the later one is the newer one.
        await Registry.DescribeVersionAsync("b", 1, "at once", Ct);
        Assert.Equal("a1 b1 b2", await PageAsync(0, 9));
        Tick();
        await Registry.DescribeVersionAsync("b", 1, "touched", Ct);
        Assert.Equal("b1 a1 b2", await PageAsync(0, 9));
        Assert.Equal("b1 a1 …", await PageAsync(0, 2));
        Assert.Equal("b2", await PageAsync(2, 2));
        Assert.Equal("a1 b1 b2", await PageAsync(0, 9, By("version")));
        Assert.Equal("b2 b1 a1", await PageAsync(0, 9, By("name", descending: true)));
        Assert.Equal("a1 b2 b1", await PageAsync(0, 9, By("updated")));
        Assert.Equal("a1 b2 b1", await PageAsync(0, 9, By("created", descending: true)));
        Assert.Equal("a1 b1 b2", await PageAsync(0, 9, By("created")));
    }
}
