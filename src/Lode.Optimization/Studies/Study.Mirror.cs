using Lode.Core;

namespace Lode.Optimization;

// A study whose trials are kept elsewhere, and are given out and told by several processes.
public sealed partial class Study
{
    /// <summary>
    /// Gives out the next trial unless there is a reason not to. Null with a reason: a terminator says to stop, or a finite space has been
    /// tried. Null without: in the repeatable mode, trials of the wave before are not told yet.
    /// </summary>
    /// <exception cref="LodeException">InvalidArgument: nothing was found that keeps to the space's constraints.</exception>
    public LiveTrial? TryAsk(out string? stop) => TryAsk(mayStop: true, out stop);

    /// <summary>Takes a trial as it stands elsewhere: a new one, whose number is the next, or another state of one that is known.</summary>
    /// <param name="trial">In any state; its reports by ascending step.</param>
    /// <exception cref="LodeException">InvalidArgument: a number beyond the next.</exception>
    public void Merge(Trial trial)
    {
        lock (_gate)
        {
            if (trial.Number > _trials.Count)
                throw new LodeException(ErrorCode.InvalidArgument, $"Trials are numbered from 0 without gaps; got {trial.Number} at place {_trials.Count}.");
            var known = trial.Number < _trials.Count ? _trials[trial.Number] : null;
            if (known is null)
                _trials.Add(trial);
            else
                _trials[trial.Number] = trial;
            if (trial.State == TrialState.Waiting)
                _waiting.Add(trial.Number);
            else
                _waiting.Remove(trial.Number);
            if (known is { IsFinished: true })
                Uncount(known);
            if (trial.IsFinished)
                Count(trial);
            See(trial, known);
            Pulse();
        }
    }

    /// <summary>Takes the newest trials back, which were asked for and are not kept anywhere: another process has given out others in their place.</summary>
    /// <param name="count">How many trials stay.</param>
    public void Truncate(int count)
    {
        lock (_gate)
        {
            for (var number = Math.Max(count, 0); number < _trials.Count; number++)
            {
                _waiting.Remove(number);
                Forget(number);
            }
            _trials.Truncate(count);
            if (!IsRepeatable)
                return;
            // The wave's list is in the order of asking; it is made anew.
            _learned = Math.Min(_learned, count);
            (_wave, var wave) = (-1, _wave);
            if (wave >= 0)
                TryEnterWave(wave);
        }
    }

    /// <summary>Whether the pruner says to stop a running trial, by all that is known now.</summary>
    /// <exception cref="LodeException">NotFound: no such trial; Conflict: not running.</exception>
    public bool ShouldPrune(int number)
    {
        Trial trial;
        History known;
        lock (_gate)
        {
            trial = Running(number);
            known = Known();
        }
        return _options.Pruner.ShouldPrune(known, trial);
    }

    private void See(Trial trial, Trial? known)
    {
        if (IsRepeatable)
        {
            if (trial.State != TrialState.Waiting && trial.Number / _options.RepeatableWidth == _wave && !IsInWave(trial.Number))
            {
                _visible.Add(new Trial(trial.Number, TrialState.Running, trial.Params) { Space = trial.Space });
                Note(trial.Number, trial.Params);
            }
            return;
        }
        if (trial.State == TrialState.Waiting)
        {
            Forget(trial.Number);
        }
        else if (trial.IsFinished)
        {
            Learn(trial);
            Forget(trial.Number, trial.Params);
            See(trial);
        }
        else if (known is null || known.State == TrialState.Waiting || !known.Params.Equals(trial.Params))
        {
            Forget(trial.Number);
            Note(trial.Number, trial.Params);
        }
    }

    private void Uncount(Trial finished)
    {
        _finished--;
        if (!ReferenceEquals(_best, finished) && _best?.Number != finished.Number)
            return;
        _best = null;
        foreach (var trial in _trials.Snapshot())
        {
            if (!trial.IsFinished || trial.Number == finished.Number)
                continue;
            _finished--;
            Count(trial);
        }
    }
}
