using System.Net;
using System.Net.Sockets;
using Lode.Core;
using Lode.Server;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>
/// The store and the server around a program that runs: both come up while it runs already. Its address is known before, since the socket is bound first and
/// callers wait in it.
/// </summary>
internal sealed class RunHost
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly CommandContext _context;
    private readonly FolderOwnership? _ownership;
    private readonly Socket? _listener;
    private readonly TaskCompletionSource<IRunStore> _store = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IArtifactStore> _artifacts = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<StoreAccess>? _opening;
    private Task? _serving;
    private LodeServer? _server;
    private volatile bool _isEnding;

    private RunHost(CommandContext context, DataFolder folder, FolderOwnership? ownership, Socket? listener, Uri? address)
    {
        (_context, Folder, _ownership, _listener, Address) = (context, folder, ownership, listener, address);
        Store = new LateRunStore(_store.Task);
        Artifacts = new LateArtifactStore(_artifacts.Task);
    }

    public DataFolder Folder { get; }

    /// <summary>Where the run can be reached over HTTP; null where nobody listens.</summary>
    public Uri? Address { get; }

    /// <summary>Whether another process serves the folder.</summary>
    public bool IsElsewhere => _listener is null;

    public IRunStore Store { get; }

    public IArtifactStore Artifacts { get; }

    /// <summary>The store is open.</summary>
    public bool IsOpen => _store.Task.IsCompletedSuccessfully;

    /// <summary>Finds out who serves the folder, and becomes that where nobody does.</summary>
    /// <exception cref="LodeException">The folder cannot be made or written, or what was said of the store makes no sense.</exception>
    public static async Task<RunHost> ReserveAsync(CommandContext context)
    {
        var folder = DataFolder.Resolve(context.Home);
        folder.Create();
        if (context.Postgres is not null)
            return Listening(context, folder, null);
        var start = context.Time.GetTimestamp();
        while (true)
        {
            if (folder.TryOwn() is { } ownership)
                return Listening(context, folder, ownership);
            if (folder.ReadOwner()?.Address is { } address)
                return new RunHost(context, folder, null, null, new Uri(address));
            // A short command is at work, or a server is coming up.
            if (context.Time.GetElapsedTime(start) > s_patience)
                return new RunHost(context, folder, null, null, null);
            await Task.Delay(TimeSpan.FromMilliseconds(20), context.Time);
        }
    }

    /// <summary>Opens the store in the background, and serves it where it is this process's own.</summary>
    /// <param name="beforeServing">What must be in the store before the first call is answered.</param>
    public void Begin(Func<Task> beforeServing) => _serving = Task.Run(async () =>
    {
        try
        {
            _opening = _ownership is { } ownership
                ? StoreAccess.OwnAsync(Folder, ownership, _context.Command, _context.Time, Warn, CancellationToken.None)
                : StoreAccess.OpenAsync(Folder, _context.Postgres, _context.Command, _context.Time, Warn, CancellationToken.None);
            var access = await _opening;
            _artifacts.SetResult(access.Artifacts);
            _store.SetResult(access.Store);
            if (access.Local is not { } local)
                return;
            await beforeServing();
            // Nobody is left who could call.
            if (_isEnding)
            {
                _listener?.Dispose();
                return;
            }
            var listener = _listener ?? Bind();
            var options = UpCommand.Options(_context, access, "127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port) with { Listener = listener, StopsBySignal = false, ShutdownPatience = TimeSpan.FromSeconds(2) };
            _server = await LodeServer.StartAsync(options, local, _context.Time, CancellationToken.None);
            access.Announce(_context.Command, _server.Address);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Warn($"the run is in a journal in {Folder.JournalFolder} and not in the store yet; the next lode command brings it in: {error.Message}");
            // Callers that wait in the socket are told at once.
            _listener?.Dispose();
        }
    });

    /// <summary>Writes journals into the folder; what they hold is delivered when the store is open.</summary>
    public Tracker NewTracker() => new(Store, Folder.JournalFolder, _context.Time, Warn, Artifacts, endsBySignal: false);

    /// <summary>Waits until the store is open, for a time.</summary>
    public Task OpenedAsync(TimeSpan patience) => _store.Task.WaitAsync(patience, _context.Time).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    /// <summary>Delivers what is left and closes. A store that is not open yet is not waited for: the next lode command brings the journal in.</summary>
    public async Task EndAsync(Tracker tracker)
    {
        _isEnding = true;
        if (!IsOpen || _serving is null || _opening is null)
            return;
        await tracker.DisposeAsync();
        await _serving;
        if (_server is not null)
            await _server.DisposeAsync();
        await (await _opening).DisposeAsync();
    }

    private static RunHost Listening(CommandContext context, DataFolder folder, FolderOwnership? ownership)
    {
        try
        {
            var listener = Bind();
            listener.Listen(512);
            return new RunHost(context, folder, ownership, listener, new Uri($"http://{listener.LocalEndPoint}/"));
        }
        catch
        {
            ownership?.Dispose();
            throw;
        }
    }

    internal static Socket Bind()
    {
        foreach (var port in (int[])[ServerOptions.DefaultPort, 0])
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return socket;
            }
            catch (SocketException) when (port != 0)
            {
                socket.Dispose();
            }
            catch (SocketException error)
            {
                socket.Dispose();
                throw new LodeException(ErrorCode.Unavailable, $"Cannot listen on 127.0.0.1: {error.Message}", null, error);
            }
        }
        throw new InvalidOperationException("A free port is always tried.");
    }

    private void Warn(string warning) => _context.Terminal.Note($"lode: {warning}");
}
