using System.Text.Encodings.Web;
using System.Text.Json;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>
/// A segment of a run's journal on disk, open for writing: every event is with the operating system before the call returns, so a kill of
/// this process loses none. The open file tells others that the run's program lives. A disk that takes nothing more stops no program:
/// see <see cref="JournalDisk"/>.
/// </summary>
/// <remarks><b>Threads.</b> All members may be called concurrently; events are whole and in order.</remarks>
public sealed class JournalFile : IDisposable
{
    private static readonly JsonWriterOptions s_options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _gate = new();
    private readonly MemoryStream _line = new();
    private readonly Utf8JsonWriter _json;
    private readonly FileStream _file;
    private readonly JournalDisk _disk;
    private long _lastTime;
    private long _notBefore;
    private bool _isEnding;
    private bool _isPaused;
    private long _resumesFrom;
    private bool _discarded;

    private JournalFile(RunId run, string segment, string path, FileStream file)
    {
        Run = run;
        Segment = segment;
        Path = path;
        _file = file;
        _disk = new JournalDisk(file, path);
        Files = ArtifactSpool.Of(path);
        _json = new Utf8JsonWriter(_line, s_options);
    }

    /// <summary>The run whose journal this is.</summary>
    public RunId Run { get; }

    /// <summary>Which of the run's segments; empty = the first.</summary>
    public string Segment { get; }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>Bytes written so far.</summary>
    public long Length => _disk.Length;

    /// <summary>Whether an end is on the disk itself before <see cref="Finish"/> returns; false where a loss of power begins all anew anyway. Default: true.</summary>
    public bool EndsOnDisk { get; set; } = true;

    /// <summary>Whether the last finish event is written.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Told, in one line, of what the disk does not take.</summary>
    public Action<string>? Trouble
    {
        set => _disk.Trouble = value;
    }

    /// <summary>Files that were logged to the run through this segment and wait to be sent.</summary>
    internal ArtifactSpool Files { get; }

    internal Microsoft.Win32.SafeHandles.SafeFileHandle Handle => _file.SafeFileHandle;

    /// <summary>Raised after each event, on the writer's thread.</summary>
    public event Action? Appended;

    /// <summary>Where a segment of a run's journal lies in a folder of journals: <c>ID.jsonl</c>, or <c>ID.SEGMENT.jsonl</c>.</summary>
    public static string PathOf(string folder, RunId run, string segment = "") => System.IO.Path.Combine(folder, segment.Length == 0 ? $"{run}.jsonl" : $"{run}.{segment}.jsonl");

    /// <summary>Reads what <see cref="PathOf"/> has written; false for files of other names.</summary>
    public static bool TryParsePath(string path, out RunId run, out string segment)
    {
        var parts = System.IO.Path.GetFileName(path).Split('.');
        segment = parts.Length == 3 ? parts[1] : "";
        return RunId.TryParse(parts[0], null, out run) && parts[^1] == "jsonl" && (parts.Length == 2 || (parts.Length == 3 && segment.Length > 0 && JournalSegment.IsValid(segment)));
    }

    /// <summary>Begins a segment of a run's journal.</summary>
    /// <exception cref="LodeException">PermissionDenied or Unavailable: the folder cannot be written.</exception>
    public static JournalFile Create(string folder, RunId run, string segment = "")
    {
        JournalSegment.Check(segment);
        var path = PathOf(folder, run, segment);
        try
        {
            Directory.CreateDirectory(folder);
            // Read sharing: others may read along, and find out by asking for the whole file that somebody still writes.
            return new JournalFile(run, segment, path, new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw DataFolder.CannotWrite(path, error);
        }
    }

    /// <summary>The first event.</summary>
    public void Start(long time, string project, string? name, string user) => Append("start", time, json =>
    {
        json.WriteString("project", project);
        if (name is not null)
            json.WriteString("name", name);
        json.WriteString("user", user);
    });

    /// <summary>Metric values of one step.</summary>
    public void Metrics(long time, long step, ReadOnlySpan<(string Key, double Value)> values)
    {
        lock (_gate)
        {
            Begin("metrics", time);
            _json.WriteNumber("step", step);
            _json.WriteStartObject("metrics");
            foreach (var (key, value) in values)
            {
                if (double.IsFinite(value))
                    _json.WriteNumber(key, value);
                else
                    _json.WriteString(key, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
            }
            _json.WriteEndObject();
            End();
        }
        Appended?.Invoke();
    }

    /// <summary>Params.</summary>
    public void Params(long time, IEnumerable<KeyValuePair<string, string>> values) => Append("params", time, json =>
    {
        json.WriteStartObject("params");
        foreach (var (key, value) in values)
            json.WriteString(key, value);
        json.WriteEndObject();
    });

    /// <summary>Tags; a null value removes one.</summary>
    public void Tags(long time, IEnumerable<KeyValuePair<string, string?>> values) => Append("tags", time, json =>
    {
        json.WriteStartObject("tags");
        foreach (var (key, value) in values)
            json.WriteString(key, value);
        json.WriteEndObject();
    });

    /// <summary>A sign of life; none after a finish event.</summary>
    public void Heartbeat(long time)
    {
        if (!IsFinished && !_isEnding && !_isPaused)
            Append("heartbeat", time, _ => { });
    }

    /// <summary>Keeps a file for the store. A disk that does not take it is told of, and the program goes on.</summary>
    internal void KeepFile(string path, Stream content)
    {
        try
        {
            Files.Add(path, content);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _disk.Trouble?.Invoke($"the artifact '{path}' could not be kept beside {Path} and is lost: {error.Message}");
            return;
        }
        Appended?.Invoke();
    }

    /// <summary>The run goes on, after a break or an end.</summary>
    public void Resume(long time) => Append("resume", time, _ => { });

    /// <summary>Lets no event be earlier than this.</summary>
    public void NotBefore(long time)
    {
        lock (_gate)
            _notBefore = Math.Max(_notBefore, time);
    }

    /// <summary>Points of this run that were logged before and have a later step are no more.</summary>
    public void Rewind(long time, long step)
    {
        lock (_gate)
        {
            // By their times, what is dropped and what is logged from now on are told apart.
            _notBefore = Math.Max(Math.Max(time, _lastTime + 1), _notBefore);
            Begin("rewind", _notBefore);
            _json.WriteNumber("step", step);
            End();
        }
        Appended?.Invoke();
    }

    /// <summary>Writes what the disk has not taken so far, where it does now.</summary>
    public void Retry()
    {
        lock (_gate)
        {
            if (_discarded)
                return;
            _disk.Retry();
            if (_isEnding && (EndsOnDisk ? _disk.Flush() : _disk.IsWritten))
                (IsFinished, _isEnding) = (true, false);
        }
        Appended?.Invoke();
    }

    /// <summary>The last event; it is on the disk itself when this returns. Nothing happens where it is written already.</summary>
    public void Finish(long time, RunStatus status) => End(time, status, last: true);

    /// <summary>As <see cref="Finish"/>, where the program may yet go on. Its threads may still log; that changes nothing until <see cref="Unpause"/>.</summary>
    public void Pause(long time, RunStatus status) => End(time, status, last: false);

    /// <summary>After a <see cref="Pause"/>: the first event from that time on is preceded by a resume event.</summary>
    public void Unpause(long from)
    {
        lock (_gate)
            _resumesFrom = from;
    }

    /// <summary>Closes the file; what is written stays.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _json.Dispose();
            if (!_discarded)
                _disk.Dispose();
        }
    }

    /// <summary>Removes the file: nobody wants what it holds. Events that still come are dropped.</summary>
    internal void Discard()
    {
        lock (_gate)
        {
            _discarded = true;
            _file.Dispose();
            File.Delete(Path);
            Files.Discard();
        }
    }

    private void End(long time, RunStatus status, bool last)
    {
        lock (_gate)
        {
            if (IsFinished || _isEnding)
                return;
            Begin("finish", time);
            _json.WriteString("status", status.ToString().ToLowerInvariant());
            End();
            var isWritten = _discarded || (EndsOnDisk ? _disk.Flush() : _disk.IsWritten);
            (IsFinished, _isEnding, _isPaused) = (last && isWritten, last && !isWritten, !last);
            _resumesFrom = long.MaxValue;
        }
        Appended?.Invoke();
    }

    private void Append(string kind, long time, Action<Utf8JsonWriter> write)
    {
        lock (_gate)
        {
            Begin(kind, time);
            write(_json);
            End();
        }
        Appended?.Invoke();
    }

    private void Begin(string kind, long time)
    {
        if (_isPaused && kind != "finish" && time >= _resumesFrom)
        {
            _isPaused = false;
            if (kind != "resume")
            {
                Begin("resume", time);
                End();
            }
        }
        time = Math.Max(time, _notBefore);
        _lastTime = Math.Max(_lastTime, time);
        _line.SetLength(0);
        _json.Reset(_line);
        _json.WriteStartObject();
        _json.WriteString("e"u8, kind);
        _json.WriteNumber("t"u8, time);
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        if (_discarded)
            return;
        _line.WriteByte((byte)'\n');
        _disk.Append(_line.GetBuffer().AsSpan(0, (int)_line.Length));
    }
}
