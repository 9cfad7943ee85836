using System.Collections.Concurrent;
using Lode.Core;

namespace Lode.Optimization.Tests.Studies;

public sealed class OptimizeTests
{
    private static readonly SearchSpace s_space = new([new FloatParameter("x", 0, 1), new CategoricalParameter("c", "a", "b")]);

    [Fact]
    public void Optimize_Parallel_FinishesEachTrialOnce()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        var seen = new ConcurrentDictionary<int, int>();
        study.Optimize(trial =>
        {
            seen.AddOrUpdate(trial.Number, 1, (_, n) => n + 1);
            return trial.Params.Float("x");
        }, new OptimizeOptions { Trials = 100, Parallel = 8 });
        Assert.Equal(100, study.Trials.Count);
        Assert.All(study.Trials, trial => Assert.Equal(TrialState.Complete, trial.State));
        Assert.Equal(Enumerable.Range(0, 100), seen.Keys.Order());
        Assert.All(seen.Values, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Optimize_Parallel_RunsObjectivesTogether()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        using var together = new Barrier(4);
        study.Optimize(trial => together.SignalAndWait(TimeSpan.FromSeconds(30)) ? 1 : Outcome.Failed("alone"), new OptimizeOptions { Trials = 8, Parallel = 4 });
        Assert.All(study.Trials, trial => Assert.Equal(TrialState.Complete, trial.State));
    }

    [Fact]
    public void Optimize_ObjectiveThrows_TrialFailsAndTheRestGoesOn()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        study.Optimize(trial => trial.Number == 2 ? throw new InvalidOperationException("no data") : 1, new OptimizeOptions { Trials = 5 });
        Assert.Equal("InvalidOperationException: no data", study.Trials[2].Failure);
        Assert.Equal(4, study.Trials.Count(trial => trial.State == TrialState.Complete));
        Assert.Throws<InvalidOperationException>(() => study.Optimize(_ => throw new InvalidOperationException("no data"), new OptimizeOptions { Trials = 5, StopOnFailure = true }));
        Assert.Equal(6, study.Trials.Count);
        Assert.All(study.Trials, trial => Assert.True(trial.IsFinished));
    }

    [Fact]
    public void Optimize_WrongNumberOfValues_FailsTheTrial()
    {
        var study = new Study(new StudyOptions { Space = s_space });
        study.Optimize(_ => new[] { 1.0, 2 }, new OptimizeOptions { Trials = 1 });
        Assert.Equal("The objective gave 2 values; the study has 1 objective.", study.Trials[0].Failure);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Optimize_Cancelled_LeavesNoHalfToldTrialAndCanGoOn(int parallel)
    {
        var study = new Study(new StudyOptions { Space = s_space, Seed = 4 });
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => study.Optimize(trial =>
        {
            if (trial.Number == 9)
                stop.Cancel();
            trial.Cancellation.ThrowIfCancellationRequested();
            return trial.Params.Float("x");
        }, new OptimizeOptions { Trials = 50, Parallel = parallel }, stop.Token));
        Assert.DoesNotContain(study.Trials, trial => trial.State is TrialState.Running or TrialState.Failed);
        var waiting = study.Trials.Where(trial => trial.State == TrialState.Waiting).ToList();
        Assert.Contains(waiting, trial => trial.Number == 9);
        study.Optimize(trial => trial.Params.Float("x"), new OptimizeOptions { Trials = 20 });
        Assert.All(waiting, before => Assert.Equal(before.Params, study.Get(before.Number).Params));
        Assert.All(study.Trials, trial => Assert.Equal(TrialState.Complete, trial.State));
    }

    [Fact]
    public void Optimize_Timeout_StartsNoMoreTrials()
    {
        var clock = new ManualClock();
        var study = new Study(new StudyOptions { Space = s_space });
        study.Optimize(_ =>
        {
            clock.Now += TimeSpan.FromSeconds(10);
            return 1;
        }, new OptimizeOptions { Trials = 100, Timeout = TimeSpan.FromSeconds(35), Clock = clock });
        Assert.Equal(4, study.Trials.Count);
    }

    [Fact]
    public void Optimize_Hooks_SeeEachTrialFromStartToFinish()
    {
        var events = new List<string>();
        var study = new Study(new StudyOptions { Space = s_space, Pruner = new PercentilePruner(new() { StartupTrials = 1 }) });
        study.Optimize(trial =>
        {
            trial.Report(0, trial.Number);
            return trial.ShouldPrune() ? Outcome.Pruned : trial.Number;
        }, new OptimizeOptions
        {
            Trials = 2,
            Hooks = new StudyHooks
            {
                Started = trial => events.Add($"start {trial.Number} {trial.State} {trial.Params.Count > 0}"),
                Reported = (trial, report) => events.Add($"report {trial.Number} {report.Step} {report.Values[0]} {trial.Reports.Length}"),
                Finished = trial => events.Add($"finish {trial.Number} {trial.State}"),
            },
        });
        Assert.Equal(["start 0 Running True", "report 0 0 0 1", "finish 0 Complete", "start 1 Running True", "report 1 0 1 1", "finish 1 Pruned"], events);
    }

    [Theory]
    [InlineData("started")]
    [InlineData("reported")]
    [InlineData("finished")]
    public void Optimize_HookThrows_RunEndsAndNothingIsHalfTold(string which)
    {
        void Fail(string hook)
        {
            if (hook == which)
                throw new IOException("disk full");
        }
        var study = new Study(new StudyOptions { Space = s_space });
        Assert.Throws<IOException>(() => study.Optimize(trial =>
        {
            trial.Report(0, 1);
            return 1;
        }, new OptimizeOptions { Trials = 5, Hooks = new StudyHooks { Started = _ => Fail("started"), Reported = (_, _) => Fail("reported"), Finished = _ => Fail("finished") } }));
        Assert.Equal(which == "finished" ? TrialState.Complete : TrialState.Waiting, Assert.Single(study.Trials).State);
    }

    [Fact]
    public void Optimize_BadOptions_AreNamed()
    {
        var study = new Study(new StudyOptions());
        Assert.Contains("Parallel", Assert.Throws<LodeException>(() => study.Optimize(_ => 1, new OptimizeOptions { Trials = 1, Parallel = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("Trials", Assert.Throws<LodeException>(() => study.Optimize(_ => 1, new OptimizeOptions { Trials = -1 })).Message, StringComparison.Ordinal);
        Assert.Throws<LodeException>(() => new Study(new StudyOptions { RepeatableWidth = -1 }));
        Assert.Throws<LodeException>(() => new Study(new StudyOptions { Directions = [] }));
    }

    private sealed class ManualClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
