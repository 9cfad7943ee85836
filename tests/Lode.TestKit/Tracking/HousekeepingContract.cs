using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

/// <summary>What every <see cref="IHousekeeping"/> promises.</summary>
public abstract class HousekeepingContract : IAsyncLifetime
{
    protected ManualTime Time { get; } = new();

    protected IRunStore Store { get; private set; } = null!;

    protected IHousekeeping Housekeeping { get; private set; } = null!;

    protected static CancellationToken Ct => CancellationToken.None;

    /// <summary>Where journals lie.</summary>
    protected abstract string JournalFolder { get; }

    public async Task InitializeAsync() => (Store, Housekeeping) = await CreateAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<(IRunStore Store, IHousekeeping Housekeeping)> CreateAsync();

    private async Task<Run> NewRunAsync(ProjectId project, int points)
    {
        var run = await Store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = project, Tags = new Dictionary<string, string> { ["t"] = "v" } }, Ct);
        await Store.LogLineageAsync(run.Id, new RunLineage
        {
            Datasets = [new DatasetInput { Dataset = new TrackedDataset { Name = "iris", Digest = "d", SourceType = "local", Source = "{}" }, Tags = new Dictionary<string, string> { ["k"] = "v" } }],
            ModelInputs = ["m-1"],
            ModelOutputs = [new ModelOutput("m-2", 7)],
        }, Ct);
        await Store.LogAsync(run.Id, new RunBatch { Params = [new("p", "1")], Metrics = [.. Enumerable.Range(0, points).Select(i => new MetricPoint(i % 2 == 0 ? "a" : "b", i * 0.37, i, i))] }, Ct);
        return run;
    }

    private Task<Run> TrashAsync(Run run) => Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);

    private async Task<bool> IsThereAsync(RunId run)
    {
        try
        {
            await Store.GetRunAsync(run, Ct);
            return true;
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return false;
        }
    }

    [Fact]
    public async Task Collect_TakesWhatIsLongEnoughInTheTrash_AndNothingElse()
    {
        var (old, young, used) = (await NewRunAsync(ProjectId.Default, 100), await NewRunAsync(ProjectId.Default, 10), await NewRunAsync(ProjectId.Default, 10));
        await TrashAsync(old);
        Time.Advance(TimeSpan.FromDays(20));
        await TrashAsync(young);
        Time.Advance(TimeSpan.FromDays(11));
        var dry = await Housekeeping.CollectAsync(new CollectQuery { DryRun = true }, Ct);
        Assert.Equal((1, 100L, 0L), (dry.Runs, dry.Points, dry.FreedBytes));
        Assert.True(dry.Bytes > 100);
        Assert.True(await IsThereAsync(old.Id));
        var done = await Housekeeping.CollectAsync(new CollectQuery(), Ct);
        Assert.Equal((dry.Runs, dry.Points, dry.Bytes), (done.Runs, done.Points, done.Bytes));
        Assert.False(await IsThereAsync(old.Id));
        Assert.True(await IsThereAsync(young.Id));
        Assert.Equal(5, (await Store.GetHistoryAsync(used.Id, "a", 0, 100, Ct)).Count);
        Assert.Equal(0, (await Housekeeping.CollectAsync(new CollectQuery(), Ct)).Runs);
        Assert.Equal(1, (await Housekeeping.CollectAsync(new CollectQuery { OlderThan = 0 }, Ct)).Runs);
        Assert.True(await IsThereAsync(used.Id));
    }

    [Fact]
    public async Task Collect_NamedRuns_OnlyFromTheTrash()
    {
        var (a, b) = (await NewRunAsync(ProjectId.Default, 4), await NewRunAsync(ProjectId.Default, 6));
        Assert.Equal((2, 10L), await CountAsync(new CollectQuery { Runs = [a.Id, b.Id, a.Id], OlderThan = 0, DryRun = true }));
        var refusal = await Assert.ThrowsAsync<LodeException>(() => Housekeeping.CollectAsync(new CollectQuery { Runs = [a.Id], OlderThan = 0 }, Ct));
        Assert.Equal(ErrorCode.Conflict, refusal.Code);
        refusal = await Assert.ThrowsAsync<LodeException>(() => Housekeeping.CollectAsync(new CollectQuery { Runs = [RunId.New()] }, Ct));
        Assert.Equal(ErrorCode.NotFound, refusal.Code);
        await TrashAsync(a);
        await TrashAsync(b);
        Assert.Equal((1, 4L), await CountAsync(new CollectQuery { Runs = [a.Id], OlderThan = 0 }));
        Assert.True(await IsThereAsync(b.Id));
    }

    [Fact]
    public async Task Collect_Project_GoesWithItsRuns_AndItsNameIsFree()
    {
        var project = await Store.CreateProjectAsync(new NewProject { Name = "gone", Tags = new Dictionary<string, string> { ["k"] = "v" } }, Ct);
        var run = await NewRunAsync(project.Id, 3);
        await Store.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = Lifecycle.Deleted }, Ct);
        await Store.UpdateProjectAsync(ProjectId.Default, new ProjectChange { Lifecycle = Lifecycle.Deleted }, Ct);
        Assert.Equal(1, (await Housekeeping.CollectAsync(new CollectQuery { OlderThan = 0, DryRun = true }, Ct)).Projects);
        Assert.Equal(1, (await Housekeeping.CollectAsync(new CollectQuery { OlderThan = 0 }, Ct)).Projects);
        Assert.False(await IsThereAsync(run.Id));
        Assert.Null(await Store.FindProjectAsync("gone", Ct));
        Assert.NotNull(await Store.FindProjectAsync("Default", Ct));
        Assert.True((await Store.CreateProjectAsync(new NewProject { Name = "gone" }, Ct)).Id.Value > project.Id.Value);
    }

    [Fact]
    public async Task Collect_JournalOfAPurgedRun_GoesToo_SoThatItDoesNotBringItBack()
    {
        var (purged, used) = (await NewRunAsync(ProjectId.Default, 1), await NewRunAsync(ProjectId.Default, 1));
        foreach (var run in new[] { purged, used })
        {
            using var journal = JournalFile.Create(JournalFolder, run.Id);
            journal.Start(1, "Default", null, "ada");
        }
        await TrashAsync(purged);
        Assert.Equal(1, (await Housekeeping.CollectAsync(new CollectQuery { OlderThan = 0 }, Ct)).Journals);
        Assert.Equal([JournalFile.PathOf(JournalFolder, used.Id)], Directory.GetFiles(JournalFolder));
    }

    [Fact]
    public async Task Collect_RunThatIsStillRecorded_DoesNotComeBack_UntilItIsImported()
    {
        var warnings = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var folder = Path.Combine(JournalFolder, "of-a-program");
        await using var tracker = new Tracker(Store, folder, Time, warnings.Enqueue);
        var run = tracker.Start("Default");
        run.Log(1, ("loss", 1));
        await tracker.FlushAsync(Ct);
        var was = await TrashAsync(await Store.GetRunAsync(run.Id, Ct));
        Assert.Equal(1, (await Housekeeping.CollectAsync(new CollectQuery { OlderThan = 0 }, Ct)).Runs);
        run.Log(2, ("loss", 2));
        await tracker.FlushAsync(Ct);
        Assert.False(await IsThereAsync(run.Id));
        Assert.Contains(warnings, line => line.Contains($"{run.Id} was purged", StringComparison.Ordinal));
        run.Log(3, ("loss", 3));
        run.Finish();
        await tracker.FlushAsync(Ct);
        Assert.Empty(Directory.GetFiles(folder));

        // What a killed program left is found by the next command.
        using (var journal = JournalFile.Create(folder, run.Id))
            journal.Start(1, "Default", null, "ada");
        await JournalShipper.RecoverAsync(folder, Store, warnings.Enqueue, Ct);
        Assert.False(await IsThereAsync(run.Id));
        Assert.Empty(Directory.GetFiles(folder));

        await Store.PutRunAsync(was with { Lifecycle = Lifecycle.Active, DeletedAt = null }, Ct);
        using (var journal = JournalFile.Create(folder, run.Id))
            journal.Start(1, "Default", null, "ada");
        Assert.Equal(1, await JournalShipper.RecoverAsync(folder, Store, warnings.Enqueue, Ct));
        Assert.True(await IsThereAsync(run.Id));
    }

    [Fact]
    public async Task GetUse_CountsByProject()
    {
        var project = await Store.CreateProjectAsync(new NewProject { Name = "big" }, Ct);
        await NewRunAsync(project.Id, 40);
        await TrashAsync(await NewRunAsync(project.Id, 20));
        var use = await Housekeeping.GetUseAsync(Ct);
        Assert.True(use.Database > 0);
        var big = use.Projects[0];
        Assert.Equal(("big", 1, 1, 60L, 20L), (big.Name, big.Runs, big.Trashed, big.Points, big.TrashedPoints));
        Assert.True(big.Bytes > 60);
        Assert.Equal("Default", use.Projects[1].Name);
    }

    private async Task<(int Runs, long Points)> CountAsync(CollectQuery query)
    {
        var result = await Housekeeping.CollectAsync(query, Ct);
        return (result.Runs, result.Points);
    }
}
