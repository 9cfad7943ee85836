namespace Lode.Optimization;

/// <summary>
/// The order of a study's trials from good to bad: complete ones by value, then pruned ones (later step first, then value of
/// the last report, then those without a report), as in Optuna; a value that is not a number is the worst of its class.
/// Failed trials (a failure is usually a region: too little memory, a rate that diverges) and running ones (the constant liar,
/// Ginsbourger et al. 2010, so that parallel proposals keep apart) are never good but count as bad.
/// </summary>
internal readonly struct Ranking
{
    private enum Class : byte
    {
        Complete,
        Pruned,
        Bad,
        Absent,
    }

    private readonly Class[] _class;
    private readonly long[] _step;
    private readonly double[] _loss;

    public Ranking(History history)
    {
        var n = history.Trials.Count;
        (_class, _step, _loss) = (new Class[n], new long[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            var trial = history.Trials[i];
            var (kind, step, value) = trial.State switch
            {
                TrialState.Complete when !trial.Values.IsEmpty => (Class.Complete, 0, history.Loss(0, trial.Values[0])),
                TrialState.Pruned when trial.LastReport is { } last => (Class.Pruned, last.Step, history.Loss(0, last.Values[0])),
                TrialState.Pruned => (Class.Pruned, long.MinValue, 0),
                TrialState.Failed or TrialState.Running => (Class.Bad, 0, 0),
                _ => (Class.Absent, 0L, 0.0),
            };
            (_class[i], _step[i], _loss[i]) = (kind, step, double.IsNaN(value) ? double.PositiveInfinity : value);
        }
    }

    /// <summary>Whether the trial has a place among good and bad by its result.</summary>
    public bool IsRanked(int trial) => _class[trial] <= Class.Pruned;

    /// <summary>Whether the trial tells anything at all.</summary>
    public bool IsKnown(int trial) => _class[trial] != Class.Absent;

    /// <summary>Whether the first is better than the second; of equals the earlier.</summary>
    public bool IsBetter(int a, int b)
    {
        if (_class[a] != _class[b])
            return _class[a] < _class[b];
        if (_step[a] != _step[b])
            return _step[a] > _step[b];
        return _loss[a] != _loss[b] ? _loss[a] < _loss[b] : a < b;
    }

    /// <summary>The loss of a complete trial; NaN for others.</summary>
    public double Loss(int trial) => _class[trial] == Class.Complete ? _loss[trial] : double.NaN;
}
