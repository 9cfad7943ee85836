using Lode.Core;

namespace Lode.Learning.Tests.AutoMl;

public sealed class NestedTests
{
    private static readonly AutoMlOptions s_few = new() { Trials = 4, Seed = 3, Preset = AutoMlPreset.Fast, Include = ["linear", "decision_tree"] };

    [Fact]
    public void Fit_Nested_IsTheSameOnAnyMachineAndLeavesTheWinnerAlone()
    {
        var data = Noise(150, 4);
        var plain = Learning.AutoMl.Fit(data, s_few);
        var one = Learning.AutoMl.Fit(data, s_few with { Nested = 3, Threads = 1 });
        var other = Learning.AutoMl.Fit(data, s_few with { Nested = 3, Threads = 3 });
        Assert.Null(plain.Nested);
        Assert.Equal(new ModelBundle(plain.Predictor, "automl").ToBytes(), new ModelBundle(one.Predictor, "automl").ToBytes());
        Assert.Equal(plain.Score, one.Score);
        Assert.Equal(one.Nested!.Folds, other.Nested!.Folds);
        Assert.Equal((3, 3, 12), (one.Nested.Asked, one.Nested.Folds.Count, one.Nested.Candidates));
        Assert.Equal(one.Nested.Folds.Average(), one.Nested.Mean, 12);
        Assert.True(one.Nested.Error > 0);
    }

    [Fact]
    public void Fit_NestedOnLabelsThatNothingTells_SeesNoSkill()
    {
        var data = Noise(300, 12);
        var result = Learning.AutoMl.Fit(data, s_few with { Metric = "roc_auc", Trials = 8, Nested = 4 });
        // The best of many tries looks better than chance by the folds that chose it; by rows it has not seen it is not.
        Assert.InRange(result.Nested!.Mean, 0.5 - (3 * result.Nested.Error) - 0.02, 0.5 + (3 * result.Nested.Error) + 0.02);
    }

    [Fact]
    public void Fit_NestedWithGroups_NeverScoresAGroupThatWasTrainedOn()
    {
        // The label is the group's, and the only column names the group: whoever has seen the group knows it, nobody else can.
        var rng = new Rng(9);
        var groups = Enumerable.Range(0, 240).Select(row => row / 6).ToArray();
        var label = Enumerable.Range(0, 40).Select(_ => rng.NextInt32(2)).ToArray();
        var table = new Table([new CategoricalColumn("id", groups, [.. Enumerable.Range(0, 40).Select(group => $"g{group}")]), new NumericColumn("noise", [.. groups.Select(_ => rng.NextGaussian())])]);
        var target = Target.Classification("y", [.. groups.Select(group => label[group])], ["no", "yes"]);
        var grouped = new Dataset(table, target, groups: RowGroups.From(new CategoricalColumn("g", groups, [.. Enumerable.Range(0, 40).Select(group => $"g{group}")])));
        var options = s_few with { Metric = "accuracy", Nested = 4, Include = ["linear"] };
        Assert.InRange(Learning.AutoMl.Fit(grouped, options).Nested!.Mean, 0.2, 0.75);
        Assert.InRange(Learning.AutoMl.Fit(new Dataset(table, target), options).Nested!.Mean, 0.9, 1);
    }

    [Fact]
    public void Fit_NestedInTime_TrainsOnThePastAlone()
    {
        // A level that changes at each of the outer blocks: the past knows nothing of the next, the mean of all would be near.
        var times = Enumerable.Range(0, 200).Select(row => (double)row).ToArray();
        var rng = new Rng(2);
        var data = new Dataset(new Table([new NumericColumn("t", times)]), Target.Regression("y", [.. times.Select(time => (time * time / 100) + rng.NextGaussian())]), times: times);
        var nested = Learning.AutoMl.Fit(data, s_few with { Include = ["decision_tree"], Nested = 3 }).Nested!;
        Assert.Equal(3, nested.Folds.Count);
        // A tree says of the future at most the last level that it has seen: it is far behind, the more so the later.
        Assert.All(nested.Folds, error => Assert.True(error > 10, $"{error}"));
    }

    [Fact]
    public void Fit_NestedBudget_IsSharedAndTooLittleIsRefused()
    {
        var refused = Assert.Throws<LodeException>(() => Learning.AutoMl.Fit(Noise(100, 3), new AutoMlOptions { Budget = TimeSpan.FromSeconds(3), Nested = 4 }));
        Assert.Contains("4 outer folds share the budget among 5 searches", refused.Message, StringComparison.Ordinal);
        var result = Learning.AutoMl.Fit(Noise(100, 3), new AutoMlOptions { Budget = TimeSpan.FromSeconds(4), Nested = 2, Preset = AutoMlPreset.Fast, Include = ["linear"] });
        Assert.Equal(2, result.Nested!.Folds.Count);
        Assert.InRange(result.Seconds, 2, 12);
    }

    [Fact]
    public void Fit_NestedInterrupted_KeepsTheWinner()
    {
        using var stop = new CancellationTokenSource();
        var result = Learning.AutoMl.Fit(Noise(150, 4), s_few with { Nested = 3 }, new StopAt("nested cross-validation, fold 2", stop), cancellation: stop.Token);
        Assert.Equal(("interrupted", 1), (result.Stopped, result.Nested!.Folds.Count));
        Assert.Equal(4, result.Leaderboard.Count);
        Assert.Contains(result.Notes, note => note.StartsWith("Of the 3 outer folds", StringComparison.Ordinal));
    }

    private static Dataset Noise(int rows, int columns)
    {
        var rng = new Rng(7);
        var features = Enumerable.Range(0, columns).Select(Column (column) => new NumericColumn($"x{column}", [.. Enumerable.Range(0, rows).Select(_ => rng.NextGaussian())])).ToArray();
        return new Dataset(new Table(features), Target.Classification("y", [.. Enumerable.Range(0, rows).Select(_ => rng.NextInt32(2))], ["no", "yes"]));
    }

    private sealed class StopAt(string phase, CancellationTokenSource stop) : IAutoMlObserver
    {
        public void Started(Candidate candidate)
        {
        }

        public void Finished(Candidate candidate)
        {
        }

        public void Phase(string next)
        {
            if (next.StartsWith(phase, StringComparison.Ordinal))
                stop.Cancel();
        }
    }
}
