using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>What every <see cref="IRunStore"/> promises. Derive, give a fresh store, and all of it is checked.</summary>
public abstract partial class RunStoreContract : IAsyncLifetime
{
    /// <summary>The clock the store was given.</summary>
    protected ManualTime Time { get; } = new();

    protected IRunStore Store { get; set; } = null!;

    protected static CancellationToken Ct => CancellationToken.None;

    public async Task InitializeAsync() => Store = await CreateStoreAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<IRunStore> CreateStoreAsync();

    protected Task<Project> NewProjectAsync(string name = "p") => Store.CreateProjectAsync(new NewProject { Name = name }, Ct);

    protected async Task<Run> NewRunAsync(ProjectId project, string? name = null, long? startedAt = null) =>
        await Store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = project, Name = name, StartedAt = startedAt, User = "ada" }, Ct);

    protected Task LogAsync(Run run, params (string Key, double Value, long Step)[] points) =>
        Store.LogAsync(run.Id, new RunBatch { Metrics = [.. points.Select(point => new MetricPoint(point.Key, point.Value, Time.Milliseconds, point.Step))] }, Ct);

    protected static async Task<LodeException> RefusesAsync(ErrorCode code, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<LodeException>(act);
        Assert.Equal(code, error.Code);
        return error;
    }

    [Fact]
    public async Task Projects_DefaultExists() => Assert.Equal("Default", (await Store.GetProjectAsync(ProjectId.Default, Ct)).Name);

    [Fact]
    public async Task CreateProject_IsFoundByIdAndName()
    {
        var made = await Store.CreateProjectAsync(new NewProject { Name = "Fräulein 1", ArtifactLocation = "file:/x", Tags = new Dictionary<string, string> { ["team"] = "a" } }, Ct);
        Assert.Equal(made.Id, (await Store.FindProjectAsync("Fräulein 1", Ct))!.Id);
        var read = await Store.GetProjectAsync(made.Id, Ct);
        Assert.Equal(("Fräulein 1", "file:/x", Lifecycle.Active, "a"), (read.Name, read.ArtifactLocation, read.Lifecycle, read.Tags["team"]));
        Assert.Equal(Time.Milliseconds, read.CreatedAt);
        Assert.Null(await Store.FindProjectAsync("fräulein 1", Ct));
    }

    [Fact]
    public async Task CreateProject_NameTaken_IsRefused()
    {
        var first = await NewProjectAsync("twice");
        await RefusesAsync(ErrorCode.AlreadyExists, () => NewProjectAsync("twice"));
        await Store.UpdateProjectAsync(first.Id, new ProjectChange { Lifecycle = Lifecycle.Deleted }, Ct);
        await RefusesAsync(ErrorCode.AlreadyExists, () => NewProjectAsync("twice"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public async Task CreateProject_BlankName_IsRefused(string name) => await RefusesAsync(ErrorCode.InvalidArgument, () => NewProjectAsync(name));

    [Fact]
    public async Task UpdateProject_RenamesAndTags()
    {
        var project = await NewProjectAsync("old");
        await Store.UpdateProjectAsync(project.Id, new ProjectChange { Name = "new", Tags = new Dictionary<string, string?> { ["a"] = "1", ["b"] = "2" } }, Ct);
        var read = await Store.UpdateProjectAsync(project.Id, new ProjectChange { Tags = new Dictionary<string, string?> { ["a"] = null, ["missing"] = null } }, Ct);
        Assert.Equal("new", read.Name);
        Assert.Equal(["b"], read.Tags.Keys);
    }

    [Theory]
    [InlineData("../x", 1)]
    [InlineData("", 1)]
    [InlineData("long", NameRules.MaxProjectTagLength + 1)]
    public async Task ProjectTags_AgainstTheRules_AreRefused(string key, int length)
    {
        var (project, value) = (await NewProjectAsync(), new string('v', length));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.CreateProjectAsync(new NewProject { Name = "q", Tags = new Dictionary<string, string> { [key] = value } }, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.UpdateProjectAsync(project.Id, new ProjectChange { Tags = new Dictionary<string, string?> { [key] = value } }, Ct));
        Assert.Null(await Store.FindProjectAsync("q", Ct));
    }

    [Fact]
    public async Task UpdateProject_TrashAndRestore_TakesItsRunsAlong()
    {
        var project = await NewProjectAsync();
        var run = await NewRunAsync(project.Id);
        await Store.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = Lifecycle.Deleted }, Ct);
        Assert.Equal(Lifecycle.Deleted, (await Store.GetRunAsync(run.Id, Ct)).Lifecycle);
        await RefusesAsync(ErrorCode.Conflict, () => NewRunAsync(project.Id));
        await RefusesAsync(ErrorCode.Conflict, () => Store.UpdateProjectAsync(project.Id, new ProjectChange { Name = "x" }, Ct));
        Assert.DoesNotContain((await Store.SearchProjectsAsync(new ProjectQuery(), Ct)).Projects, found => found.Id == project.Id);
        await Store.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = Lifecycle.Active }, Ct);
        Assert.Equal(Lifecycle.Active, (await Store.GetRunAsync(run.Id, Ct)).Lifecycle);
    }

    [Fact]
    public async Task SearchProjects_FiltersOrdersAndPages()
    {
        foreach (var name in new[] { "ant", "Bee", "cat" })
        {
            await NewProjectAsync(name);
            Time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(["cat", "Bee", "ant", "Default"], (await Store.SearchProjectsAsync(new ProjectQuery(), Ct)).Projects.Select(project => project.Name));
        var like = new ProjectQuery { Filter = FilterParser.Parse("name ilike \"b%\"") };
        Assert.Equal(["Bee"], (await Store.SearchProjectsAsync(like, Ct)).Projects.Select(project => project.Name));
        var page = await Store.SearchProjectsAsync(new ProjectQuery { Order = [RunOrder.Parse("name asc")], Offset = 1, Limit = 2 }, Ct);
        Assert.Equal(["Default", "ant"], page.Projects.Select(project => project.Name));
        Assert.Equal(4, page.Total);
    }

    [Fact]
    public async Task SearchProjects_MadeInTheSameMillisecond_NewestFirst()
    {
        foreach (var name in new[] { "b", "a", "c" })
            await NewProjectAsync(name);
        Assert.Equal(["c", "a", "b", "Default"], (await Store.SearchProjectsAsync(new ProjectQuery(), Ct)).Projects.Select(project => project.Name));
    }

    [Fact]
    public async Task SearchProjects_CountsRunsByStatus()
    {
        var project = await NewProjectAsync();
        await NewRunAsync(project.Id, startedAt: 5);
        var done = await NewRunAsync(project.Id, startedAt: 9);
        await Store.UpdateRunAsync(done.Id, new RunChange { Status = RunStatus.Finished }, Ct);
        var trashed = await NewRunAsync(project.Id, startedAt: 99);
        await Store.UpdateRunAsync(trashed.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        var read = (await Store.SearchProjectsAsync(new ProjectQuery(), Ct)).Projects.Single(found => found.Id == project.Id);
        Assert.Equal(new RunCounts { Total = 2, Running = 1, Finished = 1 }, read.Runs);
        Assert.Equal(9, read.LastRunAt);
    }

    [Fact]
    public async Task CreateRun_IsRead_AndSentAgainIsTheSame()
    {
        var project = await NewProjectAsync();
        var id = RunId.New();
        var asked = new NewRun { Id = id, ProjectId = project.Id, Name = "first", User = "ada", StartedAt = 123, Tags = new Dictionary<string, string> { ["k"] = "v" } };
        await Store.CreateRunAsync(asked, Ct);
        var read = await Store.CreateRunAsync(asked with { Name = "second" }, Ct);
        Assert.Equal(("first", "ada", RunStatus.Running, 123L, null, "v"), (read.Name, read.User, read.Status, read.StartedAt, read.EndedAt, read.Tags["k"]));
        Assert.Equal(1, (await Store.SearchProjectsAsync(new ProjectQuery(), Ct)).Projects.Single(found => found.Id == project.Id).Runs.Total);
    }

    [Fact]
    public async Task Run_ArtifactUri_LiesInItsProjectsPlace()
    {
        var own = await Store.CreateProjectAsync(new NewProject { Name = "own", ArtifactLocation = "s3://bucket/x/" }, Ct);
        var (placed, plain) = (await NewRunAsync(own.Id), await NewRunAsync(ProjectId.Default));
        Assert.Equal($"s3://bucket/x/{placed.Id}/artifacts", placed.ArtifactUri);
        Assert.Equal($"mlflow-artifacts:/0/{plain.Id}/artifacts", (await Store.GetRunAsync(plain.Id, Ct)).ArtifactUri);
        var found = await Store.SearchRunsAsync(new RunQuery { Projects = [own.Id], Filter = FilterParser.Parse($"artifact_uri=\"{placed.ArtifactUri}\"") }, Ct);
        Assert.Equal(placed.ArtifactUri, Assert.Single(found.Runs).ArtifactUri);
        Assert.Equal(2, (await Store.GetChangesAsync(default, 0, 9, Ct)).Runs.Count(run => run.ArtifactUri.EndsWith("/artifacts", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task CreateRun_WithoutName_GetsOne() => Assert.NotEmpty((await NewRunAsync((await NewProjectAsync()).Id)).Name);

    [Fact]
    public async Task UnknownIds_AreNotFound()
    {
        var missing = RunId.New();
        await RefusesAsync(ErrorCode.NotFound, () => Store.GetProjectAsync(new ProjectId(4711), Ct));
        await RefusesAsync(ErrorCode.NotFound, () => NewRunAsync(new ProjectId(4711)));
        var error = await RefusesAsync(ErrorCode.NotFound, () => Store.GetRunAsync(missing, Ct));
        Assert.Contains(missing.ToString(), error.Message, StringComparison.Ordinal);
        await RefusesAsync(ErrorCode.NotFound, () => Store.UpdateRunAsync(missing, new RunChange { Name = "x" }, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.LogAsync(missing, new RunBatch(), Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.GetHistoryAsync(missing, "m", 0, 10, Ct));
    }

    [Fact]
    public async Task UpdateRun_ChangesOnlyWhatIsSaid()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id, "n");
        var read = await Store.UpdateRunAsync(run.Id, new RunChange { Status = RunStatus.Failed, EndedAt = 77 }, Ct);
        Assert.Equal(("n", RunStatus.Failed, 77L), (read.Name, read.Status, read.EndedAt));
        read = await Store.UpdateRunAsync(run.Id, new RunChange { Name = "m" }, Ct);
        Assert.Equal(("m", RunStatus.Failed, 77L), (read.Name, read.Status, read.EndedAt));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.UpdateRunAsync(run.Id, new RunChange { Name = "" }, Ct));
    }

    [Fact]
    public async Task Trash_ForbidsWrites_AndRestoreAllowsThem()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        await RefusesAsync(ErrorCode.Conflict, () => LogAsync(run, ("m", 1, 0)));
        await RefusesAsync(ErrorCode.Conflict, () => Store.UpdateRunAsync(run.Id, new RunChange { Name = "x" }, Ct));
        await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Active }, Ct);
        await LogAsync(run, ("m", 1, 0));
        Assert.Equal(1, (await Store.GetRunAsync(run.Id, Ct)).Metrics["m"].Count);
    }

    [Fact]
    public async Task Log_AfterARefusedBatch_GoesOn_AndKeepsWhatWasThere()
    {
        var run = await NewRunAsync((await NewProjectAsync()).Id);
        await Store.LogAsync(run.Id, new RunBatch { Params = [new("lr", "1")] }, Ct);
        await LogAsync(run, ("m", 1, 0));
        // The new param is written before the changed one is refused, and taken back with it.
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogAsync(run.Id, new RunBatch { Params = [new("new", "1"), new("lr", "2")], Metrics = [new("m", 9, 9, 9)] }, Ct));
        await LogAsync(run, ("m", 2, 1));
        var read = await Store.GetRunAsync(run.Id, Ct);
        Assert.Equal((2, 2.0, "1", false), (read.Metrics["m"].Count, read.Metrics["m"].Last, read.Params["lr"], read.Params.ContainsKey("new")));
    }

    [Fact]
    public async Task GetChanges_GivesEachChangedRunOnce_InOrder()
    {
        var project = await NewProjectAsync();
        var other = await NewProjectAsync("other");
        var a = await NewRunAsync(project.Id, "a");
        var b = await NewRunAsync(project.Id, "b");
        var start = (await Store.GetChangesAsync(default, 0, 100, Ct)).Version;
        Assert.Empty((await Store.GetChangesAsync(default, start, 100, Ct)).Runs);
        await LogAsync(b, ("m", 1, 0));
        await NewRunAsync(other.Id, "c");
        await LogAsync(a, ("m", 1, 0));
        await LogAsync(b, ("m", 2, 1));
        var all = await Store.GetChangesAsync(default, start, 100, Ct);
        Assert.Equal(["c", "a", "b"], all.Runs.Select(run => run.Name));
        Assert.Equal(2, all.Runs[2].Metrics["m"].Last);
        Assert.Equal(["a", "b"], (await Store.GetChangesAsync(new ChangeScope(Project: project.Id), start, 100, Ct)).Runs.Select(run => run.Name));
        Assert.Equal(["a"], (await Store.GetChangesAsync(new ChangeScope(Run: a.Id), start, 100, Ct)).Runs.Select(run => run.Name));
        var first = await Store.GetChangesAsync(default, start, 1, Ct);
        Assert.Equal(["a", "b"], (await Store.GetChangesAsync(default, first.Version, 100, Ct)).Runs.Select(run => run.Name));
        Assert.Empty((await Store.GetChangesAsync(default, all.Version, 100, Ct)).Runs);
    }
}
