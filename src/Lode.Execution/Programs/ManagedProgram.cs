using System.Diagnostics;
using Lode.Core;

namespace Lode.Execution;

/// <summary>A program where there is no posix_spawn (Windows): .NET's own process. The console itself passes Ctrl-C on.</summary>
internal sealed class ManagedProgram : IProgram
{
    private readonly Process _process;

    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">All its environment.</param>
    /// <exception cref="LodeException">NotFound: there is no such program, or it may not be run.</exception>
    public ManagedProgram(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw ProgramPath.CannotRun(command[0], isDenied: error.NativeErrorCode == 5, error.Message);
        }
        Ended = EndAsync();
    }

    public int Id => _process.Id;

    public Stream Out => _process.StandardOutput.BaseStream;

    public Stream Error => _process.StandardError.BaseStream;

    public Task<ProgramEnd> Ended { get; }

    public void Signal(int signal)
    {
        if (signal != Libc.Interrupt)
            Kill();
    }

    public bool HasOthers(bool all) => false;

    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended.
        }
    }

    public void Dispose() => _process.Dispose();

    private async Task<ProgramEnd> EndAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        return new ProgramEnd(_process.ExitCode, null);
    }
}
