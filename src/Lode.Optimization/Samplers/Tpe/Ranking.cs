namespace Lode.Optimization;

/// <summary>The standings of all trials of a study.</summary>
internal readonly struct Ranking
{
    private readonly Standing[] _standings;

    public Ranking(History history)
    {
        _standings = new Standing[history.Trials.Count];
        for (var i = 0; i < _standings.Length; i++)
            _standings[i] = Standing.Of(history, history.Trials[i]);
    }

    /// <summary>Whether the trial has a place among good and bad by its result.</summary>
    public bool IsRanked(int trial) => _standings[trial].IsRanked;

    /// <summary>Whether the trial tells anything at all.</summary>
    public bool IsKnown(int trial) => _standings[trial].Class != StandingClass.Absent;

    /// <summary>Whether the first is better than the second; of equals the earlier.</summary>
    public bool IsBetter(int a, int b) => _standings[a].IsBetterThan(_standings[b]);

    /// <summary>The loss of a complete trial whose constraints hold; NaN for others.</summary>
    public double Loss(int trial) => _standings[trial].Class == StandingClass.Complete ? _standings[trial].Loss : double.NaN;
}
