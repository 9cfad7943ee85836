using System.Globalization;
using System.Threading.Channels;
using Lode.Learning;
using Lode.Tracking;

namespace Lode.Cli;

/// <summary>Mirrors candidates as runs below the search's own, on a thread of their own while the search goes on.</summary>
/// <remarks>Recording may take a twentieth of the time gone by; where more candidates come than that allows, some have no run of their own, and the
/// parent run says how many. Its failure never stops the search.</remarks>
/// <param name="tracker">Starts runs.</param>
/// <param name="parent">The search's run.</param>
/// <param name="project">The project's name.</param>
/// <param name="metric">What is optimised.</param>
/// <param name="time">The clock.</param>
/// <param name="warn">Told once, when recording fails.</param>
internal sealed class CandidateRuns(Tracker tracker, ActiveRun parent, string project, Metric metric, TimeProvider time, Action<string> warn) : IAutoMlObserver
{
    private const double Share = 0.05;
    private const int AlwaysRecorded = 20;

    private readonly Channel<(Candidate Candidate, bool Ended)> _events = Channel.CreateUnbounded<(Candidate, bool)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<int, ActiveRun> _runs = [];
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _spent;
    private double _best = double.NaN;
    private bool _broken;
    private Task? _pump;

    /// <summary>Candidates that have no run, since recording them would have taken too long.</summary>
    public int Skipped { get; private set; }

    /// <summary>Seconds that recording took, by the clock of its own thread.</summary>
    public double Seconds => _spent.TotalSeconds;

    /// <summary>The run of each candidate that has one.</summary>
    public IReadOnlyDictionary<int, ActiveRun> Runs => _runs;

    public void Begin() => _pump = Task.Run(PumpAsync);

    public void Started(Candidate candidate) => _events.Writer.TryWrite((candidate, false));

    public void Finished(Candidate candidate) => _events.Writer.TryWrite((candidate, true));

    public void Phase(string phase)
    {
    }

    /// <summary>Waits until everything that was told is recorded.</summary>
    public async Task EndAsync()
    {
        _events.Writer.TryComplete();
        if (_pump is not null)
            await _pump;
        foreach (var run in _runs.Values.Where(run => !run.IsFinished))
            run.Finish(RunStatus.Killed);
    }

    private async Task PumpAsync()
    {
        await foreach (var (candidate, ended) in _events.Reader.ReadAllAsync())
        {
            if (_broken)
                continue;
            var at = time.GetTimestamp();
            try
            {
                if (ended)
                    End(candidate);
                else
                    Start(candidate);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                _broken = true;
                warn($"candidates are not recorded any more: {error.Message}");
            }
            _spent += time.GetElapsedTime(at);
        }
    }

    private void Start(Candidate candidate)
    {
        if (candidate.Number >= AlwaysRecorded && _spent > Share * time.GetElapsedTime(_start))
        {
            Skipped++;
            return;
        }
        var run = tracker.Start(project, string.Create(CultureInfo.InvariantCulture, $"{candidate.Number:000}-{candidate.Family}"),
        [
            new("lode.kind", "automl-candidate"),
            new(RunTags.Parent, parent.Id.ToString()),
            new("lode.automl.origin", candidate.Origin),
        ]);
        run.LogParams(candidate.Settings.Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value.ToString())).Prepend(new("family", candidate.Family)));
        _runs[candidate.Number] = run;
    }

    private void End(Candidate candidate)
    {
        if (candidate is { State: CandidateState.Complete, TrainShare: >= 1 } && double.IsFinite(candidate.Score))
        {
            var better = double.IsNaN(_best) || (metric.HigherIsBetter ? candidate.Score > _best : candidate.Score < _best);
            if (better)
                _best = candidate.Score;
            parent.Log(candidate.Number, ($"best_{metric.Name}", _best));
        }
        // Repeated cross-validation of a candidate whose run has ended: the search's end says its last score.
        if (!_runs.TryGetValue(candidate.Number, out var run) || run.IsFinished)
            return;
        for (var fold = 0; fold < candidate.Folds.Count; fold++)
            run.Log(fold, ($"fold_{metric.Name}", candidate.Folds[fold]));
        if (candidate.State == CandidateState.Complete)
            run.Log(0, ($"cv_{metric.Name}", candidate.Score), ($"cv_{metric.Name}_se", candidate.Error), ("predict_microseconds_per_row", candidate.PredictSecondsPerRow * 1e6));
        run.Log(0, ("fit_seconds", candidate.FitSeconds));
        if (candidate.Iterations is { } iterations)
            run.Log(0, ("iterations", iterations));
        run.Tag("lode.trial.state", candidate.State.ToString().ToLowerInvariant());
        if (candidate.TrainShare < 1)
            run.Tag("lode.automl.train_share", candidate.TrainShare.ToString("0.####", CultureInfo.InvariantCulture));
        if (candidate.Reason.Length > 0)
            run.Tag("lode.automl.reason", candidate.Reason);
        run.Finish(candidate.State switch
        {
            CandidateState.Failed => RunStatus.Failed,
            CandidateState.Cancelled => RunStatus.Killed,
            // A pruned candidate ended as it should; its tag says that it ended early.
            _ => RunStatus.Finished,
        });
    }
}

/// <summary>Tags that several commands give runs.</summary>
internal static class RunTags
{
    /// <summary>The run that this one is a part of.</summary>
    public const string Parent = "mlflow.parentRunId";
}
