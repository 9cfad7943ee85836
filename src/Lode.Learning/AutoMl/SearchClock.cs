namespace Lode.Learning;

/// <summary>What the seconds of a search went into, by the clock.</summary>
/// <param name="Models">Fitting pipelines and predicting with them: what a search is for.</param>
/// <param name="Search">Choosing what to try, cutting out rows, calibrating, scoring and keeping what was found.</param>
/// <param name="Ensemble">Putting the winner together and correcting its score, refits apart.</param>
public sealed record AutoMlTimes(double Models, double Search, double Ensemble)
{
    /// <summary>The sums.</summary>
    internal AutoMlTimes Add(AutoMlTimes other) => new(Models + other.Models, Search + other.Search, Ensemble + other.Ensemble);
}

/// <summary>The time of a search: how much there is, how much of it is kept back for what follows the search, and what it went into.</summary>
internal sealed class SearchClock : IDisposable
{
    // At least so much stays for the winner, and at most, of the budget.
    private const double LeastShare = 0.015;
    private const double MostShare = 0.35;

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly double _share;
    private readonly CancellationTokenSource _deadline;
    private double _keptBack;

    /// <param name="budget">Seconds in all; infinite: no clock decides anything.</param>
    /// <param name="share">The part of what is not kept back that the search may use, in (0, 1]; the rest repeats cross-validation.</param>
    /// <param name="time">The clock.</param>
    public SearchClock(double budget, double share, TimeProvider time)
    {
        (Budget, _share, _time, _start) = (budget, share, time, time.GetTimestamp());
        _keptBack = LeastShare * budget;
        _deadline = IsBound ? new CancellationTokenSource(Span(SearchEnd), time) : new CancellationTokenSource();
    }

    public double Budget { get; }

    /// <summary>Whether the clock bounds the search.</summary>
    public bool IsBound => double.IsFinite(Budget);

    public double Elapsed => _time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>When the winner is begun, in seconds since the start.</summary>
    public double End => IsBound ? Budget - _keptBack : double.PositiveInfinity;

    /// <summary>When nothing new is tried any more.</summary>
    public double SearchEnd => IsBound ? _share * End : double.PositiveInfinity;

    /// <summary>Cancelled at <see cref="SearchEnd"/>.</summary>
    public CancellationToken Token => _deadline.Token;

    /// <summary>Seconds of fits and predictions so far.</summary>
    public double Models { get; set; }

    /// <summary>Changes what is kept back for the winner.</summary>
    public void KeepBack(double seconds)
    {
        if (!IsBound)
            return;
        _keptBack = Math.Clamp(seconds, LeastShare * Budget, MostShare * Budget);
        if (!_deadline.IsCancellationRequested)
            _deadline.CancelAfter(Span(SearchEnd - Elapsed));
    }

    public void Dispose() => _deadline.Dispose();

    private static TimeSpan Span(double seconds) => TimeSpan.FromSeconds(Math.Max(0.001, seconds));
}
