using System.Globalization;
using Lode.Learning;

namespace Lode.Cli;

/// <summary>Shows how far a search is: one line redrawn in place on a terminal, with the time left; plain lines elsewhere.</summary>
internal sealed class AutoMlProgress : IAutoMlObserver, IDisposable
{
    private static readonly TimeSpan s_redraw = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_line = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;
    private readonly Metric _metric;
    private readonly TimeSpan? _budget;
    private readonly int? _trials;
    private readonly long _start;
    private readonly ITimer _timer;
    private string _phase = "starting";
    private string _trying = "";
    private int _done;
    private Candidate? _best;
    private int _drawn;
    private bool _over;
    private readonly List<(double Seconds, double Best)> _course = [];

    /// <param name="terminal">Where to write.</param>
    /// <param name="time">The clock.</param>
    /// <param name="metric">What is optimised.</param>
    /// <param name="budget">Seconds in all from <paramref name="start"/>; null where trials decide.</param>
    /// <param name="trials">Candidates in all; null where time decides.</param>
    /// <param name="start">When the command began.</param>
    public AutoMlProgress(Terminal terminal, TimeProvider time, Metric metric, TimeSpan? budget, int? trials, long start)
    {
        (_terminal, _time, _metric, _budget, _trials, _start) = (terminal, time, metric, budget, trials, start);
        var pace = terminal.ErrorIsTerminal ? s_redraw : s_line;
        _timer = time.CreateTimer(_ => Draw(), null, pace, pace);
    }

    /// <summary>Each improvement of the best score, with the seconds since the start.</summary>
    public IReadOnlyList<(double Seconds, double Best)> Course => _course;

    public void Started(Candidate candidate)
    {
        lock (_gate)
            _trying = candidate.Family;
    }

    public void Finished(Candidate candidate)
    {
        lock (_gate)
        {
            _done = Math.Max(_done, candidate.Number + 1);
            if (candidate.State == CandidateState.Complete && double.IsFinite(candidate.Score) && (_best is null || IsBetter(candidate.Score, _best.Score)))
            {
                _best = candidate;
                _course.Add((_time.GetElapsedTime(_start).TotalSeconds, candidate.Score));
            }
        }
    }

    public void Phase(string phase)
    {
        lock (_gate)
            _phase = phase;
        Draw();
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            _over = true;
            Erase();
        }
    }

    private bool IsBetter(double score, double best) => _metric.HigherIsBetter ? score > best : score < best;

    private void Draw()
    {
        lock (_gate)
        {
            if (_over)
                return;
            var text = Text();
            if (!_terminal.ErrorIsTerminal)
            {
                _terminal.Note($"lode: {text}");
                return;
            }
            if (text.Length >= _terminal.Width)
                text = text[..(_terminal.Width - 1)];
            Erase();
            _terminal.Error.Write(text);
            _drawn = text.Length;
        }
    }

    private string Text()
    {
        var elapsed = _time.GetElapsedTime(_start);
        var best = _best is null ? "no score yet" : string.Create(CultureInfo.InvariantCulture, $"best {_metric.Name} {Format.Number(_best.Score)} ({_best.Family})");
        var left = _budget is { } budget ? $"{Format.Duration(budget > elapsed ? budget - elapsed : TimeSpan.Zero)} left"
            : _done == 0 ? "" : $"ETA {Format.Duration(elapsed / _done * Math.Max(0, _trials!.Value - _done))}";
        var count = _trials is null ? $"{_done} candidates" : $"{_done}/{_trials} candidates";
        string[] parts = [_phase, count, best, _trying.Length == 0 ? "" : $"trying {_trying}", left];
        return string.Join("  ", parts.Where(part => part.Length > 0));
    }

    private void Erase()
    {
        if (_drawn > 0)
            _terminal.Error.Write($"\r{new string(' ', _drawn)}\r");
        _drawn = 0;
    }
}

/// <summary>Tells several observers, in order.</summary>
internal sealed class AutoMlObservers(params IAutoMlObserver?[] observers) : IAutoMlObserver
{
    private readonly IAutoMlObserver[] _observers = [.. observers.OfType<IAutoMlObserver>()];

    public void Started(Candidate candidate)
    {
        foreach (var observer in _observers)
            observer.Started(candidate);
    }

    public void Finished(Candidate candidate)
    {
        foreach (var observer in _observers)
            observer.Finished(candidate);
    }

    public void Phase(string phase)
    {
        foreach (var observer in _observers)
            observer.Phase(phase);
    }
}
