using FsCheck;
using FsCheck.Fluent;
using Lode.Core;
using Lode.Learning;

namespace Lode.TestKit.Learning;

/// <summary>What every splitter is held to.</summary>
public abstract class SplitterContract
{
    protected abstract ISplitter CreateSplitter();

    /// <summary>Whether every class has its share of the test rows within one row.</summary>
    protected virtual bool Stratifies => false;

    /// <summary>Whether no group is on both sides of a split.</summary>
    protected virtual bool KeepsGroups => false;

    /// <summary>Whether every training row is earlier than every test row.</summary>
    protected virtual bool TrainsOnThePast => false;

    /// <summary>How many splits of a data set there must be; null: any number.</summary>
    protected virtual int? SplitsOf(Dataset dataset) => null;

    /// <summary>How often each row is tested by a splitter that covers all rows.</summary>
    protected virtual int Repeats => 1;

    [Fact]
    public void Split_AnyRows_PartsThem() => ForAnyDataset((dataset, seed) =>
    {
        var splitter = CreateSplitter();
        var splits = splitter.Split(dataset, seed);
        Assert.Equal(SplitsOf(dataset) ?? splits.Count, splits.Count);
        Assert.NotEmpty(splits);
        foreach (var split in splits)
        {
            Assert.NotEmpty(split.Train);
            Assert.NotEmpty(split.Test);
            Assert.Equal(split.Train.Distinct().Order(), split.Train);
            Assert.Equal(split.Test.Distinct().Order(), split.Test);
            Assert.Empty(split.Train.Intersect(split.Test));
            Assert.InRange(split.Train.Concat(split.Test).Min(), 0, dataset.Rows - 1);
            Assert.InRange(split.Train.Concat(split.Test).Max(), 0, dataset.Rows - 1);
            if (!TrainsOnThePast)
                Assert.Equal(dataset.Rows, split.Train.Length + split.Test.Length);
        }
        if (splitter.CoversAllRows)
            Assert.Equal(Enumerable.Range(0, dataset.Rows).SelectMany(row => Enumerable.Repeat(row, Repeats)), splits.SelectMany(split => split.Test).Order());
    });

    [Fact]
    public void Split_ACoveringSplitter_GivesEvenFolds() => ForAnyDataset((dataset, seed) =>
    {
        var splitter = CreateSplitter();
        if (!splitter.CoversAllRows || KeepsGroups)
            return;
        var sizes = splitter.Split(dataset, seed).Select(split => split.Test.Length).ToArray();
        Assert.InRange(sizes.Max() - sizes.Min(), 0, Math.Max(1, dataset.Target.Classes.Count));
    });

    [Fact]
    public void Split_Classes_KeepTheirShares() => ForAnyDataset((dataset, seed) =>
    {
        if (!Stratifies || dataset.Target.Task == TaskKind.Regression)
            return;
        var counts = dataset.Target.CountClasses();
        var splits = CreateSplitter().Split(dataset, seed);
        foreach (var split in splits)
        {
            var tested = dataset.Target.Select(split.Test).CountClasses();
            var share = CreateSplitter().CoversAllRows ? (double)Repeats / splits.Count : (double)split.Test.Length / dataset.Rows;
            for (var label = 0; label < counts.Length; label++)
                Assert.InRange(tested[label], (counts[label] * share) - 1, (counts[label] * share) + 1);
        }
    });

    [Fact]
    public void Split_Groups_AreOnOneSide() => ForAnyDataset((dataset, seed) =>
    {
        if (!KeepsGroups)
            return;
        foreach (var split in CreateSplitter().Split(dataset, seed))
            Assert.Empty(dataset.Select(split.Train).Groups.ToArray().Intersect(dataset.Select(split.Test).Groups.ToArray()));
    });

    [Fact]
    public void Split_Times_TrainOnThePast() => ForAnyDataset((dataset, seed) =>
    {
        if (!TrainsOnThePast)
            return;
        foreach (var split in CreateSplitter().Split(dataset, seed))
            Assert.True(dataset.Select(split.Train).Times.ToArray().Max() < dataset.Select(split.Test).Times.ToArray().Min());
    });

    [Fact]
    public void Split_SameSeed_GivesTheSameSplits() => ForAnyDataset((dataset, seed) =>
    {
        var (first, second) = (CreateSplitter().Split(dataset, seed), CreateSplitter().Split(dataset, seed));
        Assert.Equal(first.Select(split => split.Test), second.Select(split => split.Test));
        Assert.Equal(first.Select(split => split.Train), second.Select(split => split.Train));
    });

    [Fact]
    public void Split_TooFewRows_IsRefused()
    {
        var one = new Dataset(new Table([new NumericColumn("x", [1])]), Target.Regression("y", [1.0]), null, Groups([0]), [0]);
        var error = Assert.Throws<LodeException>(() => CreateSplitter().Split(one, 0));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    [Fact]
    public void Split_OneGroup_IsRefusedWhereGroupsCount()
    {
        if (!KeepsGroups)
            return;
        var rows = new double[30];
        var target = Target.Classification("c", [.. Enumerable.Range(0, 30).Select(row => row % 2)], ["a", "b"]);
        var table = new Table([new NumericColumn("x", rows)]);
        Assert.Contains("groups", Assert.Throws<LodeException>(() => CreateSplitter().Split(new Dataset(table, target, null, Groups(new int[30])), 0)).Message, StringComparison.Ordinal);
        Assert.Contains("no groups", Assert.Throws<LodeException>(() => CreateSplitter().Split(new Dataset(table, target), 0)).Message, StringComparison.Ordinal);
    }

    private static RowGroups Groups(int[] numbers) => RowGroups.From(new NumericColumn("group", [.. numbers.Select(number => (double)number)]));

    private static void ForAnyDataset(Action<Dataset, ulong> check)
    {
        var shapes = from rows in Gen.Choose(20, 90)
                     from classes in Gen.Choose(1, 5)
                     from labels in Gen.ArrayOf(Gen.Choose(0, classes - 1), rows)
                     from groups in Gen.ArrayOf(Gen.Choose(-3, 12), rows)
                     from times in Gen.ArrayOf(Gen.Choose(0, 2000), rows)
                     from seed in Gen.Choose(0, 1000)
                     select (labels, classes, groups, times, seed);
        Check.One(FixedSeed.Cases(60), Prop.ForAll(Arb.From(shapes), shape =>
        {
            var target = shape.classes == 1
                ? Target.Regression("y", [.. shape.labels.Select(label => (double)label)])
                : Target.Classification("class", shape.labels, [.. Enumerable.Range(0, shape.classes).Select(label => $"c{label}")]);
            var table = new Table([new NumericColumn("x", new double[target.Rows])]);
            check(new Dataset(table, target, null, Groups(shape.groups), [.. shape.times.Select(time => (double)time)]), (ulong)shape.seed);
        }));
    }
}
