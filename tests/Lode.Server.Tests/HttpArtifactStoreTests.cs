using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests;

/// <summary>The same contract, through client, wire, endpoints and SQL.</summary>
public sealed class HttpArtifactStoreTests : ArtifactStoreContract
{
    private RunningServer? _server;

    public override async Task DisposeAsync() => await _server!.DisposeAsync();

    protected override async Task<IArtifactStore> CreateStoreAsync()
    {
        _server = await RunningServer.StartAsync(Time);
        return new HttpArtifactStore(_server.Http);
    }
}
