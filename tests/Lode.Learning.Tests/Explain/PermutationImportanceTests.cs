using System.Text.Json;
using Lode.Core;
using Lode.Learning.Tests.Oracles;

namespace Lode.Learning.Tests.Explain;

public sealed class PermutationImportanceTests
{
    private static readonly Metric s_mse = MetricCatalog.Get("mse");

    [Fact]
    public void Of_OracleFunction_AgreesWithTheExactExpectation()
    {
        foreach (var oracle in Oracle.Cases("permutation_importance"))
        {
            var (expected, spread) = (oracle.GetProperty("importance_exact_expectation").Numbers(), oracle.GetProperty("sklearn_std").Numbers());
            const int Repeats = 2000;
            var found = PermutationImportance.Of(new Function(), Data(oracle), s_mse, Repeats, seed: 1).ToDictionary(importance => importance.Column);
            for (var column = 0; column < expected.Length; column++)
            {
                var importance = found[$"x{column}"];
                Assert.InRange(importance.Mean, expected[column] - (4 * spread[column] / Math.Sqrt(Repeats)) - 1e-12, expected[column] + (4 * spread[column] / Math.Sqrt(Repeats)) + 1e-12);
                Assert.InRange(importance.Deviation, 0.9 * spread[column], 1.1 * spread[column]);
            }
            Assert.Equal((0.0, 0.0), (found["x3"].Mean, found["x3"].Deviation));
        }
    }

    [Fact]
    public void Of_HigherIsBetter_PointsTheSameWay()
    {
        var data = Data(Oracle.Cases("permutation_importance").First());
        var found = PermutationImportance.Of(new Function(), data, MetricCatalog.Get("r2"), 20, seed: 3);
        Assert.Equal("x3", found[^1].Column);
        Assert.All(found.Take(3), importance => Assert.True(importance.Mean > 0.5));
        Assert.Equal(found.Select(importance => importance.Mean).OrderDescending(), found.Select(importance => importance.Mean));
    }

    [Fact]
    public void Of_SameSeed_GivesTheSameWhateverTheThreads_AndAnotherSeedGivesAnother()
    {
        var data = Data(Oracle.Cases("permutation_importance").First());
        double[] Means(ulong seed, int threads) => [.. PermutationImportance.Of(new Function(), data, s_mse, 3, seed, threads).OrderBy(importance => importance.Column).Select(importance => importance.Mean)];
        Assert.Equal(Means(5, 1), Means(5, 3));
        Assert.NotEqual(Means(5, 1), Means(6, 1));
    }

    [Fact]
    public void Of_WhatMakesNoSense_IsRefused()
    {
        var data = Data(Oracle.Cases("permutation_importance").First());
        Assert.Contains("got 0 and 20", Assert.Throws<LodeException>(() => PermutationImportance.Of(new Function(), data, s_mse, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("'accuracy'", Assert.Throws<LodeException>(() => PermutationImportance.Of(new Function(), data, MetricCatalog.Get("accuracy"))).Message, StringComparison.Ordinal);
        Assert.Throws<OperationCanceledException>(() => PermutationImportance.Of(new Function(), data, s_mse, cancellation: new CancellationToken(true)));
    }

    private static Dataset Data(JsonElement oracle) => new(oracle.GetProperty("X").Table(), Target.Regression("y", oracle.GetProperty("y").Numbers()));

    /// <summary>The oracle's fixed function.</summary>
    private sealed class Function : IPredictor
    {
        public TableSchema Schema { get; } = new([.. Enumerable.Range(0, 4).Select(column => new ColumnSchema($"x{column}", ColumnKind.Numeric))]);

        public string TargetName => "y";

        public IReadOnlyList<string> Classes => [];

        public string Kind => "oracle";

        public Predictions Predict(Table table, int threads = 0)
        {
            ReadOnlySpan<double> Of(string name) => ((NumericColumn)table[name]).Values;
            var values = new double[table.Rows];
            for (var row = 0; row < values.Length; row++)
                values[row] = (2 * Of("x0")[row]) - (1.5 * Of("x1")[row] * Of("x2")[row]);
            return new Predictions(values, []);
        }

        public void Write(BundleWriter writer) => throw new NotSupportedException();
    }
}
