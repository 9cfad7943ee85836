using Lode.Core;
using Lode.Learning.Tests.Oracles;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Splitters;

public sealed class KFoldTests : SplitterContract
{
    protected override bool Stratifies => false;

    protected override ISplitter CreateSplitter() => new KFold(4);
}

public sealed class KFoldUnshuffledTests : SplitterContract
{
    protected override bool Stratifies => false;

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

public sealed class HoldoutTests : SplitterContract
{
    protected override bool Stratifies => true;

    protected override ISplitter CreateSplitter() => new Holdout(0.3);
}

public sealed class SplitterTests
{
    [Fact]
    public void Split_Unshuffled_EqualsTheOracle()
    {
        var cases = Oracle.Cases("splitters").ToArray();
        Assert.Equal(4, cases.Length);
        Assert.All(cases, item =>
        {
            var folds = item.GetProperty("params").GetProperty("n_splits").GetInt32();
            var stratified = item.GetProperty("splitter").GetString() == "StratifiedKFold";
            ISplitter splitter = stratified ? new StratifiedKFold(folds, shuffle: false) : new KFold(folds, shuffle: false);
            var target = stratified ? item.GetProperty("y").Classes() : Target.Regression("y", new double[item.GetProperty("n").GetInt32()]);
            var splits = splitter.Split(target, 0);
            Assert.Equal(item.GetProperty("folds").EnumerateArray().Select(fold => fold.GetProperty("test").Integers()), splits.Select(split => split.Test));
            Assert.Equal(item.GetProperty("folds").EnumerateArray().Select(fold => fold.GetProperty("train").Integers()), splits.Select(split => split.Train));
        });
    }

    [Fact]
    public void Split_Shuffled_DependsOnTheSeed()
    {
        var target = Target.Classification("c", [.. Enumerable.Range(0, 60).Select(row => row % 3)], ["a", "b", "c"]);
        foreach (var splitter in new ISplitter[] { new KFold(3), new StratifiedKFold(3), new Holdout(0.2) })
            Assert.NotEqual(splitter.Split(target, 1)[0].Test, splitter.Split(target, 2)[0].Test);
    }

    [Fact]
    public void Holdout_HoldsOutTheShareRoundedUp()
    {
        var target = Target.Classification("c", [.. Enumerable.Range(0, 569).Select(row => row < 212 ? 1 : 0)], ["b", "m"]);
        var split = new Holdout(0.2).Split(target, 3)[0];
        Assert.Equal(114, split.Test.Length);
        Assert.Equal([72, 42], target.Select(split.Test).CountClasses());
        Assert.Equal(20, new Holdout(0.2).Split(Target.Regression("y", new double[100]), 3)[0].Test.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-3)]
    public void Folds_TooFew_AreRefused(int folds)
    {
        Assert.Contains($"got {folds}", Assert.Throws<LodeException>(() => new KFold(folds)).Message, StringComparison.Ordinal);
        Assert.Contains($"got {folds}", Assert.Throws<LodeException>(() => new StratifiedKFold(folds)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Holdout_ShareOutOfRange_IsRefused(double share) => Assert.Throws<LodeException>(() => new Holdout(share));

    [Fact]
    public void StratifiedKFold_EveryClassTooSmall_SaysSo()
    {
        var error = Assert.Throws<LodeException>(() => new StratifiedKFold(4).Split(Target.Classification("c", [0, 0, 0, 1, 1, 1], ["a", "b"]), 0));
        Assert.Equal("4 folds need a class with at least 4 rows; the largest of 'c' has 3.", error.Message);
    }
}
