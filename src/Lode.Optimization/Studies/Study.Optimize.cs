namespace Lode.Optimization;

// Ask, evaluate, tell: on one thread or several, or asynchronously.
public sealed partial class Study
{
    /// <summary>
    /// Runs trials until <see cref="OptimizeOptions.Trials"/> of them are finished, or there is a reason to stop
    /// (<see cref="StopReason"/>). An exception of the objective makes its trial failed. When cancelled, trials whose objective gives up with
    /// OperationCanceledException wait again with their parameters, others are told as usual: none stays half-told, and the next call
    /// goes on where this one stopped.
    /// </summary>
    /// <param name="objective">Evaluates a trial; called on several threads at once when <see cref="OptimizeOptions.Parallel"/> &gt; 1.</param>
    /// <param name="options">How many, how parallel, who is told.</param>
    /// <param name="ct">Stops the run; objectives see it as <see cref="LiveTrial.Cancellation"/>.</param>
    /// <exception cref="OperationCanceledException">Cancelled before all trials were done.</exception>
    /// <exception cref="Core.LodeException">InvalidArgument: bad options; Conflict: a wave waits for trials that somebody else asked for.</exception>
    public void Optimize(Func<LiveTrial, Outcome> objective, OptimizeOptions options, CancellationToken ct = default)
    {
        options.Validate();
        var run = new StudyRun(this, options, ct);
        using (ct.Register(Pulse))
        {
            if (options.Parallel == 1)
            {
                run.Work(objective);
            }
            else
            {
                var workers = Enumerable.Range(0, options.Parallel).Select(i => new Thread(() => run.Work(objective)) { IsBackground = true, Name = $"study-{i}" }).ToList();
                workers.ForEach(worker => worker.Start());
                workers.ForEach(worker => worker.Join());
            }
        }
        run.End();
    }

    /// <summary>As <see cref="Optimize"/>, for objectives that wait rather than compute: up to <see cref="OptimizeOptions.Parallel"/> are under way at once.</summary>
    /// <inheritdoc cref="Optimize"/>
    public async Task OptimizeAsync(Func<LiveTrial, Task<Outcome>> objective, OptimizeOptions options, CancellationToken ct = default)
    {
        options.Validate();
        var run = new StudyRun(this, options, ct);
        using (ct.Register(Pulse))
            await Task.WhenAll(Enumerable.Range(0, options.Parallel).Select(_ => Task.Run(() => run.WorkAsync(objective), CancellationToken.None))).ConfigureAwait(false);
        run.End();
    }
}
