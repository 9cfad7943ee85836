using System.Globalization;
using Lode.Core;

namespace Lode.Optimization.Tests.Studies;

public sealed class RepeatableTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Optimize_AnyNumberOfWorkers_SameTrialsBitForBit(bool declared)
    {
        var alone = Run(16, 1, declared);
        Assert.Equal(alone, Run(16, 4, declared));
        Assert.Equal(alone, Run(16, 16, declared));
        Assert.Contains("Pruned", alone, StringComparison.Ordinal);
        Assert.Contains("Failed", alone, StringComparison.Ordinal);
        Assert.Equal(alone, Run(16, 64, declared));
        Assert.NotEqual(alone, Run(4, 4, declared));
    }

    // Three waves; a spin in the objective lets workers overtake each other.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Optimize_SixtyFourWorkers_SameTrialsBitForBit(bool declared) => Assert.Equal(Run(64, 1, declared, 192), Run(64, 64, declared, 192));

    [Fact]
    public void Optimize_WidthOne_IsTheFreeModeAlone() => Assert.Equal(Run(0, 1, true), Run(1, 1, true));

    [Fact]
    public void Optimize_Resumed_SameTrials()
    {
        var options = Options(8, true);
        var whole = new Study(options);
        whole.Optimize(Objective, new OptimizeOptions { Trials = 50, Parallel = 4 });
        var resumed = new Study(options, whole.Trials.Take(21));
        resumed.Optimize(Objective, new OptimizeOptions { Trials = 29 });
        Assert.Equal(Print(whole), Print(resumed));
    }

    [Fact]
    public void Optimize_CancelledAndContinued_SameTrials()
    {
        var study = new Study(Options(8, true));
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => study.Optimize(trial =>
        {
            if (trial.Number == 19)
                stop.Cancel();
            trial.Cancellation.ThrowIfCancellationRequested();
            return Objective(trial);
        }, new OptimizeOptions { Trials = 50, Parallel = 3 }, stop.Token));
        study.Optimize(Objective, new OptimizeOptions { Trials = 50 - study.Trials.Count(trial => trial.IsFinished) });
        Assert.Equal(Run(8, 1, true, 50), Print(study));
    }

    [Fact]
    public void Ask_WaveBeforeNotTold_SaysWhichTrialsItWaitsFor()
    {
        var study = new Study(Options(2, true));
        study.Ask();
        study.Ask();
        study.Tell(0, 1);
        var error = Assert.Throws<LodeException>(() => study.Ask());
        Assert.Equal(ErrorCode.Conflict, error.Code);
        Assert.Equal("Trial 2 must wait for the wave of 2 before it; not told yet: 1.", error.Message);
        study.Tell(1, 1);
        Assert.Equal(2, study.Ask().Number);
    }

    [Fact]
    public void Optimize_WaveHeldBySomebodyElse_IsRefusedNotStuck()
    {
        var study = new Study(Options(2, true));
        study.Ask();
        Assert.Equal(ErrorCode.Conflict, Assert.Throws<LodeException>(() => study.Optimize(Objective, new OptimizeOptions { Trials = 5, Parallel = 2 })).Code);
    }

    private static StudyOptions Options(int width, bool declared) => new()
    {
        Seed = 11,
        RepeatableWidth = width,
        Pruner = new PercentilePruner(),
        Space = declared
            ? new([new FloatParameter("x", -1, 1), new CategoricalParameter("kind", "a", "b"), new FloatParameter("rate", 1e-3, 1, log: true) { When = new("kind", ["b"]) }])
            : SearchSpace.Empty,
    };

    private static string Run(int width, int workers, bool declared, int trials = 64)
    {
        var study = new Study(Options(width, declared));
        study.Optimize(Objective, new OptimizeOptions { Trials = trials, Parallel = workers });
        return Print(study);
    }

    // Its time varies from trial to trial, so workers overtake each other; its noise is the trial's own.
    private static Outcome Objective(LiveTrial trial)
    {
        var x = trial.Float("x", -1, 1);
        var b = trial.Choice("kind", "a", "b") == "b";
        var rate = b ? Math.Log10(trial.Float("rate", 1e-3, 1, log: true)) : 0;
        var rng = trial.Rng;
        if (x > 0.9)
            throw new InvalidOperationException("diverged");
        var loss = 0.0;
        for (var fold = 0; fold < 5; fold++)
        {
            Thread.SpinWait(rng.NextInt32(20_000));
            loss += ((x - 0.3) * (x - 0.3)) + (0.1 * rate * rate) + (0.01 * rng.NextGaussian());
            trial.Report(fold, loss / (fold + 1));
            if (trial.ShouldPrune())
                return Outcome.Pruned;
        }
        return loss / 5;
    }

    private static string Print(Study study) => string.Join('\n', study.Trials.Select(trial => string.Create(CultureInfo.InvariantCulture,
        $"{trial.Number} {trial.State} {trial.Params} -> {string.Join(' ', trial.Values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)))} {trial.Failure} {string.Join(' ', trial.Reports.Select(r => $"{r.Step}:{r.Values[0]:R}"))}")));
}
