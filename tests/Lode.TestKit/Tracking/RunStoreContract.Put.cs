using Lode.Core;
using Lode.Tracking;

namespace Lode.TestKit;

public abstract partial class RunStoreContract
{
    private static Run Elsewhere(ProjectId project) => new()
    {
        Id = RunId.New(),
        ProjectId = project,
        Name = "elsewhere",
        User = "bob",
        Status = RunStatus.Killed,
        Lifecycle = Lifecycle.Deleted,
        StartedAt = 10,
        EndedAt = 20,
        DeletedAt = 30,
        Params = new Dictionary<string, string> { ["lr"] = "1e-3" },
        Tags = new Dictionary<string, string> { ["t"] = "Ω" },
    };

    [Fact]
    public async Task PutProject_KeepsEverything_AndIdsGoOnAfterIt()
    {
        var put = new Project { Id = new ProjectId(41), Name = "moved", ArtifactLocation = "s3://b", CreatedAt = 1, UpdatedAt = 2, DeletedAt = 3, Lifecycle = Lifecycle.Deleted, Tags = new Dictionary<string, string> { ["k"] = "v" } };
        for (var i = 0; i < 2; i++)
        {
            var read = await Store.PutProjectAsync(put, Ct);
            Assert.Equal((put.Id, "moved", "s3://b", 1L, 2L, 3L, Lifecycle.Deleted), (read.Id, read.Name, read.ArtifactLocation, read.CreatedAt, read.UpdatedAt, read.DeletedAt, read.Lifecycle));
            Assert.Equal(put.Tags, (await Store.GetProjectAsync(put.Id, Ct)).Tags);
        }
        Assert.True((await NewProjectAsync("after")).Id.Value > 41);
        await RefusesAsync(ErrorCode.AlreadyExists, () => Store.PutProjectAsync(put with { Id = new ProjectId(7) }, Ct));
        var back = await Store.PutProjectAsync(put with { Lifecycle = Lifecycle.Active, Tags = new Dictionary<string, string>() }, Ct);
        Assert.Null(back.DeletedAt);
        Assert.Empty(back.Tags);
    }

    [Fact]
    public async Task PutRun_KeepsEverything_ReplacesAndLeavesMetrics()
    {
        var project = await NewProjectAsync();
        var put = Elsewhere(project.Id);
        await Store.PutRunAsync(put with { Lifecycle = Lifecycle.Active, Status = RunStatus.Running, Tags = new Dictionary<string, string> { ["other"] = "1" } }, Ct);
        await Store.LogAsync(put.Id, new RunBatch { Metrics = [new MetricPoint("m", 2.5, 1, 1)] }, Ct);
        var before = (await Store.GetRunAsync(put.Id, Ct)).Version;
        var read = await Store.PutRunAsync(put, Ct);
        Assert.True(read.Version > before);
        Assert.Equal(2.5, read.Metrics["m"].Last);
        Assert.Equal((put.Name, put.User, put.Status, put.Lifecycle, put.StartedAt, put.EndedAt, put.DeletedAt), (read.Name, read.User, read.Status, read.Lifecycle, read.StartedAt, read.EndedAt, read.DeletedAt));
        Assert.Equal(put.Params, read.Params);
        Assert.Equal(put.Tags, read.Tags);
        await RefusesAsync(ErrorCode.NotFound, () => Store.PutRunAsync(put with { ProjectId = new ProjectId(4711) }, Ct));
        await RefusesAsync(ErrorCode.InvalidArgument, () => Store.PutRunAsync(put with { Params = new Dictionary<string, string> { ["../x"] = "1" } }, Ct));
    }

    [Fact]
    public async Task Trash_SaysSinceWhen()
    {
        var project = await NewProjectAsync();
        var (first, second) = (await NewRunAsync(project.Id), await NewRunAsync(project.Id));
        Assert.Equal(Time.Milliseconds, (await Store.UpdateRunAsync(first.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct)).DeletedAt);
        var then = Time.Milliseconds;
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(Time.Milliseconds, (await Store.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = Lifecycle.Deleted }, Ct)).DeletedAt);
        Assert.Equal(then, (await Store.GetRunAsync(first.Id, Ct)).DeletedAt);
        Assert.Equal(Time.Milliseconds, (await Store.GetRunAsync(second.Id, Ct)).DeletedAt);
        await Store.UpdateProjectAsync(project.Id, new ProjectChange { Lifecycle = Lifecycle.Active }, Ct);
        Assert.Null((await Store.GetProjectAsync(project.Id, Ct)).DeletedAt);
        Assert.Null((await Store.GetRunAsync(first.Id, Ct)).DeletedAt);
    }
}
