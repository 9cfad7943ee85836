using System.Globalization;

namespace Lode.Cli;

/// <summary>Shows how far the demo is: one line redrawn in place on a terminal, a plain line now and then elsewhere.</summary>
internal sealed class DemoProgress(Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan s_plainPause = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private long _lastPlain = time.GetTimestamp();
    private int _drawn;

    /// <summary>A step that is worth a line of its own.</summary>
    public void Step(string text)
    {
        lock (_gate)
        {
            Erase();
            terminal.Note(text);
        }
    }

    /// <summary>Trials done of all, and the best so far.</summary>
    public void Trial(int done, int total, double best, int pruned)
    {
        var elapsed = time.GetElapsedTime(_start);
        var left = TimeSpan.FromSeconds(elapsed.TotalSeconds / done * (total - done));
        var text = string.Create(CultureInfo.InvariantCulture, $"trial {done}/{total}  best log loss {best:0.0000}  {pruned} pruned  ETA {Format.Duration(left)}");
        lock (_gate)
        {
            if (terminal.ErrorIsTerminal)
            {
                Erase();
                terminal.Error.Write(text);
                _drawn = text.Length;
            }
            else if (done == total || time.GetElapsedTime(_lastPlain) >= s_plainPause)
            {
                _lastPlain = time.GetTimestamp();
                terminal.Note(text);
            }
        }
    }

    private void Erase()
    {
        if (_drawn > 0)
            terminal.Error.Write($"\r{new string(' ', _drawn)}\r");
        _drawn = 0;
    }
}
