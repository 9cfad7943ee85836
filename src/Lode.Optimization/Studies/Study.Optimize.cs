using System.Runtime.ExceptionServices;

namespace Lode.Optimization;

// Ask, evaluate, tell: on one thread or several.
public sealed partial class Study
{
    /// <summary>
    /// Runs trials until <see cref="OptimizeOptions.Trials"/> of them are finished. An exception of the objective makes its trial failed.
    /// When cancelled, trials whose objective gives up with OperationCanceledException wait again with their parameters, others are
    /// told as usual: none stays half-told, and the next call goes on where this one stopped.
    /// </summary>
    /// <param name="objective">Evaluates a trial; called on several threads at once when <see cref="OptimizeOptions.Parallel"/> &gt; 1.</param>
    /// <param name="options">How many, how parallel, who is told.</param>
    /// <param name="ct">Stops the run; objectives see it as <see cref="LiveTrial.Cancellation"/>.</param>
    /// <exception cref="OperationCanceledException">Cancelled before all trials were done.</exception>
    /// <exception cref="Core.LodeException">InvalidArgument: bad options; Conflict: a wave waits for trials that somebody else asked for.</exception>
    public void Optimize(Func<LiveTrial, Outcome> objective, OptimizeOptions options, CancellationToken ct = default)
    {
        options.Validate();
        var run = new Run(this, objective, options, ct);
        // Cancelling must wake those who wait for a wave.
        using (ct.Register(WakeAll))
        {
            if (options.Parallel == 1)
            {
                run.Work();
            }
            else
            {
                var workers = Enumerable.Range(0, options.Parallel).Select(i => new Thread(run.Work) { IsBackground = true, Name = $"study-{i}" }).ToList();
                workers.ForEach(worker => worker.Start());
                workers.ForEach(worker => worker.Join());
            }
        }
        run.Fault?.Throw();
        if (run.Left > 0)
            ct.ThrowIfCancellationRequested();
    }

    private void WakeAll()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    private sealed class Run(Study study, Func<LiveTrial, Outcome> objective, OptimizeOptions options, CancellationToken ct)
    {
        private readonly long _started = options.Clock.GetTimestamp();
        private int _running;

        /// <summary>Trials not given out yet, or given back.</summary>
        public int Left { get; private set; } = options.Trials;

        /// <summary>What ended the run early.</summary>
        public ExceptionDispatchInfo? Fault { get; private set; }

        public void Work()
        {
            try
            {
                while (Next() is { } trial)
                    Evaluate(trial);
            }
            catch (Exception fault)
            {
                Stop(fault);
            }
        }

        private LiveTrial? Next()
        {
            lock (study._gate)
            {
                while (true)
                {
                    if (Left == 0 || Fault is not null || ct.IsCancellationRequested || options.Clock.GetElapsedTime(_started) >= options.Timeout)
                        return null;
                    if (study.TryAsk() is { } trial)
                    {
                        Left--;
                        _running++;
                        (trial.Hooks, trial.Cancellation) = (options.Hooks, ct);
                        return trial;
                    }
                    if (_running == 0)
                        throw study.MustWait();
                    Monitor.Wait(study._gate);
                }
            }
        }

        private void Evaluate(LiveTrial live)
        {
            Outcome? outcome = null;
            try
            {
                options.Hooks.Started?.Invoke(live.Snapshot);
                outcome = Judge(live);
            }
            finally
            {
                // Without an outcome (cancelled, or a hook failed) the trial waits for another run.
                var trial = outcome is null ? study.Release(live.Number) : study.Tell(live.Number, outcome);
                lock (study._gate)
                {
                    _running--;
                    Left += outcome is null ? 1 : 0;
                    Monitor.PulseAll(study._gate);
                }
                options.Hooks.Finished?.Invoke(trial);
            }
        }

        // Null when the objective gave up because the run was cancelled.
        private Outcome? Judge(LiveTrial live)
        {
            try
            {
                var outcome = objective(live);
                if (live.HookFailure is { } swallowed)
                    ExceptionDispatchInfo.Throw(swallowed);
                return outcome.State != TrialState.Complete || outcome.Values.Length == study._options.Directions.Count
                    ? outcome
                    : Outcome.Failed($"The objective gave {Count(outcome.Values.Length, "value")}; the study has {Count(study._options.Directions.Count, "objective")}.");
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception failure) when (live.HookFailure is null)
            {
                if (options.StopOnFailure)
                    Stop(failure);
                return Outcome.Failed($"{failure.GetType().Name}: {failure.Message}");
            }
        }

        private void Stop(Exception fault)
        {
            lock (study._gate)
            {
                Fault ??= ExceptionDispatchInfo.Capture(fault);
                Monitor.PulseAll(study._gate);
            }
        }
    }
}
