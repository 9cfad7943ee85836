using Lode.Core;

namespace Lode.Tracking;

/// <summary>A run that is being logged to. Logging never waits for a store and never throws for a network or a full disk.</summary>
/// <remarks><b>Threads.</b> All members may be called concurrently.</remarks>
public sealed class ActiveRun
{
    private readonly TimeProvider _time;

    internal ActiveRun(JournalFile journal, string name, TimeProvider time)
    {
        Journal = journal;
        _time = time;
        Name = name;
    }

    /// <summary>The run's id.</summary>
    public RunId Id => Journal.Run;

    /// <summary>The run's name.</summary>
    public string Name { get; }

    internal JournalFile Journal { get; }

    internal long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Logs metric values.</summary>
    /// <param name="step">The program's own counter; none is refused.</param>
    /// <param name="values">Names and values; NaN and infinities are kept.</param>
    public void Log(long step, params ReadOnlySpan<(string Key, double Value)> values) => Journal.Metrics(Now, step, values);

    /// <summary>Logs params, each once.</summary>
    public void LogParams(IEnumerable<KeyValuePair<string, string>> values) => Journal.Params(Now, values);

    /// <summary>Sets tags.</summary>
    public void Tag(IEnumerable<KeyValuePair<string, string>> tags) => Journal.Tags(Now, tags.Select(tag => new KeyValuePair<string, string?>(tag.Key, tag.Value)));

    /// <summary>Sets one tag.</summary>
    public void Tag(string key, string value) => Tag([new(key, value)]);

    /// <summary>
    /// Drops the points of all metrics that were logged before and have a later step, those that other programs logged to this run too,
    /// whether they have reached the store or not: what a program does that starts again from a checkpoint.
    /// </summary>
    /// <param name="step">The last step that stays.</param>
    public void Rewind(long step) => Journal.Rewind(Now, step);

    /// <summary>Whether it was ended.</summary>
    public bool IsFinished => Journal.IsFinished;

    /// <summary>Ends the run; does nothing where it is ended. Nothing may be logged after.</summary>
    public void Finish(RunStatus status = RunStatus.Finished) => Journal.Finish(Now, status);
}
