using System.Globalization;
using Lode.Core;
using Lode.Storage;
using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests;

/// <summary>The same contract, through client, wire, MLflow's endpoints and SQL.</summary>
public sealed class HttpModelRegistryTests : ModelRegistryContract
{
    private readonly List<string> _registrations = [];
    private RunningServer? _server;

    protected override IReadOnlyList<string> Registrations => _registrations;

    public override async Task DisposeAsync() => await _server!.DisposeAsync();

    protected override async Task<IModelRegistry> CreateRegistryAsync()
    {
        var link = new LoggedModelLink(
            (_, id) => id == LoggedModel ? new LoggedModelPlace(LoggedPlace, LoggedRun) : null,
            (_, id, name, version) => _registrations.Add(string.Create(CultureInfo.InvariantCulture, $"{name}/{version}")));
        _server = await RunningServer.StartAsync(Time, change: options => options with { LoggedModels = link });
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
