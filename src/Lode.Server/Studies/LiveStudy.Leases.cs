using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Server.Studies;

// Who has which trial, and since when nothing was heard of them. A lease is over when its signs of life stood still for its length by this
// process's own clock, which only runs forward: the clocks of other servers, and jumps of the wall's, do not matter. A server that has just started
// begins to count then, so agents that could not reach it for a while keep their trials.
internal sealed partial class LiveStudy
{
    /// <summary>Makes trials wait whose agents fell silent.</summary>
    /// <param name="pause">For how long this process itself did not run: nobody could give a sign of life.</param>
    public async Task ExpireAsync(TimeSpan pause)
    {
        if (Silent(pause).Count == 0)
            return;
        // Another server may have heard of them.
        await RefreshAsync().ConfigureAwait(false);
        var wishes = Silent(TimeSpan.Zero).ConvertAll(trial => new StepWish(new ExpireTrial(trial.Number, trial.Attempt, trial.Beat, _info.Spec.MaxLosses)));
        if (wishes.Count == 0)
            return;
        await StepsAsync(wishes).ConfigureAwait(false);
        await EndWhereDoneAsync().ConfigureAwait(false);
    }

    /// <summary>Why a trial should be stopped; null = it goes on.</summary>
    public string? WhyStop(int number, int attempt)
    {
        lock (_gate)
        {
            if (!_running.TryGetValue(number, out var watch) || watch.Attempt != attempt)
                return "lost";
            return _info.State == StudyState.Stopped ? "stopped" : watch.IsPruned ? "pruned" : null;
        }
    }

    /// <summary>Whether the pruner stops a trial; remembered, so that a heartbeat says it again.</summary>
    public bool Prunes(int number)
    {
        if (_info.Spec.Pruner.Name == "none")
            return false;
        Study search;
        lock (_gate)
        {
            if (!_running.TryGetValue(number, out var watch))
                return false;
            if (watch.IsPruned)
                return true;
            search = _search;
        }
        var prunes = search.Get(number).State == TrialState.Running && search.ShouldPrune(number);
        if (prunes)
        {
            lock (_gate)
            {
                if (_running.TryGetValue(number, out var watch))
                    watch.IsPruned = true;
            }
        }
        return prunes;
    }

    private List<TrialInfo> Silent(TimeSpan pause)
    {
        var silent = new List<TrialInfo>();
        var lease = TimeSpan.FromSeconds(_info.Spec.LeaseSeconds);
        lock (_gate)
        {
            foreach (var (number, watch) in _running)
            {
                watch.Since += (long)(pause.TotalSeconds * _time.TimestampFrequency);
                if (_time.GetElapsedTime(watch.Since) >= lease)
                    silent.Add(_trials[number]);
            }
        }
        return silent;
    }

    private void Watched(TrialInfo trial)
    {
        if (trial.State != TrialState.Running)
        {
            _running.Remove(trial.Number);
        }
        else if (!_running.TryGetValue(trial.Number, out var watch) || watch.Attempt != trial.Attempt)
        {
            _running[trial.Number] = new Watch(trial.Attempt) { Beat = trial.Beat, Since = _time.GetTimestamp() };
        }
        else if (watch.Beat != trial.Beat)
        {
            (watch.Beat, watch.Since) = (trial.Beat, _time.GetTimestamp());
        }
    }

    private sealed class Watch(int attempt)
    {
        public int Attempt => attempt;

        public long Beat { get; set; }

        /// <summary>When the last sign of life was seen here.</summary>
        public long Since { get; set; }

        public bool IsPruned { get; set; }
    }
}
