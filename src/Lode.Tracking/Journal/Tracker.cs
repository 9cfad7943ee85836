using Lode.Core;

namespace Lode.Tracking;

/// <summary>Starts runs: each writes its journal, and one shipper carries all journals to the store.</summary>
public sealed class Tracker : IAsyncDisposable
{
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly JournalShipper _shipper;

    /// <param name="store">Where runs end up.</param>
    /// <param name="journalFolder">Where journals are written first.</param>
    /// <param name="time">The clock of every event.</param>
    /// <param name="warn">Told, in one line, of what could not be delivered.</param>
    public Tracker(IRunStore store, string journalFolder, TimeProvider time, Action<string> warn)
    {
        _folder = journalFolder;
        _time = time;
        _warn = warn;
        _shipper = new JournalShipper(store, time, warn);
    }

    /// <summary>Starts a run.</summary>
    /// <param name="project">The project's name; made where missing.</param>
    /// <param name="name">The run's name; null = one made from the id.</param>
    /// <param name="tags">Free notes.</param>
    /// <exception cref="LodeException">The journal cannot be written; the message names it.</exception>
    public ActiveRun Start(string project, string? name = null, IEnumerable<KeyValuePair<string, string>>? tags = null)
    {
        var journal = JournalFile.Create(_folder, RunId.New());
        journal.Trouble = _warn;
        var run = new ActiveRun(journal, name ?? RunNames.For(journal.Run), _time);
        journal.Start(_time.GetUtcNow().ToUnixTimeMilliseconds(), project, run.Name, Environment.UserName);
        if (tags is not null)
            run.Tag(tags);
        _shipper.Add(journal);
        return run;
    }

    /// <summary>Returns when the store has everything that was logged before the call.</summary>
    public Task FlushAsync(CancellationToken ct) => _shipper.FlushAsync(ct);

    /// <summary>Sends what is left.</summary>
    public ValueTask DisposeAsync() => _shipper.DisposeAsync();
}

/// <summary>A run that is being logged to. Logging never waits for a store and never throws for a network or a full disk.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently.</remarks>
public sealed class ActiveRun
{
    private readonly JournalFile _journal;
    private readonly TimeProvider _time;

    internal ActiveRun(JournalFile journal, string name, TimeProvider time)
    {
        _journal = journal;
        _time = time;
        Name = name;
    }

    /// <summary>The run's id.</summary>
    public RunId Id => _journal.Run;

    /// <summary>The run's name.</summary>
    public string Name { get; }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Logs metric values.</summary>
    /// <param name="step">The program's own counter.</param>
    /// <param name="values">Names and values; NaN and infinities are kept.</param>
    public void Log(long step, params ReadOnlySpan<(string Key, double Value)> values) => _journal.Metrics(Now, step, values);

    /// <summary>Logs params, each once.</summary>
    public void LogParams(IEnumerable<KeyValuePair<string, string>> values) => _journal.Params(Now, values);

    /// <summary>Sets tags.</summary>
    public void Tag(IEnumerable<KeyValuePair<string, string>> tags) => _journal.Tags(Now, tags.Select(tag => new KeyValuePair<string, string?>(tag.Key, tag.Value)));

    /// <summary>Sets one tag.</summary>
    public void Tag(string key, string value) => Tag([new(key, value)]);

    /// <summary>Whether it was ended.</summary>
    public bool IsFinished => _journal.IsFinished;

    /// <summary>Ends the run. Nothing may be logged after.</summary>
    public void Finish(RunStatus status = RunStatus.Finished) => _journal.Finish(Now, status);
}
