using System.Runtime.ExceptionServices;

namespace Lode.Optimization;

public sealed partial class Study
{
    // One call of Optimize: hands trials to workers until it is over.
    private sealed class StudyRun
    {
        private readonly Study _study;
        private readonly OptimizeOptions _options;
        private readonly CancellationToken _ct;
        private readonly long _started;
        private int _running;
        private int _left;
        private ExceptionDispatchInfo? _fault;

        public StudyRun(Study study, OptimizeOptions options, CancellationToken ct)
        {
            (_study, _options, _ct, _left) = (study, options, ct, options.Trials);
            _started = options.Clock.GetTimestamp();
            lock (study._gate)
                (study._planned, study._parallel, study._stopReason) = (Math.Max(1, study._finished + options.Trials), options.Parallel, null);
        }

        public void Work(Func<LiveTrial, Outcome> objective)
        {
            try
            {
                while (Next(out var change) is var live && (live is not null || change is not null))
                {
                    if (live is null)
                        change!.GetAwaiter().GetResult();
                    else if (Begin(live))
                        Finish(live, Judge(live, () => objective(live)));
                }
            }
            catch (Exception fault)
            {
                Stop(fault);
            }
        }

        public async Task WorkAsync(Func<LiveTrial, Task<Outcome>> objective)
        {
            try
            {
                while (Next(out var change) is var live && (live is not null || change is not null))
                {
                    if (live is null)
                    {
                        await change!.ConfigureAwait(false);
                    }
                    else if (Begin(live))
                    {
                        // Whatever it ends with is judged as if it had been thrown or returned here.
                        var done = Start(live, objective);
                        await Task.WhenAny(done).ConfigureAwait(false);
                        Finish(live, Judge(live, () => done.GetAwaiter().GetResult()));
                    }
                }
            }
            catch (Exception fault)
            {
                Stop(fault);
            }
        }

        /// <summary>Throws what ended the run early, if something did.</summary>
        public void End()
        {
            lock (_study._gate)
                (_study._planned, _study._parallel) = (null, _study._options.Parallel);
            _fault?.Throw();
            if (_left > 0 && _study.StopReason is null)
                _ct.ThrowIfCancellationRequested();
        }

        private static Task<Outcome> Start(LiveTrial live, Func<LiveTrial, Task<Outcome>> objective)
        {
            try
            {
                return objective(live) ?? Task.FromException<Outcome>(new InvalidOperationException("The objective gave no task."));
            }
            catch (Exception failure)
            {
                return Task.FromException<Outcome>(failure);
            }
        }

        // A trial; or what to wait for before there may be one; or neither: it is over.
        private LiveTrial? Next(out Task? change)
        {
            change = null;
            lock (_study._gate)
            {
                if (_left == 0 || _fault is not null || _study._stopReason is not null || _ct.IsCancellationRequested || _options.Clock.GetElapsedTime(_started) >= _options.Timeout)
                    return null;
                // Before asking, so that a tell in between is not missed.
                change = (_study._changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                _left--;
                _running++;
            }
            LiveTrial? live = null;
            string? stop = null;
            try
            {
                live = _study.TryAsk(mayStop: true, out stop);
            }
            finally
            {
                if (live is null)
                    lock (_study._gate)
                        (_left, _running) = (_left + 1, _running - 1);
            }
            if (live is not null)
                return live;
            if (stop is not null)
            {
                _study.Stop(stop);
                change = null;
                return null;
            }
            lock (_study._gate)
                if (_running == 0 && !change.IsCompleted)
                    throw _study.MustWait();
            return null;
        }

        private bool Begin(LiveTrial live)
        {
            live.Hooks = _options.Hooks;
            live.Cancellation = _ct;
            if (_options.TrialTimeout is { } time)
            {
                live.TimeUp = new CancellationTokenSource(time, _options.Clock);
                live.Linked = CancellationTokenSource.CreateLinkedTokenSource(_ct, live.TimeUp.Token);
                live.Cancellation = live.Linked.Token;
            }
            try
            {
                _options.Hooks.Started?.Invoke(live.Snapshot);
            }
            catch
            {
                Finish(live, null);
                throw;
            }
            if (live.Repeats is not { } same)
                return true;
            Finish(live, Outcome.Complete(same.Values.AsSpan()).WithConstraints(same.Constraints.AsSpan()));
            return false;
        }

        // Null when the objective gave up because the run was cancelled.
        private Outcome? Judge(LiveTrial live, Func<Outcome> evaluate)
        {
            try
            {
                var outcome = evaluate();
                if (live.HookFailure is not null)
                    return null;
                return outcome.State != TrialState.Complete || outcome.Values.Length == _study._options.Directions.Count
                    ? outcome
                    : Outcome.Failed($"The objective gave {Count(outcome.Values.Length, "value")}; the study has {Count(_study._options.Directions.Count, "objective")}.");
            }
            catch (Exception) when (live.HookFailure is not null)
            {
                return null;
            }
            catch (OperationCanceledException) when (_ct.IsCancellationRequested)
            {
                return null;
            }
            catch (OperationCanceledException) when (live.TimeUp?.IsCancellationRequested == true)
            {
                return Outcome.Failed(FormattableString.Invariant($"The trial took more than {_options.TrialTimeout!.Value.TotalSeconds} s."));
            }
            catch (Exception failure)
            {
                if (_options.StopOnFailure)
                    Stop(failure);
                return Outcome.Failed($"{failure.GetType().Name}: {failure.Message}");
            }
        }

        // Without an outcome (cancelled, or a hook failed) the trial waits for another run.
        private void Finish(LiveTrial live, Outcome? outcome)
        {
            live.Linked?.Dispose();
            live.TimeUp?.Dispose();
            Trial trial;
            lock (_study._gate)
            {
                trial = outcome is null ? _study.Release(live.Number) : _study.Tell(live.Number, outcome);
                _running--;
                _left += outcome is null ? 1 : 0;
                _study.Pulse();
            }
            _options.Hooks.Finished?.Invoke(trial);
            if (live.HookFailure is { } failure)
                ExceptionDispatchInfo.Throw(failure);
        }

        private void Stop(Exception fault)
        {
            lock (_study._gate)
            {
                _fault ??= ExceptionDispatchInfo.Capture(fault);
                _study.Pulse();
            }
        }
    }
}
