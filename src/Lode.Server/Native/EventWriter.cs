using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Lode.Core;
using Lode.Tracking;
using Microsoft.AspNetCore.Http;

namespace Lode.Server.Native;

/// <summary>Writes one stream of server-sent events: of each piece what is in scope and new, whole or as deltas.</summary>
internal sealed class EventWriter(HttpContext context, ChangeScope scope, bool deltas, TimeProvider time)
{
    // Who takes nothing for so long is gone or too slow; the connection's own buffer is 64 KiB.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    private const int MaxTold = 5000;

    private readonly PipeWriter _body = context.Response.BodyWriter;
    private readonly Dictionary<RunId, long> _told = [];

    public async Task HelloAsync(long version, CancellationToken ct)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        // A proxy that collects answers would hold events back.
        response.Headers["X-Accel-Buffering"] = "no";
        Put($"event: hello\nid: {version}\ndata: {{\"version\":{version}}}\n\n");
        await FlushAsync(ct);
    }

    /// <summary>Sends a piece's runs that are in scope and newer than <paramref name="after"/>; a piece without runs is a comment.</summary>
    public async Task WriteAsync(LivePiece piece, long after, CancellationToken ct)
    {
        if (piece.Runs.Count == 0)
        {
            Put(": beat\n\n");
            await FlushAsync(ct);
            return;
        }
        var count = 0;
        foreach (var live in piece.Runs)
        {
            if (live.Run.Version > after && (scope.Project is null || scope.Project == live.Run.ProjectId) && (scope.Run is null || scope.Run == live.Run.Id))
            {
                Put(count++ == 0 ? "event: runs\nid: " + piece.Version.ToString(CultureInfo.InvariantCulture) + "\ndata: {\"runs\":[" : ",");
                Put(live);
            }
        }
        if (count == 0)
            return;
        Put($"],\"version\":{piece.Version}}}\n\n");
        await FlushAsync(ct);
    }

    /// <summary>Tells the reader to come back soon, to this server or the one that takes its place.</summary>
    public async Task FarewellAsync()
    {
        Put(": the server stops\nretry: 1000\n\n");
        using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
        try
        {
            await _body.FlushAsync(moment.Token);
        }
        catch (OperationCanceledException)
        {
            // It does not read: it will find out.
        }
    }


    private void Put(LiveRun live)
    {
        var delta = deltas && _told.TryGetValue(live.Run.Id, out var told) ? live.Since(told) : [];
        var json = delta.Length > 0 ? delta : live.Whole;
        json.CopyTo(_body.GetSpan(json.Length));
        _body.Advance(json.Length);
        if (!deltas)
            return;
        if (_told.Count >= MaxTold)
            _told.Clear();
        _told[live.Run.Id] = live.Run.Version;
    }

    private void Put(string text) => Encoding.UTF8.GetBytes(text, _body);

    private async Task FlushAsync(CancellationToken ct)
    {
        var flush = _body.FlushAsync(ct);
        if (flush.IsCompletedSuccessfully)
            return;
        try
        {
            await flush.AsTask().WaitAsync(s_patience, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            throw new SlowReaderException();
        }
    }
}

/// <summary>A reader took nothing for too long.</summary>
internal sealed class SlowReaderException : Exception;
