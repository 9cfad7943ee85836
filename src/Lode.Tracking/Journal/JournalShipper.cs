using Lode.Core;
using Microsoft.Win32.SafeHandles;

namespace Lode.Tracking;

/// <summary>
/// Carries journals to a store, in the background, by byte offset: it goes on where the store says it stands, so nothing is lost
/// and nothing doubled by retries. A journal whose end the store has taken is removed; one that cannot be delivered stays on disk. Files
/// follow what was logged before them.
/// </summary>
public sealed class JournalShipper : IAsyncDisposable
{
    private const int PieceSize = 1 << 20;

    // What a journal of a purged run counts as.
    private const long Unwanted = long.MaxValue;

    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    private readonly IRunStore _store;
    private readonly IArtifactStore? _artifacts;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly Lock _gate = new();
    private readonly List<Shipment> _shipments = [];
    private readonly SemaphoreSlim _news = new(0, 1);
    private readonly SemaphoreSlim _hurry = new(0, 1);
    private readonly TimeSpan _linger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    /// <param name="store">Where to.</param>
    /// <param name="time">For heartbeats and waits between tries.</param>
    /// <param name="warn">Told, in one line, of what could not be delivered.</param>
    /// <param name="artifacts">Where files go; null = they stay on disk.</param>
    /// <param name="linger">How long to wait for more before something is sent, unless it is flushed; default not at all.</param>
    public JournalShipper(IRunStore store, TimeProvider time, Action<string> warn, IArtifactStore? artifacts = null, TimeSpan linger = default)
    {
        _linger = linger;
        _store = store;
        _artifacts = artifacts;
        _time = time;
        _warn = warn;
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Ships this journal from now on, until its finish event is taken.</summary>
    public void Add(JournalFile file)
    {
        var shipment = new Shipment(file);
        file.Appended += Wake;
        lock (_gate)
            _shipments.Add(shipment);
        Wake();
    }

    /// <summary>Returns when everything written before the call is taken, or refused.</summary>
    /// <param name="ct">Stops waiting.</param>
    /// <param name="files">Whether files are waited for too.</param>
    public async Task FlushAsync(CancellationToken ct, bool files = true)
    {
        Task[] waits;
        lock (_gate)
            waits = [.. _shipments.Select(shipment => shipment.WaitFor(shipment.File.Length, _artifacts is null || !files ? 0 : shipment.File.Files.Added))];
        Release(_hurry);
        Wake();
        await Task.WhenAll(waits).WaitAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Ships what is left for up to ten seconds, then leaves the rest on disk and says so.</summary>
    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10), _time);
        try
        {
            await FlushAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _warn("not everything could be sent in time; the rest stays in the data folder and the next lode command sends it");
        }
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        lock (_gate)
        {
            foreach (var shipment in _shipments)
                shipment.File.Dispose();
            _shipments.Clear();
        }
        _stop.Dispose();
        _news.Dispose();
        _hurry.Dispose();
    }

    /// <summary>Journals that are not in the store to their ends.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _shipments.Count;
        }
    }

    /// <summary>What the store has not taken of a journal, for whoever brings it there another way; null where that is nothing, or more than <paramref name="most"/> bytes.</summary>
    public JournalPart? Rest(JournalFile file, int most)
    {
        if (Find(file) is not { } shipment || shipment.Taken >= file.Length || file.Length - shipment.Taken > most)
            return null;
        var (from, bytes) = (shipment.Taken, new byte[file.Length - shipment.Taken]);
        var read = RandomAccess.Read(file.Handle, bytes, from);
        return new JournalPart(file.Run, file.Segment, from, read == bytes.Length ? bytes : bytes[..read]);
    }

    /// <summary>The store has so many bytes of a journal by another way.</summary>
    public void Took(JournalFile file, long taken)
    {
        Find(file)?.Advance(taken);
        Wake();
    }

    private Shipment? Find(JournalFile file)
    {
        lock (_gate)
            return _shipments.Find(shipment => shipment.File == file);
    }

    /// <summary>
    /// Brings the journals of programs that are gone into the store: everything they wrote, and runs without an end become stale.
    /// Journals that are still being written are left to their writers; a run that has one is not stale.
    /// </summary>
    /// <param name="folder">Where they lie.</param>
    /// <param name="store">Where to.</param>
    /// <param name="warn">Told, in one line, of what was not taken.</param>
    /// <param name="ct">Stops it.</param>
    /// <param name="only">Only this run's; null = all.</param>
    /// <param name="artifacts">Where the files go that lie beside the journals; null = they stay.</param>
    /// <returns>How many runs were found without an end.</returns>
    public static async Task<int> RecoverAsync(string folder, IRunStore store, Action<string> warn, CancellationToken ct, RunId? only = null, IArtifactStore? artifacts = null)
    {
        var (left, living) = (new HashSet<RunId>(), new HashSet<RunId>());
        // First segments first: the others' runs may be known by them alone.
        foreach (var path in List(folder).Order(StringComparer.Ordinal).OrderBy(path => JournalFile.TryParsePath(path, out _, out var segment) && segment.Length > 0))
        {
            if (!JournalFile.TryParsePath(path, out var run, out var segment) || (only is not null && only != run))
                continue;
            if (TryOpenWhole(path) is not { } file)
            {
                living.Add(run);
                continue;
            }
            using (file)
            {
                try
                {
                    var begun = await store.AppendJournalAsync(run, segment, 0, default, ct).ConfigureAwait(false);
                    var offset = begun.Purged ? Unwanted : await ShipAsync(store, run, segment, file.SafeFileHandle, begun.Offset, file.Length, ct).ConfigureAwait(false);
                    if (offset == Unwanted)
                        warn($"run {run} was purged; its journal {path} is dropped");
                    else if (offset > 0)
                        left.Add(run);
                }
                catch (LodeException error) when (error.Code is ErrorCode.Conflict or ErrorCode.NotFound or ErrorCode.InvalidArgument)
                {
                    warn($"the journal {path} was not taken: {error.Message}");
                    continue;
                }
                File.Delete(path);
            }
        }
        foreach (var (spool, run, journal) in ArtifactSpool.List(folder))
        {
            // Where a journal is left, its writer lives or it was not taken: its files wait with it.
            if (artifacts is not null && (only is null || only == run) && !File.Exists(journal))
                await DeliverAsync(store, artifacts, run, spool, warn, ct).ConfigureAwait(false);
        }
        left.ExceptWith(living);
        var stale = 0;
        foreach (var run in left)
        {
            if (await store.GetRunAsync(run, ct).ConfigureAwait(false) is not { Status: RunStatus.Running, Lifecycle: Lifecycle.Active })
                continue;
            await store.UpdateRunAsync(run, new RunChange { Status = RunStatus.Stale }, ct).ConfigureAwait(false);
            stale++;
        }
        return stale;
    }

    private static async Task DeliverAsync(IRunStore store, IArtifactStore artifacts, RunId run, ArtifactSpool spool, Action<string> warn, CancellationToken ct)
    {
        if (spool.IsEmpty)
            return;
        try
        {
            var root = (await store.GetRunAsync(run, ct).ConfigureAwait(false)).ArtifactUri;
            await spool.DeliverAsync(ArtifactPath.OfUri(root), artifacts, warn, ct).ConfigureAwait(false);
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            if ((await store.AppendJournalAsync(run, JournalSegment.First, 0, default, ct).ConfigureAwait(false)).Purged)
            {
                warn($"run {run} was purged; its files are dropped");
                spool.Discard();
            }
            else
            {
                warn($"run {run} is not known here; its files stay in {spool.Folder}");
            }
        }
    }

    private static IEnumerable<string> List(string folder) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.jsonl") : [];

    private static FileStream? TryOpenWhole(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Sends bytes [offset, end) of a journal; returns how far the store has taken them (a torn last line stays), or <see cref="Unwanted"/>.</summary>
    private static async Task<long> ShipAsync(IRunStore store, RunId run, string segment, SafeFileHandle file, long offset, long end, CancellationToken ct)
    {
        var buffer = new byte[Math.Min(PieceSize, Math.Max(1, end - offset))];
        while (offset < end)
        {
            var count = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset)), offset);
            if (count == 0)
                break;
            var receipt = await store.AppendJournalAsync(run, segment, offset, buffer.AsMemory(0, count), ct).ConfigureAwait(false);
            if (receipt.Purged)
                return Unwanted;
            var taken = receipt.Offset;
            if (taken == offset)
            {
                if (offset + count == end)
                    break;
                buffer = new byte[buffer.Length * 2]; // one line longer than a piece
            }
            offset = taken;
        }
        return offset;
    }

    private async Task LoopAsync()
    {
        var wait = TimeSpan.FromMilliseconds(200);
        var lastBeat = _time.GetTimestamp();
        string? lastTrouble = null;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (await _news.WaitAsync(s_heartbeat, _stop.Token).ConfigureAwait(false) && _linger > TimeSpan.Zero)
                    await _hurry.WaitAsync(_linger, _stop.Token).ConfigureAwait(false);
                if (_time.GetElapsedTime(lastBeat) >= s_heartbeat)
                {
                    lastBeat = _time.GetTimestamp();
                    Beat();
                }
                await PassAsync(_stop.Token).ConfigureAwait(false);
                wait = TimeSpan.FromMilliseconds(200);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception error)
            {
                // The store is away or in trouble: the journal keeps everything, so only time is lost.
                if (error is not LodeException { Code: ErrorCode.Unavailable or ErrorCode.LimitExceeded } && error.Message != lastTrouble)
                    _warn($"recording is delayed: {lastTrouble = error.Message}");
                await Task.Delay(wait, _time, CancellationToken.None).ConfigureAwait(false);
                wait = TimeSpan.FromMilliseconds(Math.Min(5000, wait.TotalMilliseconds * 2));
                Wake();
            }
        }
    }

    private async Task PassAsync(CancellationToken ct)
    {
        Shipment[] shipments;
        lock (_gate)
            shipments = [.. _shipments];
        LodeException? waits = null;
        foreach (var shipment in shipments)
        {
            var end = shipment.File.Length;
            try
            {
                if (shipment.Taken < end)
                    shipment.Advance(await ShipAsync(_store, shipment.File.Run, shipment.File.Segment, shipment.File.Handle, shipment.Taken, end, ct).ConfigureAwait(false));
                if (shipment.Taken == Unwanted)
                {
                    _warn($"run {shipment.File.Run} was purged: what its program still records is dropped");
                    shipment.File.Discard();
                }
                else if (!await SendFilesAsync(shipment, ct).ConfigureAwait(false) || !shipment.File.IsFinished || shipment.Taken < shipment.File.Length)
                {
                    continue;
                }
                else
                {
                    shipment.File.Dispose();
                    File.Delete(shipment.File.Path);
                }
            }
            catch (LodeException error) when (error.Code == ErrorCode.NotFound && shipment.File.Segment.Length > 0 && shipment.Taken == 0)
            {
                // Another segment, perhaps from another machine, has yet to bring the run.
                waits = new LodeException(ErrorCode.Unavailable, error.Message);
                continue;
            }
            catch (LodeException error) when (error.Code is ErrorCode.Conflict or ErrorCode.NotFound or ErrorCode.InvalidArgument or ErrorCode.PermissionDenied)
            {
                _warn($"run {shipment.File.Run} is no longer recorded: {error.Message}");
                shipment.Advance(long.MaxValue);
            }
            shipment.File.Appended -= Wake;
            lock (_gate)
                _shipments.Remove(shipment);
        }
        if (waits is not null)
            throw waits;
    }

    /// <returns>Whether none waits that could be sent.</returns>
    private async Task<bool> SendFilesAsync(Shipment shipment, CancellationToken ct)
    {
        // Counted first: one that comes meanwhile is sent now or in the next pass.
        var files = shipment.File.Files;
        var added = files.Added;
        if (_artifacts is null || added == shipment.Delivered)
            return true;
        // The disk may not have taken the journal's beginning yet: the store then knows no run that these are of.
        if (shipment.Taken == 0)
            return false;
        try
        {
            await DeliverAsync(_store, _artifacts, shipment.File.Run, files, _warn, ct).ConfigureAwait(false);
        }
        catch (LodeException error) when (error.Code == ErrorCode.PermissionDenied)
        {
            // A store without room for files still takes points: they are not given up.
            throw new LodeException(ErrorCode.Internal, error.Message);
        }
        shipment.Deliver(added);
        return files.Added == added;
    }

    private void Beat()
    {
        Shipment[] shipments;
        lock (_gate)
            shipments = [.. _shipments];
        foreach (var shipment in shipments)
        {
            shipment.File.Retry();
            if (!shipment.File.IsFinished)
                shipment.File.Heartbeat(_time.GetUtcNow().ToUnixTimeMilliseconds());
        }
    }

    private void Wake() => Release(_news);

    private static void Release(SemaphoreSlim signal)
    {
        try
        {
            signal.Release();
        }
        catch (Exception error) when (error is SemaphoreFullException or ObjectDisposedException)
        {
            // Woken already, or nobody is left to wake.
        }
    }

    private sealed class Shipment(JournalFile file)
    {
        private readonly Lock _gate = new();
        private readonly List<(long Offset, long Files, TaskCompletionSource Reached)> _waits = [];

        public JournalFile File { get; } = file;

        public long Taken { get; private set; }

        /// <summary>Files that the store has.</summary>
        public long Delivered { get; private set; }

        public Task WaitFor(long offset, long files)
        {
            lock (_gate)
            {
                if (Taken >= offset && Delivered >= files)
                    return Task.CompletedTask;
                var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waits.Add((offset, files, reached));
                return reached.Task;
            }
        }

        public void Advance(long offset)
        {
            lock (_gate)
            {
                // Others may bring it there too.
                Taken = Math.Max(Taken, offset);
                // Nothing more is sent of a journal that nobody takes.
                if (offset == long.MaxValue)
                    Delivered = long.MaxValue;
                Tell();
            }
        }

        public void Deliver(long files)
        {
            lock (_gate)
            {
                Delivered = files;
                Tell();
            }
        }

        private void Tell()
        {
            foreach (var (_, _, reached) in _waits.Where(Holds))
                reached.SetResult();
            _waits.RemoveAll(Holds);

            bool Holds((long Offset, long Files, TaskCompletionSource Reached) wait) => wait.Offset <= Taken && wait.Files <= Delivered;
        }
    }
}
