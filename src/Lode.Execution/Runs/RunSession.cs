using System.Runtime.InteropServices;
using System.Threading.Channels;
using Lode.Tracking;

namespace Lode.Execution;

/// <summary>Runs programs one after the other, and passes on to them what Lode is told: Ctrl-C, SIGTERM, SIGHUP, SIGQUIT.</summary>
/// <remarks>Only one at a time in a process, since signals are the process's.</remarks>
public sealed class RunSession : IDisposable
{
    internal const string MarkPrefix = "LODE_MARK_";

    private readonly Channel<int> _signals = Channel.CreateUnbounded<int>();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly ProgramRunner _runner;
    private int _stopped;

    /// <param name="time">The clock.</param>
    /// <param name="warn">Told, in one line, of what the user should know.</param>
    public RunSession(TimeProvider time, Action<string> warn)
    {
        _runner = new ProgramRunner(time, warn, _signals.Reader);
        foreach (var (signal, number) in new[] { (PosixSignal.SIGHUP, 1), (PosixSignal.SIGINT, Libc.Interrupt), (PosixSignal.SIGQUIT, 3), (PosixSignal.SIGTERM, Libc.Terminate) })
        {
            // What was ignored before (nohup) stays so.
            if ((ProgramTree.IgnoredSignals() >> (number - 1) & 1) == 0)
                _registrations.Add(PosixSignalRegistration.Create(signal, context => Take(context, number)));
        }
    }

    /// <summary>Whether Lode was told to stop; then nothing more should be started.</summary>
    public bool IsStopped => Volatile.Read(ref _stopped) != 0;

    /// <summary>Runs a program to its end. Whatever goes wrong in recording it changes nothing for the program.</summary>
    /// <param name="run">Gets what there is to record, and its end; null = nothing is recorded.</param>
    /// <param name="options">What to run.</param>
    public async Task<ProgramOutcome> RunAsync(ActiveRun? run, ProgramOptions options)
    {
        var outcome = await _runner.RunAsync(run, options).ConfigureAwait(false);
        return outcome.NotStarted is null ? outcome : outcome with { IsStopped = IsStopped };
    }

    /// <summary>Leaves signals to others again.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _signals.Writer.TryComplete();
    }

    private void Take(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        Interlocked.Exchange(ref _stopped, 1);
        _signals.Writer.TryWrite(signal);
    }
}
