using System.Text.Json;
using Lode.Core;
using Lode.Learning.Tests.Oracles;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Splitters;

public sealed class KFoldTests : SplitterContract
{
    protected override ISplitter CreateSplitter() => new KFold(4);

    protected override int? SplitsOf(Dataset dataset) => 4;
}

public sealed class KFoldUnshuffledTests : SplitterContract
{
    protected override ISplitter CreateSplitter() => new KFold(3, shuffle: false);
}

public sealed class StratifiedKFoldTests : SplitterContract
{
    protected override bool Stratifies => true;

    protected override ISplitter CreateSplitter() => new StratifiedKFold(3);
}

public sealed class StratifiedKFoldUnshuffledTests : SplitterContract
{
    protected override bool Stratifies => true;

    protected override ISplitter CreateSplitter() => new StratifiedKFold(3, shuffle: false);
}

public sealed class GroupKFoldTests : SplitterContract
{
    protected override bool KeepsGroups => true;

    protected override ISplitter CreateSplitter() => new GroupKFold(4);

    protected override int? SplitsOf(Dataset dataset) => 4;
}

public sealed class StratifiedGroupKFoldTests : SplitterContract
{
    protected override bool KeepsGroups => true;

    protected override ISplitter CreateSplitter() => new StratifiedGroupKFold(3);

    protected override int? SplitsOf(Dataset dataset) => 3;
}

public sealed class LeaveOneOutTests : SplitterContract
{
    protected override ISplitter CreateSplitter() => new LeaveOneOut();

    protected override int? SplitsOf(Dataset dataset) => dataset.Rows;
}

public sealed class LeaveOneGroupOutTests : SplitterContract
{
    protected override bool KeepsGroups => true;

    protected override ISplitter CreateSplitter() => new LeaveOneGroupOut();

    protected override int? SplitsOf(Dataset dataset) => dataset.Groups.ToArray().Distinct().Count();
}

public sealed class RepeatedTests : SplitterContract
{
    protected override bool Stratifies => true;

    protected override int Repeats => 2;

    protected override ISplitter CreateSplitter() => new Repeated(new StratifiedKFold(3), 2);

    protected override int? SplitsOf(Dataset dataset) => 6;
}

public sealed class HoldoutTests : SplitterContract
{
    protected override bool Stratifies => true;

    protected override ISplitter CreateSplitter() => new Holdout(0.3);

    protected override int? SplitsOf(Dataset dataset) => 1;
}

public sealed class PlainHoldoutTests : SplitterContract
{
    protected override ISplitter CreateSplitter() => new Holdout(0.3, HoldoutKind.Plain);
}

public sealed class GroupHoldoutTests : SplitterContract
{
    protected override bool KeepsGroups => true;

    protected override ISplitter CreateSplitter() => new Holdout(0.3, HoldoutKind.Group);
}

public sealed class TimeHoldoutTests : SplitterContract
{
    protected override bool TrainsOnThePast => true;

    protected override ISplitter CreateSplitter() => new Holdout(0.3, HoldoutKind.Time);
}

public sealed class TimeSeriesSplitTests : SplitterContract
{
    protected override bool TrainsOnThePast => true;

    protected override ISplitter CreateSplitter() => new TimeSeriesSplit(3, maxTrain: 8, gap: 1);

    protected override int? SplitsOf(Dataset dataset) => 3;
}

public sealed class WalkForwardTests : SplitterContract
{
    protected override bool TrainsOnThePast => true;

    protected override ISplitter CreateSplitter() => new WalkForward(10, 5, step: 3, gap: 2);

    protected override int? SplitsOf(Dataset dataset) => ((dataset.Rows - 17) / 3) + 1;
}

public sealed class SplitterTests
{
    [Fact]
    public void Split_Unshuffled_EqualsTheOracle()
    {
        var cases = Oracle.Cases("splitters").ToArray();
        Assert.Equal(14, cases.Length);
        Assert.All(cases, item =>
        {
            var options = item.GetProperty("params");
            var name = item.GetProperty("splitter").GetString();
            var parameters = options.EnumerateObject().ToDictionary(option => option.Name, option => option.Value.ValueKind switch
            {
                JsonValueKind.Number => (object?)option.Value.GetInt32(),
                _ => option.Value.GetBoolean(),
            });
            if (name is "GroupKFold" or "StratifiedGroupKFold")
                parameters["shuffle"] = false;
            var splitter = SplitterCatalog.Create(name switch
            {
                "KFold" => "k_fold",
                "StratifiedKFold" => "stratified_k_fold",
                "GroupKFold" => "group_k_fold",
                "StratifiedGroupKFold" => "stratified_group_k_fold",
                "LeaveOneGroupOut" => "leave_one_group_out",
                _ => "time_series",
            }, parameters);
            var rows = item.GetProperty("n").GetInt32();
            var target = item.GetProperty("y").ValueKind == JsonValueKind.Array ? item.GetProperty("y").Classes() : Target.Regression("y", new double[rows]);
            var groups = item.GetProperty("groups").ValueKind == JsonValueKind.Array ? item.GetProperty("groups").Integers() : null;
            var splits = splitter.Split(Rows(target, groups), 0);
            var folds = item.GetProperty("folds").EnumerateArray().ToArray();
            Assert.Equal(folds.Select(fold => fold.GetProperty("test").Integers()), splits.Select(split => split.Test));
            Assert.Equal(folds.Select(fold => fold.GetProperty("train").Integers()), splits.Select(split => split.Train));
        });
    }

    [Fact]
    public void Split_Shuffled_DependsOnTheSeed()
    {
        var target = Target.Classification("c", [.. Enumerable.Range(0, 60).Select(row => row % 3)], ["a", "b", "c"]);
        var dataset = Rows(target, [.. Enumerable.Range(0, 60).Select(row => row / 3)]);
        ISplitter[] splitters =
        [
            new KFold(3), new StratifiedKFold(3), new GroupKFold(3), new StratifiedGroupKFold(3), new Holdout(0.2),
            new Holdout(0.2, HoldoutKind.Plain), new Holdout(0.2, HoldoutKind.Group), new Repeated(new KFold(3), 2),
        ];
        Assert.All(splitters, splitter => Assert.NotEqual(splitter.Split(dataset, 1)[0].Test, splitter.Split(dataset, 2)[0].Test));
        var repeated = new Repeated(new KFold(3), 2).Split(dataset, 1);
        Assert.NotEqual(repeated[0].Test, repeated[3].Test);
    }

    [Fact]
    public void Holdout_HoldsOutTheShareRoundedUp()
    {
        var target = Target.Classification("c", [.. Enumerable.Range(0, 569).Select(row => row < 212 ? 1 : 0)], ["b", "m"]);
        var split = new Holdout(0.2).Split(Rows(target), 3)[0];
        Assert.Equal(114, split.Test.Length);
        Assert.Equal([72, 42], target.Select(split.Test).CountClasses());
        Assert.Equal(20, new Holdout(0.2).Split(Rows(Target.Regression("y", new double[100])), 3)[0].Test.Length);
    }

    [Fact]
    public void Holdout_Groups_ComesNearTheShare()
    {
        var target = Target.Regression("y", new double[100]);
        var split = new Holdout(0.25, HoldoutKind.Group).Split(Rows(target, [.. Enumerable.Range(0, 100).Select(row => row / 5)]), 3)[0];
        Assert.Equal(25, split.Test.Length);
        var large = new Holdout(0.1, HoldoutKind.Group).Split(Rows(target, [.. Enumerable.Range(0, 100).Select(row => row < 40 ? 1 : 2)]), 3)[0];
        Assert.Equal(40, large.Test.Length);
    }

    [Fact]
    public void TimeSeriesSplit_TimesOutOfOrder_FollowsTheTimes()
    {
        var dataset = new Dataset(new Table([new NumericColumn("x", new double[6])]), Target.Regression("y", new double[6]), null, null, [5, 4, 3, 2, 1, 0]);
        var splits = new TimeSeriesSplit(2).Split(dataset, 0);
        Assert.Equal([4, 5], splits[0].Train);
        Assert.Equal([2, 3], splits[0].Test);
        Assert.Equal([2, 3, 4, 5], splits[1].Train);
    }

    [Fact]
    public void TimeSeriesSplit_OneMomentForAllRows_IsRefused()
    {
        var dataset = new Dataset(new Table([new NumericColumn("x", new double[6])]), Target.Regression("y", new double[6]), null, null, new double[6]);
        Assert.Contains("earlier", Assert.Throws<LodeException>(() => new TimeSeriesSplit(2).Split(dataset, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WalkForward_Expanding_KeepsTheFirstRows()
    {
        var dataset = Rows(Target.Regression("y", new double[10]));
        var splits = new WalkForward(4, 2, expanding: true).Split(dataset, 0);
        Assert.Equal([4, 6, 8], splits.Select(split => split.Train.Length));
        Assert.Equal([4, 4, 4], new WalkForward(4, 2).Split(dataset, 0).Select(split => split.Train.Length));
        Assert.Equal([8, 9], splits[2].Test);
    }

    [Fact]
    public void Nested_InnerRows_AreOuterTrainingRows()
    {
        var dataset = Rows(Target.Classification("c", [.. Enumerable.Range(0, 60).Select(row => row % 3)], ["a", "b", "c"]));
        var nested = Nested.Split(dataset, new StratifiedKFold(3), new StratifiedKFold(4), 5);
        Assert.Equal(3, nested.Count);
        Assert.All(nested, part =>
        {
            Assert.Equal(4, part.Inner.Count);
            Assert.Equal(part.Outer.Train, part.Inner.SelectMany(inner => inner.Test).Order());
            Assert.All(part.Inner, inner => Assert.Empty(inner.Train.Concat(inner.Test).Intersect(part.Outer.Test)));
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-3)]
    public void Folds_TooFew_AreRefused(int folds)
    {
        Assert.All(new[] { "k_fold", "stratified_k_fold", "group_k_fold", "stratified_group_k_fold", "time_series" }, name =>
            Assert.Contains($"got {folds}", Assert.Throws<LodeException>(() =>
                SplitterCatalog.Create(name, new Dictionary<string, object?> { ["n_splits"] = folds })).Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Holdout_ShareOutOfRange_IsRefused(double share) => Assert.Throws<LodeException>(() => new Holdout(share));

    [Fact]
    public void StratifiedKFold_EveryClassTooSmall_SaysSo()
    {
        var error = Assert.Throws<LodeException>(() => new StratifiedKFold(4).Split(Rows(Target.Classification("c", [0, 0, 0, 1, 1, 1], ["a", "b"])), 0));
        Assert.Equal("4 folds need a class with at least 4 rows; the largest of 'c' has 3.", error.Message);
    }

    [Fact]
    public void Catalogue_NamesAreFrozenAndOptionsAreChecked()
    {
        Assert.Equal(["group_k_fold", "holdout", "k_fold", "leave_one_group_out", "leave_one_out", "stratified_group_k_fold", "stratified_k_fold",
            "time_series", "walk_forward"], SplitterCatalog.Names);
        Assert.Equal("Did you mean 'k_fold'?", Assert.Throws<LodeException>(() => SplitterCatalog.Create("kfold")).Hint);
        Assert.Equal("Splitter 'k_fold' has no option 'folds'.",
            Assert.Throws<LodeException>(() => SplitterCatalog.Create("k_fold", new Dictionary<string, object?> { ["folds"] = 3 })).Message);
        Assert.Contains("plain, stratified, group, time",
            Assert.Throws<LodeException>(() => SplitterCatalog.Create("holdout", new Dictionary<string, object?> { ["kind"] = "odd" })).Message, StringComparison.Ordinal);
        Assert.Equal(10, SplitterCatalog.Create("k_fold", new Dictionary<string, object?> { ["n_repeats"] = 2 }).Split(Rows(Target.Regression("y", new double[20])), 0).Count);
    }

    private static Dataset Rows(Target target, int[]? groups = null) =>
        new(new Table([new NumericColumn("x", new double[target.Rows])]), target, null,
            groups is null ? null : RowGroups.From(new NumericColumn("group", [.. groups.Select(number => (double)number)])));
}
