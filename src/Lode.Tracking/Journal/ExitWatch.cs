using System.Runtime.InteropServices;

namespace Lode.Tracking;

/// <summary>Ends the runs of a program that ends without ending them: by a signal or by an unhandled exception.</summary>
/// <remarks>
/// A signal need not be the end: the program may handle it and go on, so runs are only paused by it, and resumed by what is logged a second after. The handlers decide nothing
/// about the program's fate; they take two seconds at most, for what they write to reach the store.
/// </remarks>
internal sealed class ExitWatch
{
    private const long DyingMilliseconds = 1000;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private static readonly (PosixSignal Signal, string Name)[] s_signals = [(PosixSignal.SIGTERM, "SIGTERM"), (PosixSignal.SIGINT, "SIGINT"), (PosixSignal.SIGQUIT, "SIGQUIT"), (PosixSignal.SIGHUP, "SIGHUP")];

    private readonly Lock _gate = new();
    private readonly List<ActiveRun> _runs = [];
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly JournalShipper _shipper;
    private readonly IRunStore _store;
    private readonly IArtifactStore? _artifacts;
    private readonly string _folder;
    private bool _left;

    public ExitWatch(JournalShipper shipper, IRunStore store, IArtifactStore? artifacts, string folder, bool endsBySignal)
    {
        (_shipper, _store, _artifacts, _folder) = (shipper, store, artifacts, folder);
        foreach (var (signal, name) in endsBySignal ? s_signals : [])
            _registrations.Add(PosixSignalRegistration.Create(signal, _ => Pause(name)));
        AppDomain.CurrentDomain.UnhandledException += Fail;
    }

    public void Add(ActiveRun run)
    {
        lock (_gate)
        {
            _runs.RemoveAll(known => known.IsFinished);
            _runs.Add(run);
        }
    }

    /// <summary>The tracker is no more. Runs that were not ended are watched on: an exception unwinds the tracker before it is known to be unhandled.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _left = true;
            _runs.RemoveAll(known => known.IsFinished);
            if (_runs.Count == 0)
                AppDomain.CurrentDomain.UnhandledException -= Fail;
        }
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    private void Pause(string signal)
    {
        try
        {
            List<ActiveRun> paused;
            lock (_gate)
            {
                if (_left)
                    return;
                paused = _runs.FindAll(run => !run.IsFinished);
                foreach (var run in paused)
                {
                    run.Tag(RunOrigin.ExitSignal, signal);
                    run.Journal.Pause(run.Now, RunStatus.Killed);
                }
            }
            try
            {
                Wait(ct => _shipper.FlushAsync(ct));
            }
            finally
            {
                foreach (var run in paused)
                    run.Journal.Unpause(run.Now + DyingMilliseconds);
            }
        }
        catch (Exception)
        {
            // The program is ending: what could not be said now shows as stale.
        }
    }

    private void Fail(object sender, UnhandledExceptionEventArgs happened)
    {
        try
        {
            KeyValuePair<string, string?>[] tags = happened.ExceptionObject is Exception error
                ? [new(RunOrigin.ExitType, error.GetType().FullName), new(RunOrigin.ExitMessage, NameRules.Truncate(error.Message, 1000)), new(RunOrigin.ExitStack, NameRules.Truncate(error.ToString(), 5000))]
                : [];
            lock (_gate)
            {
                foreach (var run in _runs.Where(run => !run.IsFinished))
                {
                    if (_left)
                    {
                        using var last = JournalFile.Create(_folder, run.Id, JournalSegment.New());
                        End(run, last, tags);
                    }
                    else
                        End(run, run.Journal, tags);
                }
                if (!_left)
                    Wait(ct => _shipper.FlushAsync(ct));
                else
                {
                    foreach (var run in _runs)
                        Wait(ct => JournalShipper.RecoverAsync(_folder, _store, _ => { }, ct, run.Id, _artifacts));
                }
            }
        }
        catch (Exception)
        {
            // As above; the exception itself is what the user must see.
        }
    }

    private static void End(ActiveRun run, JournalFile journal, KeyValuePair<string, string?>[] tags)
    {
        journal.Tags(run.Now, tags);
        journal.Finish(run.Now, RunStatus.Failed);
    }

    private static void Wait(Func<CancellationToken, Task> ship)
    {
        using var patience = new CancellationTokenSource(s_patience);
        Task.Run(() => ship(patience.Token)).Wait(s_patience);
    }
}
