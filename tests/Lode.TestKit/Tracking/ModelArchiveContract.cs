using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>What every <see cref="IModelArchive"/> promises.</summary>
public abstract class ModelArchiveContract : IAsyncLifetime
{
    protected IModelArchive Archive { get; private set; } = null!;

    protected static CancellationToken Ct => CancellationToken.None;

    public async Task InitializeAsync() => Archive = await CreateAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<IModelArchive> CreateAsync();

    /// <summary>A logged model with odd values.</summary>
    public static LoggedModel NewLogged(ProjectId project, string name = "forest", RunId? run = null)
    {
        var id = NewLoggedModel.NewId();
        return new LoggedModel
        {
            Id = id,
            ProjectId = project,
            Name = name,
            ModelType = "sklearn",
            SourceRun = run?.ToString() ?? "",
            Status = LoggedModelStatus.Ready,
            CreatedAt = 10,
            UpdatedAt = 20,
            Params = new Dictionary<string, string> { ["depth"] = "3", ["ö"] = "" },
            Tags = new Dictionary<string, string> { ["team"] = "a\nb" },
            Metrics =
            [
                new ModelMetric(id, new MetricPoint("acc", double.NaN, 1, 1)),
                new ModelMetric(id, new MetricPoint("acc", 0.5, 2, -7), "iris", "d1", RunId.New()),
                new ModelMetric(id, new MetricPoint("loss", double.PositiveInfinity, 2, 3), "iris", null),
            ],
        };
    }

    /// <summary>A registered model whose version 2 was deleted while an alias led to it, and whose version 4 too.</summary>
    public static ArchivedModel NewRegistered(string name) => new()
    {
        Name = name,
        Description = "who leaves",
        CreatedAt = 1,
        UpdatedAt = 9,
        LastVersion = 4,
        Tags = new Dictionary<string, string> { ["owner"] = "ada" },
        Aliases = new Dictionary<string, long> { ["champion"] = 3, ["gone"] = 2 },
        Versions =
        [
            new ArchivedVersion { Version = 1, Source = "s3://bucket/1", Location = "s3://bucket/1", Stage = ModelStage.Archived, CreatedAt = 2, UpdatedAt = 8 },
            new ArchivedVersion
            {
                Version = 3, Source = "models:/m-1", Location = "mlflow-artifacts:/0/models/m-1/artifacts", RunId = RunId.New().ToString(), RunLink = "http://x", ModelId = "m-1", Description = "better",
                Stage = ModelStage.Production, CreatedAt = 3, UpdatedAt = 7, Tags = new Dictionary<string, string> { ["checked"] = "yes" },
            },
        ],
    };

    [Fact]
    public async Task PutLogged_IsReadBackTheSame_AndAgainReplaces()
    {
        var model = NewLogged(ProjectId.Default);
        Assert.Null(await Archive.FindLoggedAsync(model.Id, Ct));
        for (var i = 0; i < 2; i++)
        {
            await Archive.PutLoggedAsync(model, Ct);
            var read = await Archive.FindLoggedAsync(model.Id, Ct);
            Assert.Equivalent(model with { ArtifactUri = $"mlflow-artifacts:/0/models/{model.Id}/artifacts" }, read, strict: true);
            model = model with { Name = "tree", Status = LoggedModelStatus.Pending, Params = new Dictionary<string, string> { ["width"] = "1" }, Metrics = [] };
        }
    }

    [Fact]
    public async Task ListLogged_GoesThroughAProjectById()
    {
        var models = Enumerable.Range(0, 5).Select(_ => NewLogged(ProjectId.Default)).ToList();
        foreach (var model in models)
            await Archive.PutLoggedAsync(model, Ct);
        var ids = models.Select(model => model.Id).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(ids[..2], (await Archive.ListLoggedAsync(ProjectId.Default, "", 2, Ct)).Select(model => model.Id));
        Assert.Equal(ids[2..], (await Archive.ListLoggedAsync(ProjectId.Default, ids[1], 10, Ct)).Select(model => model.Id));
        Assert.Empty(await Archive.ListLoggedAsync(new ProjectId(77), "", 10, Ct));
    }

    [Fact]
    public async Task PutLogged_AgainstTheRules_IsRefused()
    {
        var good = NewLogged(ProjectId.Default);
        foreach (var (bad, code) in new[]
        {
            (good with { Id = "m-../../etc" }, ErrorCode.InvalidArgument),
            (good with { Name = "a/b" }, ErrorCode.InvalidArgument),
            (good with { Params = new Dictionary<string, string> { [""] = "1" } }, ErrorCode.InvalidArgument),
            (good with { ProjectId = new ProjectId(77) }, ErrorCode.NotFound),
        })
        {
            // Over HTTP, slashes of an id are another address.
            var refusal = await Assert.ThrowsAsync<LodeException>(() => Archive.PutLoggedAsync(bad, Ct));
            Assert.Equal(code, refusal.Code);
        }
        Assert.Empty(await Archive.ListLoggedAsync(ProjectId.Default, "", 10, Ct));
    }

    [Fact]
    public async Task PutRegistered_IsReadBackTheSame_AndAgainReplaces()
    {
        var model = NewRegistered("churn & more");
        Assert.Null(await Archive.FindRegisteredAsync(model.Name, Ct));
        await Archive.PutRegisteredAsync(model, Ct);
        Assert.Equivalent(model, await Archive.FindRegisteredAsync(model.Name, Ct), strict: true);
        var smaller = model with { LastVersion = 1, Versions = [model.Versions[0]], Aliases = new Dictionary<string, long>(), Tags = new Dictionary<string, string>() };
        await Archive.PutRegisteredAsync(smaller, Ct);
        // Numbers that were given are not given again.
        Assert.Equivalent(smaller with { LastVersion = 4 }, await Archive.FindRegisteredAsync(model.Name, Ct), strict: true);
    }

    [Fact]
    public async Task ListRegistered_GoesThroughAll()
    {
        string[] names = ["b", "a", "c"];
        foreach (var name in names)
            await Archive.PutRegisteredAsync(NewRegistered(name), Ct);
        Assert.Equal(names[..2], (await Archive.ListRegisteredAsync("", 2, Ct)).Select(model => model.Name));
        Assert.Equal(names[2..], (await Archive.ListRegisteredAsync("a", 2, Ct)).Select(model => model.Name));
        Assert.Empty(await Archive.ListRegisteredAsync("c", 2, Ct));
    }

    [Fact]
    public async Task PutRegistered_AgainstTheRules_IsRefused()
    {
        var good = NewRegistered("churn");
        foreach (var bad in new[]
        {
            good with { Aliases = new Dictionary<string, long> { ["latest"] = 1 } },
            good with { Versions = [good.Versions[0], good.Versions[0]] },
            good with { Versions = [good.Versions[0] with { Version = 0 }] },
            good with { Versions = [good.Versions[0] with { Source = "" }] },
        })
        {
            Assert.Equal(ErrorCode.InvalidArgument, (await Assert.ThrowsAsync<LodeException>(() => Archive.PutRegisteredAsync(bad, Ct))).Code);
        }
        Assert.Null(await Archive.FindRegisteredAsync("churn", Ct));
    }
}
