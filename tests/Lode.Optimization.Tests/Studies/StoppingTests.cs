using Lode.Core;

namespace Lode.Optimization.Tests.Studies;

public sealed class StoppingTests
{
    private static readonly SearchSpace s_space = new([new FloatParameter("x", 0, 1)]);

    [Fact]
    public void Optimize_TargetReached_EndsAndSaysWhy()
    {
        var study = new Study(new StudyOptions { Space = s_space, Terminators = [new TargetTerminator(new() { Target = [0.05] })] });
        study.Optimize(trial => trial.Params.Float("x"), new OptimizeOptions { Trials = 1000 });
        Assert.InRange(study.Trials.Count, 1, 999);
        Assert.Equal($"Trial {study.Trials.Count - 1} reached the target 0.05.", study.StopReason);
    }

    [Fact]
    public void Optimize_RepeatableWithTerminator_EndsAtTheSameTrialWithAnyNumberOfWorkers()
    {
        int Run(int workers)
        {
            var study = new Study(new StudyOptions { Space = s_space, RepeatableWidth = 8, Seed = 7, Sampler = new RandomSampler(), Terminators = [new StagnationTerminator(new() { Patience = 20 })] });
            study.Optimize(trial =>
            {
                Thread.SpinWait(trial.Rng.NextInt32(20_000));
                return trial.Params.Float("x");
            }, new OptimizeOptions { Trials = 1000, Parallel = workers });
            Assert.NotNull(study.StopReason);
            return study.Trials.Count;
        }
        var alone = Run(1);
        Assert.Equal(0, alone % 8);
        Assert.Equal(alone, Run(4));
        Assert.Equal(alone, Run(8));
    }

    [Fact]
    public void Stop_FromAnObjective_EndsTheRunAndTheNextGoesOn()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        study.Optimize(trial =>
        {
            if (trial.Number == 3)
                study.Stop("enough");
            return 1;
        }, new OptimizeOptions { Trials = 100 });
        Assert.Equal(("enough", 4), (study.StopReason, study.Trials.Count));
        study.Optimize(_ => 1, new OptimizeOptions { Trials = 2 });
        Assert.Equal((null, 6), (study.StopReason, study.Trials.Count));
    }

    [Fact]
    public async Task OptimizeAsync_WaitingObjectives_AreUnderWayTogether()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        var (arrived, all) = (0, new TaskCompletionSource());
        await study.OptimizeAsync(async trial =>
        {
            if (Interlocked.Increment(ref arrived) == 20)
                all.SetResult();
            await all.Task;
            return trial.Params.Float("x");
        }, new OptimizeOptions { Trials = 40, Parallel = 20 });
        Assert.Equal(40, study.Trials.Count(trial => trial.State == TrialState.Complete));
    }

    [Fact]
    public async Task OptimizeAsync_Repeatable_SameTrialsAsThreads()
    {
        static StudyOptions Options() => new() { Space = s_space, RepeatableWidth = 4, Seed = 2 };
        var threads = new Study(Options());
        threads.Optimize(trial => trial.Params.Float("x"), new OptimizeOptions { Trials = 30 });
        var tasks = new Study(Options());
        await tasks.OptimizeAsync(async trial =>
        {
            await Task.Yield();
            return trial.Params.Float("x");
        }, new OptimizeOptions { Trials = 30, Parallel = 4 });
        Assert.Equal(threads.Trials.Select(trial => trial.Params), tasks.Trials.Select(trial => trial.Params));
    }

    [Fact]
    public async Task OptimizeAsync_ThrowingAndCancelled_AreToldAsThreadsAre()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        await study.OptimizeAsync(trial => trial.Number == 0 ? throw new InvalidOperationException("now") : trial.Number == 1 ? Later() : null!, new OptimizeOptions { Trials = 3 });
        Assert.Equal(["InvalidOperationException: now", "InvalidOperationException: later", "InvalidOperationException: The objective gave no task."], study.Trials.Select(trial => trial.Failure));
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => study.OptimizeAsync(async trial =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, trial.Cancellation);
            return 1;
        }, new OptimizeOptions { Trials = 2 }, stop.Token));
        Assert.Equal(TrialState.Waiting, study.Trials[3].State);

        static async Task<Outcome> Later()
        {
            await Task.Yield();
            throw new InvalidOperationException("later");
        }
    }

    [Fact]
    public void Optimize_TrialTimeout_FailsTheTrialAndGoesOn()
    {
        var clock = new FiringClock();
        var study = new Study(new StudyOptions { Space = s_space });
        study.Optimize(trial =>
        {
            if (trial.Number == 1)
                clock.Fire!();
            trial.Cancellation.ThrowIfCancellationRequested();
            return 1;
        }, new OptimizeOptions { Trials = 3, TrialTimeout = TimeSpan.FromSeconds(30), Clock = clock });
        Assert.Equal([TrialState.Complete, TrialState.Failed, TrialState.Complete], study.Trials.Select(trial => trial.State));
        Assert.Equal("The trial took more than 30 s.", study.Trials[1].Failure);
        Assert.Contains("TrialTimeout", Assert.Throws<LodeException>(() => study.Optimize(_ => 1, new OptimizeOptions { Trials = 1, TrialTimeout = TimeSpan.Zero })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tell_WhileTheSamplerThinks_DoesNotWait()
    {
        var sampler = new SlowSampler();
        var study = new Study(new StudyOptions { Space = s_space, Sampler = sampler });
        sampler.Go.Set();
        var first = study.Ask();
        sampler.Go.Reset();
        var asking = new Thread(() => study.Ask());
        asking.Start();
        Assert.True(sampler.Thinking.WaitOne(TimeSpan.FromSeconds(30)));
        first.Report(0, 1);
        Assert.False(first.ShouldPrune());
        Assert.Equal(TrialState.Complete, study.Tell(0, 1).State);
        Assert.Single(study.Trials);
        sampler.Go.Set();
        asking.Join();
        Assert.Equal(2, study.Trials.Count);
    }

    [Fact]
    public void Propose_HistoryOfARun_TellsBudgetWidthAndSeed()
    {
        var seen = new List<History>();
        var study = new Study(new StudyOptions { Space = s_space, Sampler = new WatchingSampler(seen), Seed = 77 });
        study.Ask();
        study.Optimize(_ => 1, new OptimizeOptions { Trials = 5 });
        study.Optimize(_ => 1, new OptimizeOptions { Trials = 2, Parallel = 3 });
        Assert.Equal([null, 5, 5, 5, 5, 5, 7, 7], seen.Select(history => history.Budget));
        Assert.Equal([1, 1, 1, 1, 1, 1, 3, 3], seen.Select(history => history.Parallel));
        Assert.All(seen, history => Assert.Equal(77UL, history.Seed));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], seen.Select(history => history.Trials.Count));
    }

    private sealed class WatchingSampler(List<History> seen) : ISampler
    {
        public double[] Propose(SearchSpace space, History history, Rng rng)
        {
            lock (seen)
                seen.Add(history);
            return new RandomSampler().Propose(space, history, rng);
        }
    }

    private sealed class SlowSampler : ISampler
    {
        public ManualResetEvent Go { get; } = new(false);

        public ManualResetEvent Thinking { get; } = new(false);

        public double[] Propose(SearchSpace space, History history, Rng rng)
        {
            if (history.Trials.Count > 0)
                Thinking.Set();
            Go.WaitOne();
            return new RandomSampler().Propose(space, history, rng);
        }
    }

    // Timers fire when the test says so.
    private sealed class FiringClock : TimeProvider
    {
        public Action? Fire { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Fire = () => callback(state);
            return new Never();
        }

        private sealed class Never : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
