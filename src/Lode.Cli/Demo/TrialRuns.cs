using System.Collections.Concurrent;
using Lode.Learning;
using Lode.Optimization;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>Mirrors a study's trials as runs, and its course on the study's own run.</summary>
internal sealed class TrialRuns(Study study, ActiveRun tune, DemoProgress progress, int total, Func<int, Params, ActiveRun> start)
{
    private readonly ConcurrentDictionary<int, ActiveRun> _runs = new();
    private readonly ConcurrentDictionary<int, CrossValidationResult> _results = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, Trial> _finished = [];
    private int _next;
    private int _done;
    private int _pruned;
    private double _best = double.PositiveInfinity;

    public ActiveRun this[int trial] => _runs[trial];

    public CrossValidationResult Result(int trial) => _results[trial];

    public void SetResult(int trial, CrossValidationResult result) => _results[trial] = result;

    public StudyHooks Hooks => new() { Started = trial => _runs[trial.Number] = start(trial.Number, trial.Params), Finished = Finish };

    /// <summary>Ends the runs of trials that never came to an end.</summary>
    public void Abandon()
    {
        foreach (var trial in study.Trials.Where(trial => !trial.IsFinished))
        {
            if (_runs.TryGetValue(trial.Number, out var run) && !run.IsFinished)
                run.Finish(RunStatus.Killed);
        }
    }

    private void Finish(Trial trial)
    {
        var run = _runs[trial.Number];
        if (!trial.IsFinished)
        {
            run.Finish(RunStatus.Killed);
            return;
        }
        run.Tag("lode.trial.state", trial.State.ToString().ToLowerInvariant());
        if (trial.Failure is not null)
            run.Tag("lode.error", trial.Failure);
        // A pruned trial's program ended as it should; the tag says that it ended early.
        run.Finish(trial.State == TrialState.Failed ? RunStatus.Failed : RunStatus.Finished);
        lock (_gate)
        {
            _finished.Add(trial.Number, trial);
            _done++;
            _pruned += trial.State == TrialState.Pruned ? 1 : 0;
            // In the order of numbers, so that the curve does not depend on which worker was faster.
            while (_finished.Remove(_next, out var next))
            {
                if (next.State == TrialState.Complete)
                {
                    _best = Math.Min(_best, next.Values[0]);
                    tune.Log(_next, ("trial_score", next.Values[0]), ("best_score", _best));
                }
                _next++;
            }
            progress.Trial(_done, total, Math.Min(_best, _finished.Values.Where(waiting => waiting.State == TrialState.Complete).Select(waiting => waiting.Values[0]).DefaultIfEmpty(_best).Min()), _pruned);
        }
    }
}
