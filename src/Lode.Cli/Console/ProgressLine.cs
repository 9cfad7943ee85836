using System.Globalization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>How far a long command is, on standard error: redrawn in place for a person, a line each ten seconds otherwise.</summary>
internal sealed class ProgressLine(Terminal terminal, TimeProvider time, string verb) : IProgress<ExchangeCounts>, IDisposable
{
    private static readonly TimeSpan s_redraw = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_line = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private long _last = time.GetTimestamp();
    private bool _drawn;

    public void Report(ExchangeCounts value)
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_last) < (terminal.ErrorIsTerminal ? s_redraw : s_line))
                return;
            _last = time.GetTimestamp();
            var rate = value.Points / Math.Max(0.001, time.GetElapsedTime(_start).TotalSeconds);
            var line = string.Create(CultureInfo.InvariantCulture, $"lode: {verb} {value.Runs:N0} runs, {value.Points:N0} points, {rate:N0} points/s");
            if (terminal.ErrorIsTerminal)
                terminal.Error.Write("\r" + line.PadRight(70));
            else
                terminal.Note(line);
            _drawn = true;
        }
    }

    /// <summary>Wipes what was drawn.</summary>
    public void Dispose()
    {
        if (_drawn && terminal.ErrorIsTerminal)
            terminal.Error.Write("\r" + new string(' ', 70) + "\r");
    }
}
