using Lode.Core;

namespace Lode.Tracking;

/// <summary>Starts and resumes runs: each program writes journals, and one shipper carries them to the store.</summary>
/// <remarks>
/// A program that ends without ending its runs says why where it can: by a signal (SIGTERM, SIGINT, SIGQUIT, SIGHUP) they are
/// <b>killed</b>, by an unhandled exception <b>failed</b>, with the reason as tags (<see cref="RunOrigin"/>). One that cannot (SIGKILL, a loss of power)
/// leaves them running; after a minute of silence they are <b>stale</b>.
/// </remarks>
public sealed class Tracker : IAsyncDisposable
{
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    private readonly IRunStore _store;
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly JournalShipper _shipper;
    private readonly ExitWatch _exit;

    /// <param name="store">Where runs end up.</param>
    /// <param name="journalFolder">Where journals are written first.</param>
    /// <param name="time">The clock of every event.</param>
    /// <param name="warn">Told, in one line, of what could not be delivered.</param>
    /// <param name="artifacts">Where files end up; null = they wait beside the journal for a command that has a store for them.</param>
    /// <param name="endsBySignal">Whether signals end the runs; false where somebody else takes them and says when runs end.</param>
    /// <param name="linger">How long what was logged may wait for more before it is sent together; default not at all.</param>
    public Tracker(IRunStore store, string journalFolder, TimeProvider time, Action<string> warn, IArtifactStore? artifacts = null, bool endsBySignal = true, TimeSpan linger = default)
    {
        _store = store;
        _folder = journalFolder;
        _time = time;
        _warn = warn;
        _shipper = new JournalShipper(store, time, warn, artifacts, linger);
        _exit = new ExitWatch(_shipper, store, artifacts, journalFolder, endsBySignal);
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Starts a run.</summary>
    /// <param name="project">The project's name; made where missing.</param>
    /// <param name="name">The run's name; null = one made from the id.</param>
    /// <param name="tags">Free notes.</param>
    /// <param name="id">Its id, which no other run has; null = a new one.</param>
    /// <exception cref="LodeException">The journal cannot be written; the message names it.</exception>
    public ActiveRun Start(string project, string? name = null, IEnumerable<KeyValuePair<string, string>>? tags = null, RunId? id = null)
    {
        var journal = Create(id ?? RunId.New(), JournalSegment.First);
        var run = new ActiveRun(journal, name ?? RunNames.For(journal.Run), _time);
        journal.Start(Now, project, run.Name, Environment.UserName);
        if (tags is not null)
            run.Tag(tags);
        Add(run);
        return run;
    }

    /// <summary>Goes on with a run that the store knows, from this or another machine; see <see cref="ActiveRun.Rewind"/> to cut its tail.</summary>
    /// <exception cref="LodeException">NotFound: the store does not know it. Conflict: it is in the trash. Unavailable: the store cannot be asked.</exception>
    public async Task<ActiveRun> ResumeRunAsync(RunId id, CancellationToken ct)
    {
        var known = await _store.GetRunAsync(id, ct).ConfigureAwait(false);
        if (known.Lifecycle == Lifecycle.Deleted)
            throw new LodeException(ErrorCode.Conflict, $"The run {id} is in the trash.", "Restore the run first.");
        var journal = Create(id, JournalSegment.New());
        // The clocks of machines differ; a run's time does not go back, unless somebody's was far off.
        var reached = known.Metrics.Values.Select(metric => metric.LastTime).Append(known.EndedAt ?? 0).Max();
        if (reached - Now < s_day.TotalMilliseconds)
            journal.NotBefore(reached);
        journal.Resume(Now);
        var run = new ActiveRun(journal, known.Name, _time);
        Add(run);
        return run;
    }

    /// <summary>Goes on with a run that the store has just made and that nobody has logged to, without asking it. Its end is not waited for to be on the disk.</summary>
    /// <param name="id">The run's.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="LodeException">The journal cannot be written; the message names it.</exception>
    public ActiveRun TakeOver(RunId id, string name)
    {
        var journal = Create(id, JournalSegment.New());
        journal.EndsOnDisk = false;
        journal.Resume(Now);
        var run = new ActiveRun(journal, name, _time);
        Add(run);
        return run;
    }

    /// <summary>Journals that are not in the store to their ends.</summary>
    public int Waiting => _shipper.Waiting;

    /// <inheritdoc cref="JournalShipper.Rest"/>
    public JournalPart? Rest(ActiveRun run, int most) => _shipper.Rest(run.Journal, most);

    /// <summary>Copies a run's files that wait to be sent into another folder of journals, for <see cref="JournalShipper.RecoverAsync"/>.</summary>
    /// <exception cref="IOException">The disk does not take them.</exception>
    public static void CopyFiles(ActiveRun run, string folder) => run.Journal.Files.CopyTo(JournalFile.PathOf(folder, run.Id, run.Journal.Segment));

    /// <inheritdoc cref="JournalShipper.Took"/>
    public void Took(ActiveRun run, long taken) => _shipper.Took(run.Journal, taken);

    /// <summary>Goes on with a run, or starts it under an id that the caller has chosen.</summary>
    /// <param name="id">For example from a job's environment, the same for all its attempts.</param>
    /// <param name="mode">What to do about a run that is there or is not. <see cref="ResumeMode.Allow"/> asks nobody, so it also works while the store is away.</param>
    /// <param name="project">The project's name, for a run that is not there yet.</param>
    /// <param name="name">The run's name, for a run that is not there yet; null = one made from the id.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="LodeException">AlreadyExists: the run is there and must be new. NotFound: it is not there and must be. Unavailable: the store cannot be asked.</exception>
    public async Task<ActiveRun> ResumeRunAsync(RunId id, ResumeMode mode, string project, string? name, CancellationToken ct)
    {
        if (mode == ResumeMode.Require)
            return await ResumeRunAsync(id, ct).ConfigureAwait(false);
        if (mode == ResumeMode.New && (File.Exists(JournalFile.PathOf(_folder, id)) || await IsKnownAsync(id, ct).ConfigureAwait(false)))
            throw new LodeException(ErrorCode.AlreadyExists, $"Run with id={id} exists.", "Take a fresh id, or resume the run.");
        var journal = Create(id, mode == ResumeMode.New ? JournalSegment.First : JournalSegment.New());
        journal.Start(Now, project, name, Environment.UserName);
        var run = new ActiveRun(journal, name ?? RunNames.For(id), _time);
        Add(run);
        return run;
    }

    /// <summary>Returns when the store has everything that was logged before the call.</summary>
    /// <param name="ct">Stops waiting.</param>
    /// <param name="files">Whether files are waited for too.</param>
    public Task FlushAsync(CancellationToken ct, bool files = true) => _shipper.FlushAsync(ct, files);

    /// <summary>Sends what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        await _shipper.DisposeAsync().ConfigureAwait(false);
        _exit.Leave();
    }

    private async Task<bool> IsKnownAsync(RunId id, CancellationToken ct)
    {
        try
        {
            await _store.GetRunAsync(id, ct).ConfigureAwait(false);
            return true;
        }
        catch (LodeException error) when (error.Code == ErrorCode.NotFound)
        {
            return false;
        }
    }

    private JournalFile Create(RunId run, string segment)
    {
        var journal = JournalFile.Create(_folder, run, segment);
        journal.Trouble = _warn;
        return journal;
    }

    private void Add(ActiveRun run)
    {
        _exit.Add(run);
        _shipper.Add(run.Journal);
    }
}

/// <summary>What to do about a run that is there, or is not.</summary>
public enum ResumeMode
{
    /// <summary>It must not be there.</summary>
    New,

    /// <summary>It must be there.</summary>
    Require,

    /// <summary>Go on with it if it is there, else start it.</summary>
    Allow,
}
