using Lode.Core;

namespace Lode.Learning.Tests.AutoMl;

/// <summary>What a search begins where time is short, and what it keeps back.</summary>
public sealed class BudgetTests
{
    [Fact]
    public void SecondsFor_AfterALookAtFewRows_ScalesTheFitAndNotThePrediction()
    {
        var traits = new DataTraits(TaskKind.Regression, 0, 100_000, 10, 0, 10, 0, 0);
        var arm = new FamilyArm(FamilyCatalog.Get("linear"), traits, 1, byClock: true);
        Assert.True(double.IsNaN(arm.SecondsFor(1, double.NaN)));
        Assert.Equal(2, arm.SecondsFor(1, 2 / arm.NextCost), 9);
        var settings = arm.Family.Portfolio(traits)[0];
        arm.Took(settings, 0.1, fit: 1, predict: 3);
        Assert.Equal(13, arm.SecondsFor(1, double.NaN), 6);
        Assert.Equal(4, arm.SecondsFor(0.1, double.NaN), 6);
        // What all rows took is the better guide.
        arm.Took(settings, 1, fit: 6, predict: 2);
        Assert.Equal(8, arm.SecondsFor(1, double.NaN), 6);
    }

    [Fact]
    public void KeepBack_MovesTheEndOfTheSearch_WithinBounds()
    {
        using var clock = new SearchClock(100, 0.5, TimeProvider.System);
        Assert.InRange(clock.End, 98, 99);
        clock.KeepBack(10);
        Assert.Equal((90, 45), (clock.End, clock.SearchEnd));
        // However slow the winner is to write, the search has most of the time.
        clock.KeepBack(1000);
        Assert.InRange(clock.SearchEnd, 30, 33);
        Assert.False(clock.Token.IsCancellationRequested);
        using var free = new SearchClock(double.PositiveInfinity, 1, TimeProvider.System);
        free.KeepBack(10);
        Assert.Equal((false, double.PositiveInfinity), (free.IsBound, free.SearchEnd));
    }

    [Fact]
    public void Fit_MoreRowsThanTheTimeBears_TriesPartsOfThemAndCutsNothingOff()
    {
        // Of all that the portfolio lists, hundreds of trees on all rows take many times the budget, however busy the machine is.
        var data = Wide(40_000, 20);
        var result = Learning.AutoMl.Fit(data, new AutoMlOptions { Budget = TimeSpan.FromSeconds(6), Seed = 1 });
        Assert.Equal("budget", result.Stopped);
        var cut = result.Leaderboard.Count(candidate => candidate.State == CandidateState.Cancelled);
        Assert.True(cut <= 1, $"{cut} of {result.Leaderboard.Count} candidates were cut off");
        Assert.Contains(result.Leaderboard, candidate => candidate is { State: CandidateState.Complete, Family: not "dummy" });
        Assert.InRange(result.Seconds, 0.1, 20);
        Assert.InRange(result.Times.Models, 0.01, result.Seconds);
        Assert.InRange(result.Times.Models + result.Times.Search + result.Times.Ensemble, 0.8 * result.Seconds, 1.01 * result.Seconds);
    }

    [Fact]
    public void Fit_NoTimeToRefit_KeepsTheFoldsModelsAndSaysSo()
    {
        var time = new Countdown();
        var data = Wide(15_000, 20);
        // The clock jumps to the end when the winner is put together.
        var result = Learning.AutoMl.Fit(data, new AutoMlOptions { Budget = TimeSpan.FromSeconds(50), Seed = 1, Refit = true, Include = ["linear", "decision_tree"] }, new JumpTo("ensemble", time), time);
        Assert.Contains(result.Notes, note => note.StartsWith("There was", StringComparison.Ordinal) && note.EndsWith("Give it more time.", StringComparison.Ordinal));
        Assert.Equal(15_000, result.Predictor.Predict(data.Features).Rows);
    }

    private static Dataset Wide(int rows, int columns)
    {
        var rng = new Rng(3);
        var features = new Column[columns];
        var target = new double[rows];
        for (var column = 0; column < columns; column++)
        {
            var values = new double[rows];
            for (var row = 0; row < rows; row++)
            {
                values[row] = rng.NextGaussian();
                target[row] += column < 5 ? Math.Sin((column + 1) * values[row]) : 0;
            }
            features[column] = new NumericColumn($"x{column}", values);
        }
        return new Dataset(new Table(features), Target.Regression("y", target));
    }

    /// <summary>A clock of the machine's that can be put forward; its timers go off at once when it was.</summary>
    private sealed class Countdown : TimeProvider
    {
        private long _ahead;

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _ahead);

        public void Jump(TimeSpan by) => Interlocked.Add(ref _ahead, (long)(by.TotalSeconds * TimestampFrequency));
    }

    private sealed class JumpTo(string phase, Countdown time) : IAutoMlObserver
    {
        private int _finished;

        public void Started(Candidate candidate)
        {
        }

        public void Finished(Candidate candidate)
        {
            // A few candidates suffice; the rest of the time passes at once.
            if (++_finished == 4)
                time.Jump(TimeSpan.FromSeconds(49));
        }

        public void Phase(string next)
        {
            if (next == phase)
                time.Jump(TimeSpan.FromSeconds(50));
        }
    }
}
