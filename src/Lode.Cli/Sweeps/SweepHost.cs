using System.Net;
using Lode.Core;
using Lode.Execution;
using Lode.Server;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>A server for agents: named ones, the data folder's owner, or this process where nobody serves the folder.</summary>
internal sealed class SweepHost : IAsyncDisposable
{
    private readonly StoreAccess? _access;
    private readonly LodeServer? _server;
    private readonly FailoverHandler _handler;
    private readonly HttpClient _http;
    private readonly HttpClient _patient;

    private SweepHost(DataFolder folder, StoreAccess? access, LodeServer? server, Func<IReadOnlyList<Uri>> servers)
    {
        (Folder, _access, _server) = (folder, access, server);
        _handler = new FailoverHandler(servers);
        _http = LodeHttp.ClientFor(_handler, TimeSpan.FromSeconds(100));
        // Files take as long as they take.
        _patient = LodeHttp.ClientFor(_handler, Timeout.InfiniteTimeSpan);
        Stores = new AgentStores(new HttpStudies(_http), new HttpRunStore(_http), new HttpArtifactStore(_patient));
    }

    public DataFolder Folder { get; }

    public AgentStores Stores { get; }

    /// <summary>The server that answered last.</summary>
    public Uri Address => _handler.Current;

    /// <summary>This process is the server; it ends with the command.</summary>
    public bool IsOwn => _server is not null;

    /// <param name="context">Where the data folder is.</param>
    /// <param name="servers">Servers of one store; empty = the data folder's.</param>
    /// <param name="ct">Stops waiting.</param>
    /// <exception cref="LodeException">Somebody holds the folder and does not answer; or what was said of the servers makes no sense.</exception>
    public static async Task<SweepHost> OpenAsync(CommandContext context, IReadOnlyList<string> servers, CancellationToken ct)
    {
        var folder = DataFolder.Resolve(context.Home);
        if (servers.Count > 0)
        {
            var all = servers.Select(AddressOf).ToList();
            return new SweepHost(folder, null, null, () => all);
        }
        var access = await context.OpenStoreAsync(ct);
        try
        {
            if (access.Local is not { } local)
            {
                // Whoever owns the folder next, after this one was killed, has written where it listens.
                var known = new Uri(access.Owner!.Address!);
                return new SweepHost(access.Folder, access, null, () => [access.Folder.ReadOwner()?.Address is { } now ? known = new Uri(now) : known]);
            }
            var listener = RunHost.Bind();
            listener.Listen(512);
            var options = UpCommand.Options(context, access, "127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port) with { Listener = listener, StopsBySignal = false, ShutdownPatience = TimeSpan.FromSeconds(2) };
            var server = await LodeServer.StartAsync(options, local, context.Time, ct);
            access.Announce(context.Command, server.Address);
            return new SweepHost(access.Folder, access, server, () => [server.Address]);
        }
        catch
        {
            await access.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _patient.Dispose();
        _handler.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        if (_access is not null)
            await _access.DisposeAsync();
    }

    private static Uri AddressOf(string text) => Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        ? uri
        : throw new LodeException(ErrorCode.InvalidArgument, $"--server is the address of a server, such as http://node1:5633; got '{text}'.");
}
