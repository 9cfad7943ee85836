using Lode.TestKit;
using Lode.Tracking;

namespace Lode.Server.Tests;

/// <summary>The same contract, through client, wire, endpoints and SQL.</summary>
public sealed class HttpModelArchiveTests : ModelArchiveContract
{
    private RunningServer? _server;

    public override async Task DisposeAsync() => await _server!.DisposeAsync();

    protected override async Task<IModelArchive> CreateAsync()
    {
        _server = await RunningServer.StartAsync();
        return new HttpModelArchive(_server.Http);
    }
}
