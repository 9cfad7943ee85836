using Lode.Core;
using Lode.Storage;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests;

/// <summary>The same contract, through client, wire, MLflow's endpoints and SQL.</summary>
public sealed class HttpModelRegistryTests : ModelRegistryContract
{
    private RunningServer? _server;

    protected override ILoggedModelStore LoggedModels => new SqlLoggedModelStore(_server!.Database, Time);

    public override async Task DisposeAsync() => await _server!.DisposeAsync();

    protected override async Task<IModelRegistry> CreateRegistryAsync()
    {
        _server = await RunningServer.StartAsync(Time);
        return new HttpModelRegistry(_server.Http);
    }

    protected override async Task<(string Id, string Artifacts)> NewRunAsync(string folder)
    {
        var runs = new HttpRunStore(_server!.Http);
        var project = await runs.CreateProjectAsync(new NewProject { Name = folder, ArtifactLocation = folder }, Ct);
        var run = await runs.CreateRunAsync(new NewRun { Id = RunId.New(), ProjectId = project.Id, User = "ada" }, Ct);
        return (run.Id.ToString(), run.ArtifactUri);
    }

    [Fact]
    public async Task NobodyListens_IsUnavailable()
    {
        using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:9/") };
        var error = await RefusesAsync(ErrorCode.Unavailable, () => new HttpModelRegistry(http).GetModelAsync("m", Ct));
        Assert.Contains("http://127.0.0.1:9/", error.Message, StringComparison.Ordinal);
    }
}
