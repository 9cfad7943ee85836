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
    protected abstract bool Stratifies { get; }

    [Fact]
    public void Split_AnyTarget_PartsItsRows() => ForAnyTarget((target, seed) =>
    {
        var splitter = CreateSplitter();
        var splits = splitter.Split(target, seed);
        Assert.Equal(splitter.Count, splits.Count);
        foreach (var split in splits)
        {
            Assert.NotEmpty(split.Train);
            Assert.NotEmpty(split.Test);
            Assert.Equal(split.Train.Order(), split.Train);
            Assert.Equal(split.Test.Order(), split.Test);
            Assert.Equal(Enumerable.Range(0, target.Rows), split.Train.Concat(split.Test).Order());
        }
        if (splitter.CoversAllRows)
            Assert.Equal(Enumerable.Range(0, target.Rows), splits.SelectMany(split => split.Test).Order());
    });

    [Fact]
    public void Split_ACoveringSplitter_GivesEvenFolds() => ForAnyTarget((target, seed) =>
    {
        var splitter = CreateSplitter();
        if (!splitter.CoversAllRows)
            return;
        var sizes = splitter.Split(target, seed).Select(split => split.Test.Length).ToArray();
        Assert.InRange(sizes.Max() - sizes.Min(), 0, Math.Max(1, target.Classes.Count));
    });

    [Fact]
    public void Split_Classes_KeepTheirShares() => ForAnyTarget((target, seed) =>
    {
        if (!Stratifies || target.Task == TaskKind.Regression)
            return;
        var counts = target.CountClasses();
        foreach (var split in CreateSplitter().Split(target, seed))
        {
            var tested = target.Select(split.Test).CountClasses();
            var share = CreateSplitter().CoversAllRows ? 1.0 / CreateSplitter().Count : (double)split.Test.Length / target.Rows;
            for (var label = 0; label < counts.Length; label++)
                Assert.InRange(tested[label], (counts[label] * share) - 1, (counts[label] * share) + 1);
        }
    });

    [Fact]
    public void Split_SameSeed_GivesTheSameSplits() => ForAnyTarget((target, seed) =>
    {
        var (first, second) = (CreateSplitter().Split(target, seed), CreateSplitter().Split(target, seed));
        Assert.Equal(first.Select(split => split.Test), second.Select(split => split.Test));
    });

    [Fact]
    public void Split_TooFewRows_IsRefused()
    {
        var error = Assert.Throws<LodeException>(() => CreateSplitter().Split(Target.Regression("y", [1.0]), 0));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    private static void ForAnyTarget(Action<Target, ulong> check)
    {
        var shapes = from rows in Gen.Choose(20, 90)
                     from classes in Gen.Choose(1, 5)
                     from labels in Gen.ArrayOf(Gen.Choose(0, classes - 1), rows)
                     from seed in Gen.Choose(0, 1000)
                     select (labels, classes, seed);
        Check.One(FixedSeed.Cases(60), Prop.ForAll(Arb.From(shapes), shape =>
        {
            var target = shape.classes == 1
                ? Target.Regression("y", [.. shape.labels.Select(label => (double)label)])
                : Target.Classification("class", shape.labels, [.. Enumerable.Range(0, shape.classes).Select(label => $"c{label}")]);
            check(target, (ulong)shape.seed);
        }));
    }
}
