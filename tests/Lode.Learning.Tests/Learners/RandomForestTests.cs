using System.Text.Json;
using Lode.Core;
using Lode.Learning.Tests.Oracles;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

public sealed class RandomForestContractTests : LearnerContract
{
    protected override ILearner CreateLearner() => new RandomForest(new RandomForestOptions { NEstimators = 20 });
}

public sealed class DecisionTreeContractTests : LearnerContract
{
    protected override ILearner CreateLearner() => LearnerCatalog.Create("decision_tree");
}

public sealed class ExtraTreesContractTests : LearnerContract
{
    protected override ILearner CreateLearner() => LearnerCatalog.Create("extra_trees", new Dictionary<string, object?> { ["n_estimators"] = 20 });
}

public sealed class RandomForestTests
{
    internal static RandomForest OneTree(RandomForestOptions options) =>
        new(options with { NEstimators = 1, Bootstrap = false, MaxFeatures = MaxFeatures.All });

    [Fact]
    public void Fit_OneTreeOfAllFeatures_EqualsTheOraclesTree()
    {
        var cases = Oracle.Cases("trees").ToArray();
        Assert.Equal(3, cases.Length);
        Assert.All(cases, item =>
        {
            var model = item.GetProperty("model").GetString()!;
            var regression = model.Contains("Regressor", StringComparison.Ordinal);
            var features = item.GetProperty("X").Matrix();
            var target = regression ? Target.Regression("y", item.GetProperty("y").Numbers()) : item.GetProperty("y").Classes();
            var options = model switch
            {
                _ when model.Contains("gini", StringComparison.Ordinal) => new RandomForestOptions { MaxDepth = 3 },
                _ when model.Contains("entropy", StringComparison.Ordinal) =>
                    new RandomForestOptions { Criterion = SplitCriterion.Entropy, MaxDepth = 4, MinSamplesLeaf = 4 },
                _ => new RandomForestOptions { MaxDepth = 3, MinSamplesLeaf = 3 },
            };
            var forest = OneTree(options).Fit(new TrainingData(features, target), new FitContext(new Rng(0)));
            CompareStructure(item.GetProperty("tree"), forest.Trees[0], 0, 0, Math.Max(1, target.Classes.Count));

            var rows = item.GetProperty("X_new").Matrix();
            var expected = regression ? item.GetProperty("predict").Numbers() : [.. item.GetProperty("proba").Rows().SelectMany(row => row)];
            var output = new double[expected.Length];
            forest.Predict(rows, output);
            for (var i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], output[i], 1e-9);
        });
    }

    private static void CompareStructure(JsonElement expected, Tree tree, int theirs, int ours, int outputs)
    {
        var node = tree.Node(ours);
        var feature = expected.GetProperty("feature")[theirs].GetInt32();
        Assert.Equal(Math.Max(-1, feature), node.Feature);
        if (feature < 0)
        {
            var value = expected.GetProperty("value")[theirs].Numbers();
            var total = outputs == 1 ? 1 : value.Sum();
            for (var i = 0; i < outputs; i++)
                Assert.Equal(value[i] / total, outputs > 2 ? tree.Values[node.Next + i] : i == outputs - 1 ? node.Threshold : 1 - node.Threshold, 1e-9);
            return;
        }
        // The oracle rounds features to single precision.
        Assert.Equal(expected.GetProperty("threshold")[theirs].GetDouble(), node.Threshold, 1e-6);
        CompareStructure(expected, tree, expected.GetProperty("left")[theirs].GetInt32(), node.Next, outputs);
        CompareStructure(expected, tree, expected.GetProperty("right")[theirs].GetInt32(), node.Next + 1, outputs);
    }

    [Fact]
    public void Fit_PruningAlpha_LeavesWhatTheOraclesPathLeaves()
    {
        var item = Oracle.Cases("pruning").Single();
        var (alphas, impurities) = (item.GetProperty("ccp_alphas").Numbers(), item.GetProperty("impurities").Numbers());
        var (features, target) = (item.GetProperty("X").Matrix(), item.GetProperty("y").Classes());
        for (var i = 1; i < alphas.Length; i++)
        {
            // Just above a step of the path, its pruning is done.
            var output = new double[target.Rows * 2];
            OneTree(new RandomForestOptions { CcpAlpha = alphas[i] + 1e-6 }).Fit(new TrainingData(features, target), new FitContext(new Rng(0))).Predict(features, output);
            var impurity = Enumerable.Range(0, target.Rows).Average(row => 2 * output[2 * row] * output[(2 * row) + 1]);
            Assert.Equal(impurities[i], impurity, 1e-6);
        }
    }

    [Fact]
    public void Fit_BalancedClasses_WeighTheSame()
    {
        var labels = Enumerable.Range(0, 100).Select(row => row < 90 ? 0 : 1).ToArray();
        var data = new TrainingData(new FeatureMatrix(new double[100], 100, ["x"]), Target.Classification("y", labels, ["a", "b"]));
        var output = new double[200];
        OneTree(new RandomForestOptions { BalanceClasses = true }).Fit(data, new FitContext(new Rng(0))).Predict(data.Features, output);
        Assert.All(output, share => Assert.Equal(0.5, share, 1e-12));
    }

    [Fact]
    public void Fit_FewSamples_GrowsSmallTrees()
    {
        var data = Problems.Classes(400, 5, 4, 23);
        var options = new RandomForestOptions { NEstimators = 10 };
        Assert.InRange(new RandomForest(options with { MaxSamples = 0.1 }).Fit(data, new FitContext(new Rng(1))).NodeCount, 10,
            new RandomForest(options).Fit(data, new FitContext(new Rng(1))).NodeCount / 2);
    }

    [Fact]
    public void Fit_AnyNumberOfThreads_GivesTheSameBits() => Assert.All(Problems.All, data =>
    {
        var one = FitPredict(data, new RandomForestOptions { NEstimators = 30 }, 1);
        Assert.Equal(one, FitPredict(data, new RandomForestOptions { NEstimators = 30 }, 4));
        Assert.Equal(one, FitPredict(data, new RandomForestOptions { NEstimators = 30 }));
    });

    [Fact]
    public void Fit_LargeEnoughForEveryThreadToWork_GivesTheSameBits()
    {
        // Other tests may hold the pool's first threads; without more, one thread would grow all trees.
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(16, workers), completions);
        var data = Problems.Classes(4000, 10, 3, 24);
        var one = FitPredict(data, new RandomForestOptions { NEstimators = 40 }, 1);
        Assert.Equal(one, FitPredict(data, new RandomForestOptions { NEstimators = 40 }, 4));
    }

    [Fact]
    public void Fit_TreesHaveStreamsOfTheirOwn_WhateverWasDrawnBefore()
    {
        var (data, rng) = (Problems.All[0], new Rng(17));
        double[] Values()
        {
            var output = new double[data.Features.Rows * 2];
            new RandomForest(new RandomForestOptions { NEstimators = 5 }).Fit(data, new FitContext(rng)).Predict(data.Features, output);
            return output;
        }
        var first = Values();
        rng.NextUInt64();
        Assert.Equal(first, Values());
    }

    [Fact]
    public void Fit_ColumnsInAnotherOrder_GivesTheSameTree()
    {
        var data = Problems.Classes(200, 5, 3, 21);
        int[] order = [3, 1, 4, 0, 2];
        var permuted = new double[data.Features.Values.Length];
        for (var i = 0; i < permuted.Length; i++)
            permuted[i] = data.Features.Values[(i / 5 * 5) + order[i % 5]];
        var other = new TrainingData(new FeatureMatrix(permuted, 200, [.. order.Select(column => data.Features.Names[column])]), data.Target);
        var options = new RandomForestOptions { MaxDepth = 4, NEstimators = 1, Bootstrap = false, MaxFeatures = MaxFeatures.All };
        Assert.Equal(FitPredict(data, options), FitPredict(other, options));
    }

    [Fact]
    public void Fit_IncreasingFunctionsOfColumns_GiveTheSameForest()
    {
        var data = Problems.Classes(150, 4, 3, 22);
        var bent = data.Features.Values.ToArray().Select(value => Math.Exp(value / 3)).ToArray();
        var other = new TrainingData(new FeatureMatrix(bent, 150, data.Features.Names), data.Target);
        var options = new RandomForestOptions { NEstimators = 10, Bootstrap = false };
        Assert.Equal(FitPredict(data, options), FitPredict(other, options));
    }

    [Fact]
    public void Fit_WholeWeights_AreRepeatedRows()
    {
        foreach (var data in Problems.All)
        {
            var weights = Enumerable.Range(0, data.Features.Rows).Select(row => (double)(row % 3)).ToArray();
            int[] repeated = [.. Enumerable.Range(0, data.Features.Rows).SelectMany(row => Enumerable.Repeat(row, row % 3))];
            var copies = new TrainingData(
                new FeatureMatrix([.. repeated.SelectMany(row => data.Features.Row(row).ToArray())], repeated.Length, data.Features.Names),
                data.Target.Select(repeated));
            var forest = OneTree(new RandomForestOptions { MaxDepth = 4 });
            var (one, other) = (new double[data.Features.Rows * Math.Max(1, data.Target.Classes.Count)], new double[data.Features.Rows * Math.Max(1, data.Target.Classes.Count)]);
            forest.Fit(new TrainingData(data.Features, data.Target, weights), new FitContext(new Rng(0))).Predict(data.Features, one);
            forest.Fit(copies, new FitContext(new Rng(0))).Predict(data.Features, other);
            for (var i = 0; i < one.Length; i++)
                Assert.Equal(one[i], other[i], 1e-9);
        }
    }

    [Fact]
    public void Fit_UnlimitedTree_LearnsItsRowsByHeart() => Assert.All(Problems.All, data =>
    {
        var predicted = FitPredict(data, new RandomForestOptions { NEstimators = 1, Bootstrap = false });
        var k = Math.Max(1, data.Target.Classes.Count);
        for (var row = 0; row < data.Features.Rows; row++)
        {
            if (k == 1)
                Assert.Equal(data.Target.Values[row], predicted[row], 1e-12);
            else
                Assert.Equal(1, predicted[(row * k) + data.Target.Labels[row]]);
        }
    });

    [Fact]
    public void Fit_Limits_AreKept()
    {
        var data = Problems.Classes(400, 5, 4, 23);
        int[] depths = [1, 2, 3];
        Assert.All(depths, depth => Assert.InRange(new RandomForest(new RandomForestOptions { MaxDepth = depth, NEstimators = 5 }).Fit(data, new FitContext(new Rng(1))).NodeCount, 5, 5 * ((2 << depth) - 1)));
        var leaves = OneTree(new RandomForestOptions { MinSamplesLeaf = 30 }).Fit(data, new FitContext(new Rng(1)));
        Assert.InRange(leaves.NodeCount, 3, (2 * 400 / 30) - 1);
        Assert.Equal(1, OneTree(new RandomForestOptions { MinSamplesSplit = 401 }).Fit(data, new FitContext(new Rng(1))).NodeCount);
        Assert.Equal(1, OneTree(new RandomForestOptions { MinSamplesLeaf = 201 }).Fit(data, new FitContext(new Rng(1))).NodeCount);
    }

    [Fact]
    public void Fit_NeighbouringDoubles_AreStillParted()
    {
        var high = Math.BitIncrement(1.0);
        var data = new TrainingData(new FeatureMatrix([1, high, 1, high], 4, ["x"]), Target.Classification("y", [0, 1, 0, 1], ["a", "b"]));
        Assert.Equal([1, 0, 0, 1, 1, 0, 0, 1], FitPredict(data, new RandomForestOptions { NEstimators = 1, Bootstrap = false }));
    }

    [Fact]
    public void Supports_Criterion_DecidesTheTask()
    {
        Assert.False(new RandomForest(new RandomForestOptions { Criterion = SplitCriterion.Gini }).Supports(TaskKind.Regression));
        Assert.False(new RandomForest(new RandomForestOptions { Criterion = SplitCriterion.SquaredError }).Supports(TaskKind.Classification));
        Assert.True(new RandomForest().Supports(TaskKind.Regression));
    }

    [Fact]
    public void New_OptionsOutOfRange_AreRefused() => Assert.All(
        new[]
        {
            new RandomForestOptions { NEstimators = 0 }, new RandomForestOptions { MaxDepth = 0 }, new RandomForestOptions { MinSamplesSplit = 1 },
            new RandomForestOptions { MinSamplesLeaf = 0 }, new RandomForestOptions { MaxSamples = 0 }, new RandomForestOptions { CcpAlpha = double.NaN },
        },
        options => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => new RandomForest(options)).Code));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(30, 5)]
    [InlineData(36, 6)]
    public void MaxFeatures_Sqrt_IsRoundedDown(int features, int expected) => Assert.Equal(expected, MaxFeatures.Sqrt.Resolve(features));

    [Fact]
    public void MaxFeatures_OtherRules_StayInRange()
    {
        Assert.Equal(4, MaxFeatures.Log2.Resolve(16));
        Assert.Equal(1, MaxFeatures.Log2.Resolve(1));
        Assert.Equal(7, MaxFeatures.Count(9).Resolve(7));
        Assert.Equal(1, MaxFeatures.Fraction(0.01).Resolve(7));
        Assert.Equal(3, MaxFeatures.Fraction(0.5).Resolve(7));
    }

    private static double[] FitPredict(TrainingData data, RandomForestOptions options, int threads = 0)
    {
        var output = new double[data.Features.Rows * Math.Max(1, data.Target.Classes.Count)];
        new RandomForest(options).Fit(data, new FitContext(new Rng(17), threads)).Predict(data.Features, output, threads);
        return output;
    }
}
