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
}
