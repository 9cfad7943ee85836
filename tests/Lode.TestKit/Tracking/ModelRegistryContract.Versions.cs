using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

public abstract partial class ModelRegistryContract
{
    [Fact]
    public async Task CreateVersion_IsRead()
    {
        await NewModelAsync();
        var at = Tick();
        var asked = new NewModelVersion { Model = "m", Source = "s3://b/k", RunId = "abc", RunLink = "http://x", Description = "d", Tags = new Dictionary<string, string> { ["t"] = "1" } };
        var made = await Registry.CreateVersionAsync(asked, Ct);
        foreach (var version in new[] { made, await Registry.GetVersionAsync("m", 1, Ct), (await Registry.GetModelAsync("m", Ct)).LatestVersions[0] })
        {
            Assert.Equal(("m", 1L, "s3://b/k", "abc", "http://x", "d"), (version.Model, version.Version, version.Source, version.RunId, version.RunLink, version.Description));
            Assert.Equal((ModelStage.None, at, at, "1"), (version.Stage, version.CreatedAt, version.UpdatedAt, version.Tags["t"]));
            Assert.Empty(version.Aliases);
        }
        Assert.Equal("s3://b/k", await Registry.GetLocationAsync("m", 1, Ct));
        Assert.Equal(at, (await Registry.GetModelAsync("m", Ct)).UpdatedAt);
    }

    [Fact]
    public async Task VersionNumbers_OfDeletedOnes_AreNotGivenAgain()
    {
        await NewModelAsync();
        for (var i = 1; i <= 3; i++)
            Assert.Equal(i, (await NewVersionAsync()).Version);
        var at = Tick();
        await Registry.DeleteVersionAsync("m", 3, Ct);
        Assert.Equal(at, (await Registry.GetModelAsync("m", Ct)).UpdatedAt);
        await RefusesAsync(ErrorCode.NotFound, () => Registry.DeleteVersionAsync("m", 3, Ct));
        Assert.Equal(4, (await NewVersionAsync()).Version);
        Assert.Equal([4, 2, 1], (await Registry.SearchVersionsAsync(new RegistryQuery(), Ct)).Versions.Select(version => version.Version));
    }

    [Fact]
    public async Task Stages_LatestVersionsAreTheHighestOfEach()
    {
        await NewModelAsync();
        for (var i = 0; i < 5; i++)
            await NewVersionAsync();
        await Registry.MoveVersionAsync("m", 1, ModelStage.Production, false, Ct);
        await Registry.MoveVersionAsync("m", 2, ModelStage.Production, false, Ct);
        await Registry.MoveVersionAsync("m", 4, ModelStage.Archived, false, Ct);
        var model = await Registry.GetModelAsync("m", Ct);
        Assert.Equal([(2L, ModelStage.Production), (4L, ModelStage.Archived), (5L, ModelStage.None)], model.LatestVersions.Select(version => (version.Version, version.Stage)));
    }

    [Fact]
    public async Task MoveVersion_ArchivesTheOthersOfThatStage_AndNotesTheTimes()
    {
        await NewModelAsync();
        for (var i = 0; i < 4; i++)
            await NewVersionAsync();
        await Registry.MoveVersionAsync("m", 1, ModelStage.Production, false, Ct);
        await Registry.MoveVersionAsync("m", 2, ModelStage.Production, false, Ct);
        await Registry.MoveVersionAsync("m", 3, ModelStage.Staging, false, Ct);
        var at = Tick();
        var moved = await Registry.MoveVersionAsync("m", 2, ModelStage.Production, true, Ct);
        Assert.Equal((ModelStage.Production, at), (moved.Stage, moved.UpdatedAt));
        await Registry.MoveVersionAsync("m", 4, ModelStage.Production, true, Ct);
        var stages = (await Registry.SearchVersionsAsync(new RegistryQuery { Order = [new RunOrder(new RunField(FieldKind.Attribute, "version"), false)] }, Ct)).Versions;
        Assert.Equal([ModelStage.Archived, ModelStage.Archived, ModelStage.Staging, ModelStage.Production], stages.Select(version => version.Stage));
        Assert.Equal([true, true, false, true], stages.Select(version => version.UpdatedAt == at));
        Assert.Equal(at, (await Registry.GetModelAsync("m", Ct)).UpdatedAt);
    }

    [Theory]
    [InlineData(ModelStage.None)]
    [InlineData(ModelStage.Archived)]
    public async Task MoveVersion_ArchivingForAnIdleStage_IsRefused(ModelStage stage)
    {
        await NewModelAsync();
        await NewVersionAsync();
        await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.MoveVersionAsync("m", 1, stage, true, Ct));
    }

    [Fact]
    public async Task Aliases_LeadToOneVersion_AndMove()
    {
        await NewModelAsync();
        await NewVersionAsync();
        var second = await NewVersionAsync();
        Tick();
        await Registry.SetAliasAsync("m", "champion", 1, Ct);
        await Registry.SetAliasAsync("m", "älter_1-x", 1, Ct);
        Assert.Equal(["champion", "älter_1-x"], (await Registry.FindByAliasAsync("m", "champion", Ct))!.Aliases);
        await Registry.SetAliasAsync("m", "champion", 2, Ct);
        var model = await Registry.GetModelAsync("m", Ct);
        Assert.Equal([("champion", 2L), ("älter_1-x", 1L)], model.Aliases.Select(alias => (alias.Key, alias.Value)).Order());
        Assert.Equal(["champion"], (await Registry.GetVersionAsync("m", 2, Ct)).Aliases);
        Assert.Equal(["älter_1-x"], (await Registry.GetVersionAsync("m", 1, Ct)).Aliases);
        Assert.Equal(second.UpdatedAt, model.UpdatedAt);
        await Registry.SetAliasAsync("m", "champion", null, Ct);
        await Registry.SetAliasAsync("m", "champion", null, Ct);
        Assert.Null(await Registry.FindByAliasAsync("m", "champion", Ct));
        Assert.Null(await Registry.FindByAliasAsync("m", "Älter_1-x", Ct));
    }

    [Fact]
    public async Task Aliases_OfADeletedVersion_LeadNowhere_UntilSetAnew()
    {
        await NewModelAsync();
        await NewVersionAsync();
        await NewVersionAsync();
        await Registry.SetAliasAsync("m", "a", 1, Ct);
        await Registry.DeleteVersionAsync("m", 1, Ct);
        Assert.Empty((await Registry.GetModelAsync("m", Ct)).Aliases);
        await RefusesAsync(ErrorCode.NotFound, () => Registry.FindByAliasAsync("m", "a", Ct));
        await Registry.SetAliasAsync("m", "a", 2, Ct);
        Assert.Equal(2, (await Registry.FindByAliasAsync("m", "a", Ct))!.Version);
    }

    [Fact]
    public async Task Alias_Latest_IsTheHighestVersion()
    {
        await NewModelAsync();
        await RefusesAsync(ErrorCode.NotFound, () => Registry.FindByAliasAsync("m", "latest", Ct));
        await NewVersionAsync();
        await NewVersionAsync();
        await Registry.MoveVersionAsync("m", 1, ModelStage.Production, false, Ct);
        Assert.Equal(2, (await Registry.FindByAliasAsync("m", "Latest", Ct))!.Version);
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("LATEST")]
    [InlineData("v1")]
    [InlineData("V23")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a.b")]
    [InlineData("")]
    public async Task Alias_AgainstTheRules_IsRefused(string alias)
    {
        await NewModelAsync();
        await NewVersionAsync();
        await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.SetAliasAsync("m", alias, 1, Ct));
    }

    [Fact]
    public async Task Alias_Longest_IsTaken_AndNoLonger()
    {
        await NewModelAsync();
        await NewVersionAsync();
        await Registry.SetAliasAsync("m", new string('a', 255), 1, Ct);
        await Registry.SetAliasAsync("m", "v", 1, Ct);
        await Registry.SetAliasAsync("m", "v1x", 1, Ct);
        await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.SetAliasAsync("m", new string('a', 256), 1, Ct));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("etc/passwd")]
    [InlineData("file:///etc/passwd")]
    [InlineData("file:/etc")]
    [InlineData("FILE:/etc")]
    [InlineData("C:\\x")]
    [InlineData("")]
    [InlineData("mlflow-artifacts:/a/../../etc")]
    [InlineData("mlflow-artifacts:/a/..%2f..%252fetc")]
    [InlineData("http://host/a/..")]
    [InlineData("s3://bucket/a/./b")]
    [InlineData("s3://bucket")]
    [InlineData("mlflow-artifacts:a")]
    [InlineData("http://host/a%00")]
    [InlineData("dbfs:/a/..\\b")]
    public async Task Source_LocalOrRelative_IsRefused(string source)
    {
        await NewModelAsync();
        await RefusesAsync(ErrorCode.InvalidArgument, () => NewVersionAsync(source: source));
        Assert.Equal(1, (await NewVersionAsync()).Version);
    }

    [Fact]
    public async Task Source_Local_IsTakenInsideItsRun()
    {
        await NewModelAsync();
        var (run, artifacts) = await NewRunAsync("/data/lode/p");
        Assert.StartsWith("/data/lode/p/", artifacts, StringComparison.Ordinal);
        foreach (var source in new[] { artifacts + "/model", "file://" + artifacts + "/model", artifacts })
            Assert.Equal(source, (await Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = source, RunId = run }, Ct)).Source);
        foreach (var source in new[] { artifacts + "/../../x", artifacts + "2/model", "/data/lode/p", "file://" + artifacts + "/%2e%2e/%2e%2e/x" })
            await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = source, RunId = run }, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = artifacts, RunId = RunId.New().ToString() }, Ct));
    }

    [Fact]
    public async Task Source_OfAPrompt_MayBeAnything()
    {
        var mark = new Dictionary<string, string> { [ModelRules.PromptTag] = "true" };
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "m", Tags = mark }, Ct);
        Assert.Equal("dummy-source", (await Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = "dummy-source", Tags = mark }, Ct)).Source);
    }

    [Fact]
    public async Task Source_LoggedModel_LeadsToItsPlace_AndItIsTold()
    {
        await NewModelAsync();
        var logged = await LoggedModels.CreateAsync(new NewLoggedModel { Id = NewLoggedModel.NewId(), ProjectId = ProjectId.Default, SourceRun = "its run" }, Ct);
        var version = await Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = "models:/" + logged.Id, ModelId = logged.Id }, Ct);
        Assert.Equal(("models:/" + logged.Id, logged.Id, "its run"), (version.Source, version.ModelId, version.RunId));
        Assert.Equal(logged.ArtifactUri, await Registry.GetLocationAsync("m", 1, Ct));
        await Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = "models:/" + logged.Id, RunId = "own" }, Ct);
        Assert.Equal("own", (await Registry.GetVersionAsync("m", 2, Ct)).RunId);
        Assert.Equal("""[{"name": "m", "version": 1}]""", (await LoggedModels.GetAsync(logged.Id, Ct)).Tags["mlflow.modelVersions"]);
        await LoggedModels.DeleteAsync(logged.Id, Ct);
        foreach (var gone in new[] { "m-none", logged.Id })
        {
            await RefusesAsync(ErrorCode.NotFound, () => NewVersionAsync(source: "models:/" + gone));
            await RefusesAsync(ErrorCode.NotFound, () => Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = "s3://b/k", ModelId = gone }, Ct));
        }
    }

    [Theory]
    [InlineData("""[{"name":"a","version":1}]""", """[{"name": "a", "version": 1}, {"name": "m", "version": 1}]""")]
    [InlineData("no list", """[{"name": "m", "version": 1}]""")]
    public async Task Source_LoggedModel_RegisteredBefore_KeepsTheList(string before, string after)
    {
        await NewModelAsync();
        var logged = await LoggedModels.CreateAsync(new NewLoggedModel { Id = NewLoggedModel.NewId(), ProjectId = ProjectId.Default, Tags = [new("mlflow.modelVersions", before)] }, Ct);
        await Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = "models:/" + logged.Id, ModelId = logged.Id }, Ct);
        Assert.Equal(after, (await LoggedModels.GetAsync(logged.Id, Ct)).Tags["mlflow.modelVersions"]);
    }

    [Fact]
    public async Task Source_OtherVersion_LeadsWhereThatLies()
    {
        await NewModelAsync("a");
        await NewVersionAsync("a", "s3://b/a1");
        await Registry.SetAliasAsync("a", "champion", 1, Ct);
        await NewModelAsync();
        await NewVersionAsync(source: "models:/a/1");
        await NewVersionAsync(source: "models:/a@champion");
        await Registry.DeleteModelAsync("a", Ct);
        Assert.Equal(("models:/a/1", "s3://b/a1"), ((await Registry.GetVersionAsync("m", 1, Ct)).Source, await Registry.GetLocationAsync("m", 1, Ct)));
        Assert.Equal("s3://b/a1", await Registry.GetLocationAsync("m", 2, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => NewVersionAsync(source: "models:/a/1"));
        await RefusesAsync(ErrorCode.NotFound, () => NewVersionAsync(source: "models:/m@none"));
        await RefusesAsync(ErrorCode.InvalidArgument, () => NewVersionAsync(source: "models:/m/x"));
    }

    [Fact]
    public async Task ManyWriters_NumbersHaveNoGapAndNoDouble_AndAnAliasOneVersion()
    {
        const int Writers = 8, Each = 6;
        await NewModelAsync();
        await NewVersionAsync();
        var numbers = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var mine = new List<long>();
            for (var i = 0; i < Each; i++)
            {
                var version = (await NewVersionAsync()).Version;
                mine.Add(version);
                await Registry.SetAliasAsync("m", "champion", version, Ct);
                await Registry.MoveVersionAsync("m", version, ModelStage.Production, true, Ct);
                if (writer == 0)
                    await RefusesAsync(ErrorCode.InvalidArgument, () => NewVersionAsync(source: "/etc"));
            }
            return mine;
        })));
        Assert.Equal(Enumerable.Range(2, Writers * Each).Select(number => (long)number), numbers.SelectMany(mine => mine).Order());
        var all = (await Registry.SearchVersionsAsync(new RegistryQuery { Limit = 1000 }, Ct)).Versions;
        Assert.Equal(1 + (Writers * Each), all.Count);
        var champion = Assert.Single(all, version => version.Aliases.Count > 0);
        Assert.Equal(champion.Version, (await Registry.GetModelAsync("m", Ct)).Aliases["champion"]);
        Assert.Single(all, version => version.Stage == ModelStage.Production);
    }
}
