using System.Text.Json;
using Lode.Core;
using Lode.Learning.Tests.Oracles;

namespace Lode.Learning.Tests.Metrics;

public sealed class ModelTestsTests
{
    [Fact]
    public void Tests_OracleCases_AgreeWithTheOracle()
    {
        var cases = Oracle.Cases("tests").ToArray();
        Assert.Equal(2, cases.Length);
        Assert.All(cases, item =>
        {
            var (a, b) = (item.GetProperty("paired_t").GetProperty("a").Numbers(), item.GetProperty("paired_t").GetProperty("b").Numbers());
            AssertNear(item.GetProperty("paired_t"), "t", ModelTests.PairedT(a, b));
            AssertNear(item.GetProperty("nadeau_bengio_corrected_t"), "t", ModelTests.CorrectedPairedT(a, b, 40, 10));
            AssertNear(item.GetProperty("wilcoxon"), "stat", ModelTests.Wilcoxon(a, b));
            AssertNear(item.GetProperty("mannwhitney_u"), "stat", ModelTests.MannWhitney(a, b));
            AssertNear(item.GetProperty("friedman_a_b_aplusb"), "stat", ModelTests.Friedman([a, b, [.. a.Zip(b, (x, y) => x + y)]]));
            Assert.Equal(item.GetProperty("mcnemar_exact_b5_c14").GetDouble(), ModelTests.McNemar(5, 14).PValue, 1e-12);
            var corrections = item.GetProperty("bonferroni_holm_bh");
            var p = corrections.GetProperty("p").Numbers();
            Assert.Equal(corrections.GetProperty("holm").Numbers().Select(value => Math.Round(value, 12)), ModelTests.Holm(p).Select(value => Math.Round(value, 12)));
            Assert.Equal(corrections.GetProperty("bh").Numbers().Select(value => Math.Round(value, 12)), ModelTests.BenjaminiHochberg(p).Select(value => Math.Round(value, 12)));
        });
    }

    [Fact]
    public void MannWhitney_SmallSamples_CountsAllOrders()
    {
        // Of the 20 ways to choose 3 of 6 places two are as extreme as all the lowest.
        Assert.Equal(new TestResult(0, 0.1), Rounded(ModelTests.MannWhitney([1, 2, 3], [4, 5, 6])));
        Assert.Equal(0.2, ModelTests.MannWhitney([1, 2, 4], [3, 5, 6]).PValue, 1e-12);
        Assert.Equal(1, ModelTests.MannWhitney([1, 4], [2, 3]).PValue, 1e-12);
    }

    [Fact]
    public void Tests_NoDifference_SayOne()
    {
        double[] same = [1, 2, 3];
        Assert.Equal(new TestResult(0, 1), ModelTests.PairedT(same, same));
        Assert.Equal(new TestResult(0, 1), ModelTests.Wilcoxon(same, same));
        Assert.Equal(1, ModelTests.McNemar(4, 4).PValue);
        Assert.Equal(1, ModelTests.McNemar(0, 0).PValue);
        Assert.Equal(new TestResult(0, 1), ModelTests.Friedman([same, same, same]));
        Assert.Equal(1, ModelTests.MannWhitney([1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1]).PValue);
        Assert.Equal(0, ModelTests.PairedT([1, 2], [0, 1]).PValue);
    }

    [Fact]
    public void PairedT_UnderNoDifference_RejectsAsOftenAsItSays()
    {
        var rejected = 0;
        for (var trial = 0; trial < 2000; trial++)
        {
            var rng = new Rng(5, (ulong)trial);
            double[] a = [.. Enumerable.Range(0, 8).Select(_ => rng.NextGaussian())], b = [.. Enumerable.Range(0, 8).Select(_ => rng.NextGaussian())];
            rejected += ModelTests.PairedT(a, b).PValue < 0.1 ? 1 : 0;
        }
        Assert.InRange(rejected, 150, 250);
    }

    [Fact]
    public void McNemar_Predictions_CountsWhereOneIsRight()
    {
        var truth = Target.Classification("c", [0, 0, 1, 1], ["a", "b"]);
        var first = new Predictions([1, 0, 1, 0, 1, 0, 0, 1], truth.Classes);
        var second = new Predictions([0, 1, 1, 0, 1, 0, 1, 0], truth.Classes);
        Assert.Equal(ModelTests.McNemar(2, 0), ModelTests.McNemar(truth, first, second));
    }

    [Fact]
    public void Tests_BadArguments_AreRefused()
    {
        Assert.Throws<LodeException>(() => ModelTests.PairedT([1], [1]));
        Assert.Throws<LodeException>(() => ModelTests.PairedT([1, 2], [1]));
        Assert.Throws<LodeException>(() => ModelTests.Wilcoxon([1, double.NaN], [1, 2]));
        Assert.Throws<LodeException>(() => ModelTests.CorrectedPairedT([1, 2], [1, 3], 0, 1));
        Assert.Throws<LodeException>(() => ModelTests.MannWhitney([], [1]));
        Assert.Throws<LodeException>(() => ModelTests.McNemar(-1, 1));
        Assert.Throws<LodeException>(() => ModelTests.Friedman([[1, 2], [1, 2]]));
    }

    private static TestResult Rounded(TestResult result) => new(result.Statistic, Math.Round(result.PValue, 12));

    private static void AssertNear(JsonElement expected, string statistic, TestResult actual)
    {
        Assert.Equal(expected.GetProperty(statistic).GetDouble(), actual.Statistic, 1e-9);
        Assert.Equal(expected.GetProperty("p").GetDouble(), actual.PValue, 1e-9);
    }
}
