using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>What every <see cref="ILoggedModelStore"/> promises. Derive, give a fresh store, and all of it is checked.</summary>
public abstract class LoggedModelStoreContract : IAsyncLifetime
{
    /// <summary>The clock the store was given.</summary>
    protected ManualTime Time { get; } = new();

    protected ILoggedModelStore Store { get; private set; } = null!;

    /// <summary>For the projects.</summary>
    protected IRunStore Runs { get; private set; } = null!;

    protected static CancellationToken Ct => CancellationToken.None;

    public async Task InitializeAsync() => (Store, Runs) = await CreateStoresAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<(ILoggedModelStore Models, IRunStore Runs)> CreateStoresAsync();

    private async Task<LoggedModel> NewAsync(string? name = null, ProjectId project = default, string type = "", params (string Key, string Value)[] @params)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        return await Store.CreateAsync(new NewLoggedModel { Id = NewLoggedModel.NewId(), ProjectId = project, Name = name, ModelType = type, Params = [.. @params.Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value))] }, Ct);
    }

    private Task SeeAsync(LoggedModel model, string key, double value, long time = 1, long step = 0, string? data = null, string? digest = null, RunId? run = null) =>
        Store.LogMetricsAsync([new ModelMetric(model.Id, new MetricPoint(key, value, time, step), data, digest, run)], Ct);

    private async Task<string> FindAsync(LoggedModelQuery query) => string.Join(' ', (await Store.SearchAsync(query, Ct)).Select(model => model.Name));

    private Task<string> FindAsync(params FilterClause[] clauses) => FindAsync(new LoggedModelQuery { Projects = [ProjectId.Default], Filter = new RunFilter(clauses) });

    private static FilterClause Clause(FieldKind kind, string key, FilterOperator op, FilterValue value) => new(new RunField(kind, key), op, value);

    private static async Task<LodeException> RefusesAsync(ErrorCode code, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<LodeException>(act);
        Assert.Equal(code, error.Code);
        return error;
    }

    [Fact]
    public async Task Create_IsReadBack()
    {
        var project = await Runs.CreateProjectAsync(new NewProject { Name = "p", ArtifactLocation = "s3://bucket/x/" }, Ct);
        var made = await NewAsync("lm", project.Id, "classifier", ("lr", "0.1"));
        Assert.Equal(made.Id, (await Store.GetAsync(made.Id, Ct)).Id);
        Assert.Equal(("lm", "classifier", LoggedModelStatus.Pending, project.Id, "0.1"), (made.Name, made.ModelType, made.Status, made.ProjectId, made.Params["lr"]));
        Assert.Equal($"s3://bucket/x/models/{made.Id}/artifacts", made.ArtifactUri);
        Assert.Equal((Time.Milliseconds, Time.Milliseconds), (made.CreatedAt, made.UpdatedAt));
        Assert.StartsWith("mlflow-artifacts:/0/models/m-", (await NewAsync()).ArtifactUri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_SentAgain_ReturnsTheModel()
    {
        var model = new NewLoggedModel { Id = NewLoggedModel.NewId(), ProjectId = ProjectId.Default, Name = "once" };
        await Store.CreateAsync(model, Ct);
        Assert.Equal("once", (await Store.CreateAsync(model with { Name = "twice" }, Ct)).Name);
        Assert.Single(await Store.SearchAsync(new LoggedModelQuery { Projects = [ProjectId.Default] }, Ct));
    }

    [Fact]
    public async Task Create_InNoProjectOrOneInTheTrash_IsRefused()
    {
        await RefusesAsync(ErrorCode.NotFound, () => NewAsync("x", new ProjectId(77)));
        var project = await Runs.CreateProjectAsync(new NewProject { Name = "p" }, Ct);
        await Runs.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = Lifecycle.Deleted }, Ct);
        await RefusesAsync(ErrorCode.Conflict, () => NewAsync("x", project.Id));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("a.b")]
    [InlineData("a%b")]
    [InlineData("a\"b")]
    [InlineData("a'b")]
    public Task Create_BadName_IsRefused(string name) => RefusesAsync(ErrorCode.InvalidArgument, () => NewAsync(name));

    [Fact]
    public async Task Create_NoName_GetsOne() => Assert.Matches("^[a-z]+-[a-z]+-[0-9]+$", (await NewAsync("")).Name);

    [Fact]
    public async Task SetStatus_ChangesItAndItsTime()
    {
        var model = await NewAsync("m");
        Time.Advance(TimeSpan.FromMinutes(1));
        var ready = await Store.SetStatusAsync(model.Id, LoggedModelStatus.Ready, Ct);
        Assert.Equal((LoggedModelStatus.Ready, Time.Milliseconds, model.CreatedAt), (ready.Status, ready.UpdatedAt, ready.CreatedAt));
    }

    [Fact]
    public async Task Params_AreWrittenOnce()
    {
        var model = await NewAsync("m", @params: ("a", "1"));
        await Store.LogParamsAsync(model.Id, [new("a", "1"), new("b", "2")], Ct);
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogParamsAsync(model.Id, [new("c", "3"), new("a", "other")], Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.LogParamsAsync(model.Id, [new("", "1")], Ct));
        Assert.Equal("a=1 b=2", string.Join(' ', (await Store.GetAsync(model.Id, Ct)).Params.Select(pair => $"{pair.Key}={pair.Value}").Order()));
    }

    [Fact]
    public async Task Tags_AreSetAndRemoved()
    {
        var model = await NewAsync("m");
        await Store.SetTagsAsync(model.Id, [new("a", "1"), new("b", "2")], Ct);
        Assert.Equal("9", (await Store.SetTagsAsync(model.Id, [new("a", "9")], Ct)).Tags["a"]);
        Assert.Equal(["a"], (await Store.SetTagsAsync(model.Id, [new("b", null)], Ct)).Tags.Keys);
        await RefusesAsync(ErrorCode.NotFound, () => Store.SetTagsAsync(model.Id, [new("b", null)], Ct));
    }

    [Fact]
    public async Task Metrics_AreAllKept_TheFirstOfEquals()
    {
        var (model, run) = (await NewAsync("m"), RunId.New());
        await SeeAsync(model, "acc", 0.5, run: run, data: "d", digest: "1");
        await SeeAsync(model, "acc", 0.9, run: run);
        await SeeAsync(model, "acc", 0.7, time: 2, run: run);
        await SeeAsync(model, "acc", double.NaN, time: 3);
        var metrics = (await Store.GetAsync(model.Id, Ct)).Metrics;
        Assert.Equal([0.5, 0.7, double.NaN], metrics.Select(metric => metric.Point.Value));
        Assert.Equal(("d", "1", run, model.Id), (metrics[0].DatasetName, metrics[0].DatasetDigest, metrics[0].Run, metrics[0].ModelId));
        Assert.Null(metrics[2].Run);
    }

    [Fact]
    public async Task Metrics_OfAnUnknownModel_AreRefusedTogether()
    {
        var model = await NewAsync("m");
        var point = new MetricPoint("acc", 1, 1, 1);
        await RefusesAsync(ErrorCode.NotFound, () => Store.LogMetricsAsync([new ModelMetric(model.Id, point), new ModelMetric("m-nothing", point)], Ct));
        Assert.Empty((await Store.GetAsync(model.Id, Ct)).Metrics);
    }

    [Fact]
    public async Task Delete_MakesItUnknown()
    {
        var model = await NewAsync("m");
        await Store.DeleteAsync(model.Id, Ct);
        await RefusesAsync(ErrorCode.NotFound, () => Store.GetAsync(model.Id, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.DeleteAsync(model.Id, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.SetStatusAsync(model.Id, LoggedModelStatus.Ready, Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.SetTagsAsync(model.Id, [new("a", "1")], Ct));
        await RefusesAsync(ErrorCode.NotFound, () => Store.LogParamsAsync(model.Id, [new("a", "1")], Ct));
        Assert.Empty(await Store.SearchAsync(new LoggedModelQuery { Projects = [ProjectId.Default] }, Ct));
    }

    [Fact]
    public async Task Search_ByEveryKindOfClause()
    {
        var (a, b) = (await NewAsync("alpha", type: "tree", @params: ("lr", "0.1")), await NewAsync("Beta", @params: ("lr", "0.2")));
        await Store.SetTagsAsync(a.Id, [new("team", "x")], Ct);
        await Store.SetStatusAsync(b.Id, LoggedModelStatus.Ready, Ct);
        await SeeAsync(a, "acc", 0.3, time: 1);
        await SeeAsync(a, "acc", 0.9, time: 2);
        await SeeAsync(b, "acc", double.NaN);
        Assert.Equal("Beta alpha", await FindAsync());
        Assert.Equal("alpha", await FindAsync(Clause(FieldKind.Attribute, "name", FilterOperator.Equal, FilterValue.Of("alpha"))));
        Assert.Equal("", await FindAsync(Clause(FieldKind.Attribute, "name", FilterOperator.Like, FilterValue.Of("AL%"))));
        Assert.Equal("alpha", await FindAsync(Clause(FieldKind.Attribute, "name", FilterOperator.ILike, FilterValue.Of("AL%"))));
        Assert.Equal("alpha", await FindAsync(Clause(FieldKind.Attribute, "model_type", FilterOperator.Equal, FilterValue.Of("tree"))));
        Assert.Equal("Beta", await FindAsync(Clause(FieldKind.Attribute, "model_status", FilterOperator.Equal, FilterValue.Of("ready"))));
        Assert.Equal("Beta", await FindAsync(Clause(FieldKind.Attribute, "id", FilterOperator.Equal, FilterValue.Of(b.Id))));
        Assert.Equal("Beta", await FindAsync(Clause(FieldKind.Attribute, "created", FilterOperator.Greater, FilterValue.Of(a.CreatedAt))));
        Assert.Equal("alpha", await FindAsync(Clause(FieldKind.Param, "lr", FilterOperator.NotEqual, FilterValue.Of("0.2"))));
        Assert.Equal("alpha", await FindAsync(Clause(FieldKind.Tag, "team", FilterOperator.Equal, FilterValue.Of("x"))));
        Assert.Equal("Beta", await FindAsync(new FilterClause(new RunField(FieldKind.Tag, "team"), FilterOperator.IsNull, Array.Empty<FilterValue>())));
        Assert.Equal("alpha", await FindAsync(Clause(FieldKind.Metric, "acc", FilterOperator.Less, FilterValue.Of(0.5)), Clause(FieldKind.Metric, "acc", FilterOperator.Greater, FilterValue.Of(0.5))));
        Assert.Equal("", await FindAsync(new LoggedModelQuery { Projects = [] }));
        Assert.Equal("", await FindAsync(new LoggedModelQuery { Projects = [new ProjectId(99)] }));
    }

    [Fact]
    public async Task Search_ByDatasets()
    {
        var (a, b, c) = (await NewAsync("a"), await NewAsync("b"), await NewAsync("c"));
        await SeeAsync(a, "acc", 0.9, data: "train", digest: "1");
        await SeeAsync(b, "acc", 0.9, data: "train", digest: "2");
        await SeeAsync(b, "acc", 0.1, time: 2, data: "test", digest: "1");
        await SeeAsync(c, "acc", 0.9);
        var query = new LoggedModelQuery { Projects = [ProjectId.Default] };
        Assert.Equal("b a", await FindAsync(query with { Datasets = [new("train", null)] }));
        Assert.Equal("b", await FindAsync(query with { Datasets = [new("train", "2"), new("nothing", null)] }));
        var good = new RunFilter([Clause(FieldKind.Metric, "acc", FilterOperator.Greater, FilterValue.Of(0.5))]);
        Assert.Equal("", await FindAsync(query with { Datasets = [new("test", null)], Filter = good }));
        Assert.Equal("c b a", await FindAsync(query with { Filter = good }));
    }

    [Fact]
    public async Task Search_Order_MissingLast_AndPages()
    {
        var (a, b, c) = (await NewAsync("a"), await NewAsync("b"), await NewAsync("c"));
        await SeeAsync(a, "acc", 0.9, time: 1);
        await SeeAsync(a, "acc", 0.2, time: 2);
        await SeeAsync(b, "acc", 0.5, data: "d");
        var query = new LoggedModelQuery { Projects = [ProjectId.Default] };
        var acc = new RunField(FieldKind.Metric, "acc");
        Assert.Equal("c b a", await FindAsync(query));
        Assert.Equal("b a c", await FindAsync(query with { Order = [new(acc, Descending: true)] }));
        Assert.Equal("a b c", await FindAsync(query with { Order = [new(acc, Descending: false)] }));
        Assert.Equal("b c a", await FindAsync(query with { Order = [new(acc, Descending: false, new DatasetReference("d", null))] }));
        Assert.Equal("a b c", await FindAsync(query with { Order = [new(new RunField(FieldKind.Attribute, "name"), Descending: false)] }));
        Assert.Equal("b", await FindAsync(query with { Offset = 1, Limit = 1 }));
        Assert.Equal(c.Id, (await Store.SearchAsync(query with { Limit = 1 }, Ct)).Single().Id);
    }
}
