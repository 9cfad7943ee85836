using Lode.Core;

namespace Lode.Learning.Tests.Transforms;

/// <summary>What weights mean where they are no whole numbers; that whole ones are rows repeated is TransformContract's.</summary>
public sealed class WeightedTransformTests
{
    private static double Quantile(double[] values, double[] weights, double p) => SortedSample.Of(values, weights).Quantile(p);

    [Fact]
    public void Quantile_WholeWeights_IsThatOfRepeatedValues()
    {
        var rng = new Rng(5);
        double[] values = [.. Enumerable.Range(0, 23).Select(_ => Math.Round(rng.NextGaussian(), 1))];
        double[] weights = [.. values.Select(_ => (double)rng.NextInt32(4))];
        double[] repeated = [.. values.SelectMany((value, i) => Enumerable.Repeat(value, (int)weights[i]))];
        for (var p = 0.0; p <= 1; p += 1 / 64.0)
            Assert.Equal(Quantile(repeated, [], p), Quantile(values, weights, p), 1e-12);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Quantile_EqualWeightsUpToOne_CountForNothing(double weight)
    {
        double[] values = [3, 1, 4, 1, 5, 9, 2, 6];
        for (var p = 0.0; p <= 1; p += 1 / 64.0)
            Assert.Equal(Quantile(values, [], p), Quantile(values, [.. values.Select(_ => weight)], p), 1e-9);
    }

    [Fact]
    public void Quantile_MixedWeights_RisesFromTheSmallestToTheLargest_AndFollowsTheWeight()
    {
        double[] values = [0, 1, 2, 3];
        double[] weights = [0.25, 0.25, 3, 0.5];
        var last = 0.0;
        for (var p = 0.0; p <= 1; p += 1 / 64.0)
            Assert.True((last = Quantile(values, weights, p)) >= last);
        Assert.Equal((0, 2, 3), (Quantile(values, weights, 0), Quantile(values, weights, 0.5), Quantile(values, weights, 1)));
        // A value of next to no weight changes next to nothing.
        Assert.Equal(2, Quantile([.. values, 100], [.. weights, 1e-9], 0.5), 1e-6);
    }

    [Fact]
    public void KnnImpute_ShareOfANeighbour_CountsForWhatIsLeft()
    {
        // From x = 0: the rows at 1, 2, 3 with y = 10, 20, 40 weigh 1.5, 1, 5; two neighbours are 1.5 of the first and 0.5 of the second.
        var table = new Table([new NumericColumn("x", [1, 2, 3]), new NumericColumn("y", [10, 20, 40])]);
        Assert.Equal(((1.5 * 10) + (0.5 * 20)) / 2, Filled(table, [1.5, 1, 5], 2), 1e-12);
        // Rows that weigh a tenth each: two neighbours are two rows.
        Assert.Equal(15, Filled(table, [0.1, 0.1, 0.1], 2), 1e-9);
        // All that there is, where it is less.
        Assert.Equal(((1.5 * 10) + 20 + (5 * 40)) / 7.5, Filled(table, [1.5, 1, 5], 100), 1e-12);
    }

    [Fact]
    public void KnnImpute_WeightsInABundle_MustBeWeights()
    {
        var writer = new BundleWriter();
        writer.WriteInt32(1);
        writer.WriteBoolean(false);
        writer.WriteInt32(2);
        writer.WriteByName(new Dictionary<string, double[]> { ["x"] = [1, 2] }, values => writer.WriteDoubles(values));
        writer.WriteDoubles([1, -1]);
        Assert.Contains("no weight", Assert.Throws<LodeException>(() => KnnImputer.FittedKnn.ReadWeighted(new BundleReader(writer.Written.ToArray()))).Message, StringComparison.Ordinal);
    }

    private static double Filled(Table table, double[] weights, int neighbors)
    {
        var fitted = new KnnImputer(neighbors).Fit(new TrainingRows(table, Target.Regression("t", new double[table.Rows]), new Rng(1), weights));
        return ((NumericColumn)fitted.Apply(new Table([new NumericColumn("x", [0]), new NumericColumn("y", [double.NaN])]))["y"]).Values[0];
    }
}
