using System.Runtime.InteropServices;

namespace Lode.Cli;

/// <summary>Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly end, the second for one at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _hurry = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public StopSignals(Action<string> note)
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (_stop.IsCancellationRequested)
                {
                    _ = _hurry.CancelAsync();
                    return;
                }
                note("stopping: trials that run are ended and given back (again: at once)");
                _ = _stop.CancelAsync();
            }));
        }
    }

    public CancellationToken Stop => _stop.Token;

    public CancellationToken Hurry => _hurry.Token;

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _stop.Dispose();
        _hurry.Dispose();
    }
}
