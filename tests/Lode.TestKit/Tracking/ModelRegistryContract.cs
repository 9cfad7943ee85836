using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>What every <see cref="IModelRegistry"/> promises. Derive, give a fresh registry, and all of it is checked.</summary>
public abstract partial class ModelRegistryContract : IAsyncLifetime
{
    /// <summary>The clock the registry was given.</summary>
    protected ManualTime Time { get; } = new();

    protected IModelRegistry Registry { get; private set; } = null!;

    protected static CancellationToken Ct => CancellationToken.None;

    public async Task InitializeAsync() => Registry = await CreateRegistryAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<IModelRegistry> CreateRegistryAsync();

    /// <summary>The logged models that the registry knows of.</summary>
    protected abstract ILoggedModelStore LoggedModels { get; }

    /// <summary>Makes a run whose artifacts lie in that folder.</summary>
    /// <returns>Its id and the URI of its artifacts.</returns>
    protected abstract Task<(string Id, string Artifacts)> NewRunAsync(string folder);

    protected Task<RegisteredModel> NewModelAsync(string name = "m") => Registry.CreateModelAsync(new NewRegisteredModel { Name = name }, Ct);

    protected Task<ModelVersion> NewVersionAsync(string name = "m", string source = "s3://bucket/model") => Registry.CreateVersionAsync(new NewModelVersion { Model = name, Source = source }, Ct);

    protected static async Task<LodeException> RefusesAsync(ErrorCode code, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<LodeException>(act);
        Assert.True(code == error.Code, $"{error.Code}: {error.Message}");
        return error;
    }

    private long Tick()
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        return Time.Milliseconds;
    }

    [Fact]
    public async Task CreateModel_IsRead()
    {
        var made = await Registry.CreateModelAsync(new NewRegisteredModel { Name = "Modell 1%", Description = "gut", Tags = new Dictionary<string, string> { ["team"] = "ä" } }, Ct);
        var read = await Registry.GetModelAsync("Modell 1%", Ct);
        foreach (var model in new[] { made, read })
        {
            Assert.Equal(("Modell 1%", "gut", "ä", Time.Milliseconds, Time.Milliseconds), (model.Name, model.Description, model.Tags["team"], model.CreatedAt, model.UpdatedAt));
            Assert.Empty(model.LatestVersions);
            Assert.Empty(model.Aliases);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("..")]
    [InlineData(".")]
    public async Task CreateModel_BadName_IsRefused(string name) => await RefusesAsync(ErrorCode.InvalidArgument, () => NewModelAsync(name));

    [Fact]
    public async Task CreateModel_NameTaken_IsRefused()
    {
        await NewModelAsync();
        var error = await RefusesAsync(ErrorCode.AlreadyExists, () => NewModelAsync());
        Assert.Equal("Registered Model (name=m) already exists.", error.Message);
        await NewModelAsync("M");
    }

    [Fact]
    public async Task UnknownModel_IsNotFound()
    {
        Assert.Equal("Registered Model with name=m not found", (await RefusesAsync(ErrorCode.NotFound, () => Registry.GetModelAsync("m", Ct))).Message);
        await RefusesAsync(ErrorCode.NotFound, () => Registry.DescribeModelAsync("m", "x", Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.RenameModelAsync("m", "n", Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.DeleteModelAsync("m", Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.SetModelTagAsync("m", "k", "v", Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.SetModelTagAsync("m", "k", null, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => NewVersionAsync());
        await RefusesAsync(ErrorCode.NotFound, () => Registry.SetAliasAsync("m", "a", 1, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.SetAliasAsync("m", "a", null, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.FindByAliasAsync("m", "a", Ct));
        Assert.Empty((await Registry.SearchModelsAsync(new RegistryQuery(), Ct)).Models);
    }

    [Fact]
    public async Task UnknownVersion_IsNotFound()
    {
        await NewModelAsync();
        Assert.Equal("Model Version (name=m, version=3) not found", (await RefusesAsync(ErrorCode.NotFound, () => Registry.GetVersionAsync("m", 3, Ct))).Message);
        await RefusesAsync(ErrorCode.NotFound, () => Registry.GetVersionAsync("m", -1, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.GetLocationAsync("m", 3, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.DescribeVersionAsync("m", 3, "x", Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.MoveVersionAsync("m", 3, ModelStage.Staging, false, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.DeleteVersionAsync("m", 3, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.SetVersionTagAsync("m", 3, "k", "v", Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.SetAliasAsync("m", "a", 3, Ct));
    }

    [Fact]
    public async Task Describe_SetsAndClears()
    {
        await NewModelAsync();
        var at = Tick();
        var model = await Registry.DescribeModelAsync("m", "new", Ct);
        Assert.Equal(("new", at), (model.Description, model.UpdatedAt));
        Assert.Null((await Registry.DescribeModelAsync("m", null, Ct)).Description);
        await NewVersionAsync();
        at = Tick();
        var version = await Registry.DescribeVersionAsync("m", 1, "why", Ct);
        Assert.Equal(("why", at), (version.Description, version.UpdatedAt));
        Assert.True((await Registry.GetModelAsync("m", Ct)).UpdatedAt < at);
        Assert.Null((await Registry.DescribeVersionAsync("m", 1, null, Ct)).Description);
    }

    [Fact]
    public async Task Tags_AreSetOverwrittenAndRemoved_AndChangeNoTime()
    {
        await NewModelAsync();
        var made = await NewVersionAsync();
        Tick();
        foreach (var (value, wanted) in new (string?, string?)[] { ("1", "1"), ("2", "2"), ("", ""), (null, null), (null, null) })
        {
            await Registry.SetModelTagAsync("m", "k e/y", value, Ct);
            await Registry.SetVersionTagAsync("m", 1, "k e/y", value, Ct);
            var (model, version) = (await Registry.GetModelAsync("m", Ct), await Registry.GetVersionAsync("m", 1, Ct));
            Assert.Equal((wanted, wanted), (model.Tags.GetValueOrDefault("k e/y"), version.Tags.GetValueOrDefault("k e/y")));
            Assert.Equal((made.UpdatedAt, made.UpdatedAt), (model.UpdatedAt, version.UpdatedAt));
        }
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("../x", 1)]
    [InlineData("a,b", 1)]
    [InlineData("long", ModelRules.MaxTagLength + 1)]
    public async Task Tags_AgainstTheRules_AreRefused(string key, int length)
    {
        await NewModelAsync();
        await NewVersionAsync();
        var value = new string('v', length);
        await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.SetModelTagAsync("m", key, value, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.SetVersionTagAsync("m", 1, key, value, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.CreateModelAsync(new NewRegisteredModel { Name = "n", Tags = new Dictionary<string, string> { [key] = value } }, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = "s3://b/k", Tags = new Dictionary<string, string> { [key] = value } }, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.GetModelAsync("n", Ct));
        Assert.Equal(2, (await NewVersionAsync()).Version);
    }

    [Fact]
    public async Task Rename_TakesEverythingAlong()
    {
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "old", Tags = new Dictionary<string, string> { ["k"] = "v" } }, Ct);
        await NewVersionAsync("old");
        await Registry.SetAliasAsync("old", "champion", 1, Ct);
        await NewModelAsync("taken");
        var at = Tick();
        await RefusesAsync(ErrorCode.AlreadyExists, () => Registry.RenameModelAsync("old", "taken", Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Registry.RenameModelAsync("old", "a/b", Ct));
        var model = await Registry.RenameModelAsync("old", "new", Ct);
        Assert.Equal(("new", "v", 1L, at), (model.Name, model.Tags["k"], model.Aliases["champion"], model.UpdatedAt));
        Assert.Equal(("new", at), (model.LatestVersions[0].Model, model.LatestVersions[0].UpdatedAt));
        Assert.Equal(1, (await Registry.FindByAliasAsync("new", "champion", Ct))!.Version);
        await RefusesAsync(ErrorCode.NotFound, () => Registry.GetModelAsync("old", Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Registry.GetVersionAsync("old", 1, Ct));
        Assert.Equal(2, (await NewVersionAsync("new")).Version);
        Assert.Equal("new", (await Registry.RenameModelAsync("new", "new", Ct)).Name);
    }

    [Fact]
    public async Task DeleteModel_TakesEverythingAlong()
    {
        await Registry.CreateModelAsync(new NewRegisteredModel { Name = "m", Tags = new Dictionary<string, string> { ["k"] = "v" } }, Ct);
        await Registry.CreateVersionAsync(new NewModelVersion { Model = "m", Source = "s3://b/1", Tags = new Dictionary<string, string> { ["k"] = "v" } }, Ct);
        await Registry.SetAliasAsync("m", "a", 1, Ct);
        await Registry.DeleteModelAsync("m", Ct);
        await RefusesAsync(ErrorCode.NotFound, () => Registry.GetVersionAsync("m", 1, Ct));
        Assert.Empty((await Registry.SearchVersionsAsync(new RegistryQuery(), Ct)).Versions);
        var again = await NewModelAsync();
        Assert.Empty(again.Tags);
        Assert.Empty(again.Aliases);
        var version = await NewVersionAsync();
        Assert.Equal(1, version.Version);
        Assert.Empty(version.Tags);
    }
}
