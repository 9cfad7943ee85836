using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Storage.Tests.Exchange;

/// <summary>A store to export from and an empty one to import to.</summary>
public abstract class TwoStores : IAsyncLifetime
{
    private readonly List<SqliteDatabase> _databases = [];

    protected TemporaryFolder Folder { get; } = new();

    protected ManualTime Time { get; } = new();

    protected SqlRunStore Source { get; private set; } = null!;

    protected SqlRunStore Target { get; private set; } = null!;

    protected static CancellationToken Ct => CancellationToken.None;

    public Task InitializeAsync()
    {
        (Source, Target) = (NewStore(), NewStore());
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (var database in _databases)
            await database.DisposeAsync();
        Folder.Dispose();
    }

    protected SqlRunStore NewStore()
    {
        var database = SqliteDatabase.Open(Folder[$"{_databases.Count}.db"]);
        _databases.Add(database);
        return new SqlRunStore(database, Time);
    }

    /// <summary>Runs of every status, in use and in the trash, with odd keys, texts and values.</summary>
    protected async Task FillAsync(SqlRunStore store)
    {
        var rng = new Rng(7);
        var trashed = await store.CreateProjectAsync(new NewProject { Name = "weggeworfen, \"ja\"", ArtifactLocation = "s3://b/x", Tags = new Dictionary<string, string> { ["team"] = "ä\n\u2028" } }, Ct);
        var used = await store.CreateProjectAsync(new NewProject { Name = "used" }, Ct);
        await store.CreateProjectAsync(new NewProject { Name = "empty" }, Ct);
        double[] odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, double.Epsilon, double.MaxValue, 0.1, 1e300, -7];
        foreach (var project in new[] { trashed.Id, used.Id, ProjectId.Default })
        {
            foreach (var status in Enum.GetValues<RunStatus>())
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                var run = await store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = project, User = "ada", StartedAt = status == RunStatus.Scheduled ? null : Time.Milliseconds, Tags = new Dictionary<string, string> { ["a b/c"] = "x,\"y\"\r\n", ["empty"] = "" } }, Ct);
                await store.LogAsync(run.Id, new RunBatch
                {
                    Params = [new("lr", "1e-3"), new("päram", "größe: \\ \"")],
                    Metrics =
                    [
                        .. odd.Select((value, i) => new MetricPoint("odd", value, i / 2, -i)),
                        .. Enumerable.Range(0, status == RunStatus.Finished && project == used.Id ? 12_000 : 5).Select(i => new MetricPoint("loss/val ü", rng.NextDouble(), 1_700_000_000_000 + i, i)),
                        new MetricPoint("nan", double.NaN, 0, long.MaxValue),
                    ],
                }, Ct);
                await store.LogLineageAsync(run.Id, new RunLineage
                {
                    Datasets = [new DatasetInput { Dataset = new TrackedDataset { Name = "iris", Digest = $"d{(int)status % 2}", SourceType = "local", Source = "{}", Schema = "[1]" }, Tags = new Dictionary<string, string> { [DatasetInput.ContextTag] = "train" } }],
                    ModelInputs = ["m-1"],
                    ModelOutputs = [new ModelOutput("m-2", 7)],
                }, Ct);
                await store.UpdateRunAsync(run.Id, new RunChange { Status = status, EndedAt = status is RunStatus.Finished or RunStatus.Failed ? Time.Milliseconds + 9 : null }, Ct);
                if (status is RunStatus.Killed or RunStatus.Stale)
                    await store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
            }
        }
        Time.Advance(TimeSpan.FromSeconds(1));
        await store.UpdateProjectAsync(trashed.Id, new ProjectChange { Lifecycle = Lifecycle.Deleted }, Ct);
    }

    /// <summary>A store with its models and files; these lie in a folder of their own.</summary>
    protected ExchangeStores Whole(SqlRunStore store) => new(store, new SqlModelArchive(store.Database), new SqlArtifactStore(store.Database, new FolderBlobStore(Folder[store == Source ? "source-files" : "target-files"]), Time));

    protected static async Task<IReadOnlyList<Project>> ProjectsAsync(SqlRunStore store) =>
        (await store.SearchProjectsAsync(new ProjectQuery { View = LifecycleView.All, Order = [RunOrder.Parse("name asc")] }, Ct)).Projects;

    protected static async Task<IReadOnlyList<Run>> RunsAsync(SqlRunStore store) => [.. (await store.SearchRunsAsync(
        new RunQuery { Projects = [.. (await ProjectsAsync(store)).Select(project => project.Id)], View = LifecycleView.All, Limit = 1000 }, Ct)).Runs.OrderBy(run => run.Id.ToString(), StringComparer.Ordinal)];

    /// <summary>Both stores hold the same, to the last bit of every point.</summary>
    protected static async Task AssertSameAsync(SqlRunStore a, SqlRunStore b)
    {
        foreach (var (x, y) in (await ProjectsAsync(a)).Zip(await ProjectsAsync(b), (x, y) => (x, y)))
            Assert.Equivalent(x, y, strict: true);
        Assert.Equal((await ProjectsAsync(a)).Count, (await ProjectsAsync(b)).Count);
        var (from, to) = (await RunsAsync(a), await RunsAsync(b));
        Assert.Equal(from.Count, to.Count);
        foreach (var (x, y) in from.Zip(to))
        {
            Assert.Equal(
                (x.Id, x.ProjectId, x.Name, x.User, x.Status, x.Lifecycle, x.StartedAt, x.EndedAt, x.DeletedAt, x.ArtifactUri),
                (y.Id, y.ProjectId, y.Name, y.User, y.Status, y.Lifecycle, y.StartedAt, y.EndedAt, y.DeletedAt, y.ArtifactUri));
            Assert.Equal(x.Params, y.Params);
            Assert.Equal(x.Tags, y.Tags);
            Assert.Single(x.Lineage.Datasets);
            Assert.Equivalent(x.Lineage, y.Lineage, strict: true);
            Assert.Equal(x.Metrics.Keys.Order(StringComparer.Ordinal), y.Metrics.Keys.Order(StringComparer.Ordinal));
            foreach (var (key, metric) in x.Metrics)
            {
                // A mean is added up in the order in which points came, so its last bits may differ.
                Assert.Equal(metric with { Mean = 0 }, y.Metrics[key] with { Mean = 0 });
                Assert.Equal(metric.Mean, y.Metrics[key].Mean, 1e-9 * Math.Max(1, double.IsFinite(metric.Mean) ? Math.Abs(metric.Mean) : 1));
                var (before, after) = (await a.GetHistoryAsync(x.Id, key, 0, 100_000, Ct), await b.GetHistoryAsync(x.Id, key, 0, 100_000, Ct));
                Assert.True(before.Select(Bits).SequenceEqual(after.Select(Bits)), key);
            }
        }
    }

    private static (string, long, long, long) Bits(MetricPoint point) => (point.Key, BitConverter.DoubleToInt64Bits(point.Value), point.Time, point.Step);
}
