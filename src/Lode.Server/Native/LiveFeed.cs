using System.Text.Json;
using System.Threading.Channels;
using Lode.Core;
using Lode.Tracking;

namespace Lode.Server.Native;

/// <summary>
/// Reads the store's changes once for all live streams and hands each the same pieces. A stream that does not keep up is cut off, not
/// waited for: it resumes from the last version it was told of.
/// </summary>
/// <remarks>Nothing is read while nobody listens. The source is the store's version counter, so several servers on one store tell the same.</remarks>
internal sealed class LiveFeed(IRunStore store, TimeProvider time)
{
    // Twice a second is as fast as people see, and lets a burst of points travel as one change.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(15);
    private const int PageSize = 200;
    private const int Backlog = 32;
    private const int MaxRemembered = 2000;

    private readonly Lock _gate = new();
    private readonly List<Listener> _listeners = [];
    private TaskCompletionSource? _polls;

    /// <summary>Begins to listen. Every change that the store takes after <see cref="Listener.Ready"/> arrives, until the listener is disposed or cut off.</summary>
    public Listener Listen()
    {
        lock (_gate)
        {
            if (_polls is null)
            {
                _polls = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var ready = _polls;
                _ = Task.Run(() => PollAsync(ready));
            }
            var listener = new Listener(this, _polls.Task);
            _listeners.Add(listener);
            return listener;
        }
    }

    private void Leave(Listener listener)
    {
        lock (_gate)
            _listeners.Remove(listener);
    }

    private async Task PollAsync(TaskCompletionSource ready)
    {
        long? version = null;
        var remembered = new Dictionary<RunId, Run>();
        var quietSince = time.GetTimestamp();
        while (true)
        {
            var full = false;
            try
            {
                version ??= await VersionAsync(store, default);
                ready.TrySetResult();
                var changes = await store.GetChangesAsync(default, version.Value, PageSize, default);
                version = changes.Version;
                full = changes.Runs.Count == PageSize;
                if (changes.Runs.Count > 0)
                {
                    Publish(new LivePiece(Compare(changes.Runs, remembered), changes.Version));
                    quietSince = time.GetTimestamp();
                }
            }
            catch (Exception error) when (error is LodeException or ObjectDisposedException)
            {
                // The store is away: it is asked again.
            }
            if (time.GetElapsedTime(quietSince) > s_beat)
            {
                Publish(LivePiece.Beat);
                quietSince = time.GetTimestamp();
            }
            if (!full)
                await Task.Delay(s_pause, time);
            lock (_gate)
            {
                if (_listeners.Count == 0)
                {
                    _polls = null;
                    return;
                }
            }
        }
    }

    /// <summary>The newest version of the store.</summary>
    public static async Task<long> VersionAsync(IRunStore store, CancellationToken ct) =>
        // A run that does not exist has no changes, so this only reads the version.
        (await store.GetChangesAsync(new ChangeScope(Run: new RunId(Guid.Empty)), 0, 1, ct)).Version;

    private static LiveRun[] Compare(IReadOnlyList<Run> runs, Dictionary<RunId, Run> remembered)
    {
        var live = new LiveRun[runs.Count];
        for (var i = 0; i < live.Length; i++)
        {
            live[i] = new LiveRun(runs[i], remembered.GetValueOrDefault(runs[i].Id));
            if (remembered.Count >= MaxRemembered)
                remembered.Clear();
            remembered[runs[i].Id] = runs[i];
        }
        return live;
    }

    private void Publish(LivePiece piece)
    {
        lock (_gate)
        {
            foreach (var listener in _listeners)
                listener.Offer(piece);
        }
    }

    /// <summary>One stream's place in the feed.</summary>
    internal sealed class Listener(LiveFeed feed, Task ready) : IDisposable
    {
        private readonly Channel<LivePiece> _pieces = Channel.CreateBounded<LivePiece>(new BoundedChannelOptions(Backlog) { SingleReader = true });

        /// <summary>Done when the feed reads: before that changes may pass unseen.</summary>
        public Task Ready => ready;

        /// <summary>What comes; ends when this listener was too slow.</summary>
        public ChannelReader<LivePiece> Pieces => _pieces.Reader;

        public void Offer(LivePiece piece)
        {
            if (!_pieces.Writer.TryWrite(piece))
                _pieces.Writer.TryComplete();
        }

        public void Dispose() => feed.Leave(this);
    }
}

/// <summary>Changes read from the store at one time; without runs it is a sign of life.</summary>
/// <param name="Runs">By version.</param>
/// <param name="Version">The cursor behind them.</param>
internal sealed record LivePiece(IReadOnlyList<LiveRun> Runs, long Version)
{
    public static readonly LivePiece Beat = new([], 0);
}

/// <summary>A changed run, written to JSON once however many streams send it.</summary>
internal sealed class LiveRun(Run now, Run? before)
{
    private byte[]? _whole;
    private byte[]? _delta;

    public Run Run => now;

    /// <summary>The run's JSON.</summary>
    public ReadOnlySpan<byte> Whole => _whole ??= JsonSerializer.SerializeToUtf8Bytes(now, TrackingJson.Default.Run);

    /// <summary>What changed since a version; empty when that is not known, or no shorter.</summary>
    public ReadOnlySpan<byte> Since(long version)
    {
        if (before?.Version != version)
            return [];
        return _delta ??= RunDelta.Between(before, now) is { } delta ? JsonSerializer.SerializeToUtf8Bytes(delta, TrackingJson.Default.RunDelta) : [];
    }
}
