using System.Text.Encodings.Web;
using System.Text.Json;
using Lode.Core;

namespace Lode.Tracking;

/// <summary>
/// A run's journal on disk, open for writing: every event is with the operating system before the call returns, so a kill of
/// this process loses none. The open file tells others that the run's program lives.
/// </summary>
/// <remarks><b>Threads.</b> All members may be called concurrently; events are whole and in order.</remarks>
public sealed class JournalFile : IDisposable
{
    private static readonly JsonWriterOptions s_options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _gate = new();
    private readonly MemoryStream _line = new();
    private readonly Utf8JsonWriter _json;
    private readonly FileStream _file;
    private long _length;
    private bool _discarded;

    private JournalFile(RunId run, string path, FileStream file)
    {
        Run = run;
        Path = path;
        _file = file;
        _json = new Utf8JsonWriter(_line, s_options);
    }

    /// <summary>The run whose journal this is.</summary>
    public RunId Run { get; }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>Bytes written so far.</summary>
    public long Length => Interlocked.Read(ref _length);

    /// <summary>Whether the finish event is written.</summary>
    public bool IsFinished { get; private set; }

    internal Microsoft.Win32.SafeHandles.SafeFileHandle Handle => _file.SafeFileHandle;

    /// <summary>Raised after each event, on the writer's thread.</summary>
    public event Action? Appended;

    /// <summary>Where a run's journal lies in a folder of journals.</summary>
    public static string PathOf(string folder, RunId run) => System.IO.Path.Combine(folder, run + ".jsonl");

    /// <summary>Begins a run's journal.</summary>
    /// <exception cref="LodeException">PermissionDenied or Unavailable: the folder cannot be written.</exception>
    public static JournalFile Create(string folder, RunId run)
    {
        var path = PathOf(folder, run);
        try
        {
            Directory.CreateDirectory(folder);
            // Read sharing: others may read along, and find out by asking for the whole file that somebody still writes.
            return new JournalFile(run, path, new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw DataFolder.CannotWrite(path, error);
        }
    }

    /// <summary>The first event.</summary>
    public void Start(long time, string project, string? name, string user) => Append("start", json =>
    {
        json.WriteNumber("t", time);
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
            Begin("metrics");
            _json.WriteNumber("t", time);
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
    public void Params(long time, IEnumerable<KeyValuePair<string, string>> values) => Append("params", json =>
    {
        json.WriteNumber("t", time);
        json.WriteStartObject("params");
        foreach (var (key, value) in values)
            json.WriteString(key, value);
        json.WriteEndObject();
    });

    /// <summary>Tags; a null value removes one.</summary>
    public void Tags(long time, IEnumerable<KeyValuePair<string, string?>> values) => Append("tags", json =>
    {
        json.WriteNumber("t", time);
        json.WriteStartObject("tags");
        foreach (var (key, value) in values)
            json.WriteString(key, value);
        json.WriteEndObject();
    });

    /// <summary>A sign of life.</summary>
    public void Heartbeat(long time) => Append("heartbeat", json => json.WriteNumber("t", time));

    /// <summary>The last event; it is on the disk itself when this returns.</summary>
    public void Finish(long time, RunStatus status)
    {
        lock (_gate)
        {
            Begin("finish");
            _json.WriteNumber("t", time);
            _json.WriteString("status", status.ToString().ToLowerInvariant());
            End();
            if (!_discarded)
                _file.Flush(flushToDisk: true);
            IsFinished = true;
        }
        Appended?.Invoke();
    }

    /// <summary>Closes the file; what is written stays.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _json.Dispose();
            _file.Dispose();
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
        }
    }

    private void Append(string kind, Action<Utf8JsonWriter> write)
    {
        lock (_gate)
        {
            Begin(kind);
            write(_json);
            End();
        }
        Appended?.Invoke();
    }

    private void Begin(string kind)
    {
        _line.SetLength(0);
        _json.Reset(_line);
        _json.WriteStartObject();
        _json.WriteString("e"u8, kind);
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        if (_discarded)
            return;
        _line.WriteByte((byte)'\n');
        RandomAccess.Write(_file.SafeFileHandle, _line.GetBuffer().AsSpan(0, (int)_line.Length), _length);
        Interlocked.Add(ref _length, _line.Length);
    }
}
