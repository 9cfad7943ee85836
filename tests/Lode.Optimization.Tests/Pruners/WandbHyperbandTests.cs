using System.Text.Json;
using Lode.Core;

namespace Lode.Optimization.Tests.Pruners;

public sealed class WandbHyperbandTests
{
    [Theory]
    [InlineData("""{"min_iter":3}""", 3L, 9L, 27L, 81L)]
    [InlineData("""{"min_iter":2,"eta":2.5}""", 2L, 5L, 12L, 31L)]
    [InlineData("""{"max_iter":27,"s":2}""", 3L, 9L)]
    [InlineData("""{"max_iter":27,"s":9}""", 1L, 3L, 9L)]
    [InlineData("""{"max_iter":20,"s":2,"eta":3}""", 2L, 6L)]
    public void Bands_OfOptions_AreThoseOfTheDocumentation(string options, params long[] bands)
    {
        using var json = JsonDocument.Parse(options);
        Assert.Equal(bands, ((WandbHyperbandPruner)PrunerCatalog.Create("wandb_hyperband", json.RootElement)).Bands.Take(bands.Length));
    }

    // Worked by hand: bands 1 and 2. At band 2 the values are 9, 10, 8, 7, 6; sorted 6 7 8 9 10, of which place ⌊5/2⌋ = 2 is 8.
    [Theory]
    [InlineData(false, 10.0, 10.0)]
    [InlineData(true, 10.0, 10.0)]
    public void ShouldPrune_AtTheSecondBand_KeepsTheBestHalf(bool strict, params double[] judged)
    {
        var pruner = new WandbHyperbandPruner(new() { MaxIter = 5, Eta = 2, S = 2, Strict = strict });
        Assert.Equal([1, 2], pruner.Bands);
        var history = Of([10, 9], judged, [10, 8, 8], [10, 7, 7], [10, 6, 6]);
        Assert.True(pruner.ShouldPrune(history, history.Trials[1]));
        Assert.False(pruner.ShouldPrune(history, history.Trials[2]));
        Assert.False(pruner.ShouldPrune(history, history.Trials[3]));
    }

    [Fact]
    public void ShouldPrune_BestBeforeTheBand_CountsUnlessStrict()
    {
        var history = Of([1, 9], [2, 3], [2, 3], [2, 3]);
        Assert.False(new WandbHyperbandPruner(new() { MinIter = 2 }).ShouldPrune(history, history.Trials[0]));
        Assert.True(new WandbHyperbandPruner(new() { MinIter = 2, Strict = true }).ShouldPrune(history, history.Trials[0]));
    }

    [Fact]
    public void ShouldPrune_BetweenBands_JudgesByTheLastOne()
    {
        var history = Of([5, 5, 5, 5, 5], [1, 1, 1], [1, 1, 1], [1, 1, 1]);
        var pruner = new WandbHyperbandPruner(new() { MinIter = 3 });
        Assert.True(pruner.ShouldPrune(history, history.Trials[0]));
        Assert.False(pruner.ShouldPrune(history, history.Trials[0] with { Reports = history.Trials[0].Reports[..2] }));
    }

    [Fact]
    public void ShouldPrune_ReportsThatAreNoNumbers_AreNotCounted()
    {
        var history = Of([double.NaN, 5, double.NaN], [1, 1], [1, 1], [1, 1]);
        var pruner = new WandbHyperbandPruner(new() { MinIter = 2 });
        Assert.False(pruner.ShouldPrune(history, history.Trials[0]));
        Assert.True(pruner.ShouldPrune(history, history.Trials[0] with { Reports = [.. history.Trials[0].Reports, new Report(9, [5])] }));
    }

    [Theory]
    [InlineData("""{"eta":1}""", "Eta")]
    [InlineData("""{"max_iter":9}""", "S must")]
    [InlineData("""{"max_iter":2,"s":1}""", "no band")]
    [InlineData("""{"min_iter":0}""", "MinIter")]
    [InlineData("""{"brackets":1}""", "strict")]
    public void Constructor_Nonsense_IsNamed(string options, string said)
    {
        using var json = JsonDocument.Parse(options);
        Assert.Contains(said, Assert.Throws<LodeException>(() => PrunerCatalog.Create("wandb_hyperband", json.RootElement)).Message, StringComparison.Ordinal);
    }

    private static History Of(params double[][] reports) => new([Direction.Minimize], [.. reports.Select((values, number) => new Trial(number, TrialState.Running, Params.Empty)
    {
        Reports = [.. values.Select((value, step) => new Report(step, [value]))],
    })]);
}
