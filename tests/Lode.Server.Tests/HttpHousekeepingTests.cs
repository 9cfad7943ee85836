using Lode.Core;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests;

/// <summary>The same contract, through client, wire, endpoints and SQL.</summary>
public sealed class HttpHousekeepingTests : HousekeepingContract
{
    private RunningServer? _server;

    protected override string JournalFolder => new DataFolder(_server!.Folder).JournalFolder;

    public override async Task DisposeAsync() => await _server!.DisposeAsync();

    protected override async Task<(IRunStore Store, IHousekeeping Housekeeping)> CreateAsync()
    {
        _server = await RunningServer.StartAsync(Time);
        return (new HttpRunStore(_server.Http), new HttpHousekeeping(_server.Http));
    }

    [Fact]
    public async Task Gc_OfAnEmptyBody_LeavesWhatIsYoung()
    {
        var run = await Store.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = ProjectId.Default }, Ct);
        await Store.UpdateRunAsync(run.Id, new RunChange { Lifecycle = Lifecycle.Deleted }, Ct);
        using var body = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        Assert.True((await _server!.Http.PostAsync(new Uri("/api/v1/gc", UriKind.Relative), body)).IsSuccessStatusCode);
        Assert.Equal(Lifecycle.Deleted, (await Store.GetRunAsync(run.Id, Ct)).Lifecycle);
    }

    [Fact]
    public async Task Put_OfALeanBody_TakesTheDefaults()
    {
        var id = RunId.New();
        using var project = new StringContent("{\"id\":9,\"name\":\"lean\"}", System.Text.Encoding.UTF8, "application/json");
        using var run = new StringContent($"{{\"id\":\"{id}\",\"projectId\":9,\"name\":\"r\"}}", System.Text.Encoding.UTF8, "application/json");
        Assert.True((await _server!.Http.PutAsync(new Uri("/api/v1/projects/9", UriKind.Relative), project)).IsSuccessStatusCode);
        Assert.True((await _server.Http.PutAsync(new Uri($"/api/v1/runs/{id}", UriKind.Relative), run)).IsSuccessStatusCode);
        Assert.Equal(Lifecycle.Active, (await Store.GetProjectAsync(new ProjectId(9), Ct)).Lifecycle);
        var read = await Store.GetRunAsync(id, Ct);
        Assert.Equal((Lifecycle.Active, RunStatus.Running), (read.Lifecycle, read.Status));
    }
}
