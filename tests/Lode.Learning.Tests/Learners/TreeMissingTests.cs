using Lode.Core;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners;

/// <summary>Splits of features that rows miss, held to a search over every split there is.</summary>
public sealed class TreeMissingTests
{
    [Theory]
    [InlineData(SplitCriterion.Gini, 2)]
    [InlineData(SplitCriterion.Gini, 3)]
    [InlineData(SplitCriterion.Entropy, 3)]
    [InlineData(SplitCriterion.SquaredError, 1)]
    public void Grow_SmallTables_SplitsWhereASearchOverAllSplitsGainsMost(SplitCriterion criterion, int classes)
    {
        var against = 0;
        for (var seed = 0UL; seed < 150; seed++)
        {
            var made = new Made(seed, classes, 4 + (int)(seed % 13));
            var minLeaf = 1 + (int)(seed % 3);
            var tree = Grow(made, RankedFeatures.Of(made.Data.Features, new ParallelOptions()), criterion, new TreeLimits(int.MaxValue, 2, minLeaf, made.Data.Features.Columns), seed);
            Check(tree, made, (node, rows) =>
            {
                var best = made.Splits(rows, minLeaf).Select(split => made.Impurity(criterion, split.Left) + made.Impurity(criterion, split.Right)).DefaultIfEmpty(double.NaN).Min();
                if (node.Feature < 0)
                {
                    Assert.True(double.IsNaN(best) || made.Impurity(criterion, rows) < 1e-12);
                    return;
                }
                against += node.Threshold == double.MaxValue ? 1 : 0;
                var (left, right) = made.Part(rows, node);
                Assert.True(Math.Min(left.Length, right.Length) >= minLeaf);
                Assert.Equal(best, made.Impurity(criterion, left) + made.Impurity(criterion, right), 1e-9);
                RequireHeavierSide(made, rows, node);
            });
        }
        // The tables are such that missing against the rest is best now and then.
        Assert.True(against > 20);
    }

    [Theory]
    [InlineData(SplitCriterion.Gini, 2, true, NearRows.UsualNumbers)]
    [InlineData(SplitCriterion.Gini, 2, true, 40)]
    [InlineData(SplitCriterion.Entropy, 3, true, 0)]
    [InlineData(SplitCriterion.Gini, 3, false, 0)]
    [InlineData(SplitCriterion.SquaredError, 1, true, NearRows.UsualNumbers)]
    [InlineData(SplitCriterion.SquaredError, 1, true, 0)]
    public void Grow_DrawnThresholds_SendsMissingValuesWhereTheyGainMost(SplitCriterion criterion, int classes, bool near, int nearNumbers)
    {
        var (lefts, rights, against) = (0, 0, 0);
        for (var seed = 0UL; seed < 150; seed++)
        {
            var made = new Made(seed, classes, 10 + (int)(seed % 20));
            var minLeaf = 1 + (int)(seed % 3);
            var features = RankedFeatures.OfNumbers(made.Data.Features, new ParallelOptions(), near);
            var tree = Grow(made, features, criterion, new TreeLimits(int.MaxValue, 2, minLeaf, 1, DrawThresholds: true, NearNumbers: nearNumbers), seed);
            Check(tree, made, (node, rows) =>
            {
                if (node.Feature < 0)
                    return;
                var present = rows.Select(row => made.Value(row, node.Feature)).Where(value => !double.IsNaN(value)).ToArray();
                var (left, right) = made.Part(rows, node);
                Assert.True(Math.Min(left.Length, right.Length) >= minLeaf);
                RequireHeavierSide(made, rows, node);
                if (present.Length == rows.Length)
                    return;
                var rest = node.Threshold == double.MaxValue;
                if (rest)
                    against++;
                else if (node.MissingRight)
                    rights++;
                else
                    lefts++;
                Assert.Equal(rest, present.Min() == present.Max());
                Assert.True(rest || (node.Threshold >= present.Min() && node.Threshold < present.Max()));
                var best = new[] { true, false }.Select(missingRight => TreeNode.Split(node.Threshold, node.Feature, missingRight, 1))
                    .Select(other => made.Part(rows, other)).Where(split => Math.Min(split.Left.Length, split.Right.Length) >= minLeaf)
                    .Min(split => made.Impurity(criterion, split.Left) + made.Impurity(criterion, split.Right));
                Assert.Equal(best, made.Impurity(criterion, left) + made.Impurity(criterion, right), 1e-9);
            });
        }
        Assert.True(Math.Min(against, Math.Min(lefts, rights)) > 20);
    }

    [Theory]
    [InlineData("decision_tree")]
    [InlineData("random_forest")]
    [InlineData("extra_trees")]
    public void Fit_OnlyMissingSaysTheClass_IsLearned(string learner)
    {
        var rng = new Rng(5);
        double[] values = [.. Enumerable.Range(0, 300).Select(row => row % 3 == 0 ? double.NaN : rng.NextDouble())];
        var data = new TrainingData(new FeatureMatrix(values, 300, ["x"]), Target.Classification("y", [.. Enumerable.Range(0, 300).Select(row => row % 3 == 0 ? 1 : 0)], ["a", "b"]));
        var output = new double[6];
        LearnerCatalog.Create(learner).Fit(data, new FitContext(new Rng(1))).Predict(new FeatureMatrix([double.NaN, -1e9, 1e300], 3, ["x"]), output);
        Assert.Equal([0, 1, 1, 0, 1, 0], output);
    }

    [Theory]
    [InlineData(false, 1, 0.0)]
    [InlineData(true, 1, 0.0)]
    [InlineData(false, 5, 1.0)]
    [InlineData(true, 5, 1.0)]
    public void Predict_MissingWhereTrainingHadNone_GoesWhereMoreWeightWent(bool draw, double weight, double expected)
    {
        // Seven rows below, three above, which count for more by their weights.
        double[] weights = [1, 1, 1, 1, 1, 1, 1, weight, weight, weight];
        var data = new TrainingData(new FeatureMatrix([0, 0, 0, 0, 0, 0, 0, 1, 1, 1], 10, ["x"]), Target.Regression("y", [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]), weights);
        var forest = new RandomForest(new RandomForestOptions { NEstimators = 3, Bootstrap = false, DrawThresholds = draw }).Fit(data, new FitContext(new Rng(1)));
        var output = new double[1];
        forest.Predict(new FeatureMatrix([double.NaN], 1, ["x"]), output);
        Assert.Equal(expected, output[0]);
    }

    [Theory]
    [InlineData("random_forest")]
    [InlineData("extra_trees")]
    public void Fit_MissingValuesAndAnyNumberOfThreads_GivesTheSameBytes(string learner)
    {
        var data = Problems.WithMissing(Problems.Classes(2000, 6, 3, 8), 0.3, 9);
        byte[] Bytes(int threads)
        {
            var writer = new BundleWriter();
            LearnerCatalog.Create(learner, new Dictionary<string, object?> { ["n_estimators"] = 12 }).Fit(data, new FitContext(new Rng(2), threads)).Write(writer);
            return writer.Written.ToArray();
        }
        Assert.Equal(Bytes(1), Bytes(4));
    }

    [Theory]
    [InlineData("ada_boost", "estimator", "decision_tree")]
    [InlineData("bagging", "estimator", "extra_trees")]
    [InlineData("voting", "estimators", "random_forest,extra_trees")]
    public void Fit_EnsemblesOfTrees_TakeMissingValues(string learner, string option, string trees)
    {
        var ensemble = LearnerCatalog.Create(learner, new Dictionary<string, object?> { [option] = trees });
        Assert.True(ensemble.Tags.Missing);
        Assert.All(Problems.All, data =>
        {
            var missing = Problems.WithMissing(data, 0.3, 3);
            var output = new double[data.Features.Rows * Math.Max(1, data.Target.Classes.Count)];
            ensemble.Fit(missing, new FitContext(new Rng(1))).Predict(missing.Features, output);
            var error = MetricCatalog.Get(data.Target.Task == TaskKind.Classification ? "brier" : "mse").Score(data.Target, new Predictions(output, data.Target.Classes));
            Assert.True(error < 0.1);
        });
    }

    [Fact]
    public void Grow_MissingValuesAfterTheFirstTree_AllocatesOnlyTheTree()
    {
        var data = Problems.WithMissing(Problems.Classes(3000, 8, 3, 31), 0.2, 3);
        Assert.All(new[] { false, true }, draw =>
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = 1 };
            var features = draw ? RankedFeatures.OfNumbers(data.Features, options, near: true) : RankedFeatures.Of(data.Features, options);
            var grower = new TreeGrower<GiniCriterion>(features, new GiniCriterion(data), new TreeLimits(int.MaxValue, 2, 1, 3, draw, NearNumbers: 4000));
            grower.Weights.AsSpan().Fill(1);
            for (var warm = 0; warm < 3; warm++)
                grower.Grow(new Rng(1));
            var (allocated, tree) = TreeGrowerTests.LeastAllocated(() => grower.Grow(new Rng(1)));
            Assert.True(tree.NodeCount > 100);
            Assert.InRange(allocated, 0, (16 * tree.NodeCount) + (tree.NodeCount / 8) + (8 * tree.Values.Length) + 300);
        });
    }

    private static void RequireHeavierSide(Made made, int[] rows, TreeNode node)
    {
        if (rows.Any(row => double.IsNaN(made.Value(row, node.Feature))))
            return;
        var (left, right) = made.Part(rows, node);
        Assert.Equal(left.Sum(row => made.Weights[row]) <= right.Sum(row => made.Weights[row]), node.MissingRight);
    }

    private static Tree Grow(Made made, RankedFeatures features, SplitCriterion criterion, TreeLimits limits, ulong seed)
    {
        Tree Of<TCriterion>(TCriterion of) where TCriterion : struct, ICriterion
        {
            var grower = new TreeGrower<TCriterion>(features, of, limits);
            made.Weights.CopyTo(grower.Weights, 0);
            return grower.Grow(new Rng(seed));
        }
        return criterion switch
        {
            SplitCriterion.Gini => Of(new GiniCriterion(made.Data)),
            SplitCriterion.Entropy => Of(new EntropyCriterion(made.Data)),
            _ => Of(new SquaredErrorCriterion(made.Data)),
        };
    }

    /// <summary>Looks at every node with its rows, and holds what the tree predicts to the leaf that each row comes to.</summary>
    private static void Check(Tree tree, Made made, Action<TreeNode, int[]> check)
    {
        var outputs = Math.Max(1, made.Data.Target.Classes.Count);
        var sums = new double[made.Data.Features.Rows * outputs];
        tree.Add(made.Data.Features.Values, made.Data.Features.Columns, sums, outputs, missing: true);
        Visit(0, [.. Enumerable.Range(0, made.Weights.Length)]);

        void Visit(int at, int[] all)
        {
            var node = tree.Node(at);
            check(node, [.. all.Where(row => made.Weights[row] > 0)]);
            if (node.Feature < 0)
            {
                var expected = outputs > 2 ? tree.Values[node.Next + outputs - 1] : node.Threshold;
                Assert.All(all, row => Assert.Equal(expected, sums[(row * outputs) + outputs - 1]));
                return;
            }
            var (left, right) = made.Part(all, node);
            Visit(node.Next, left);
            Visit(node.Next + 1, right);
        }
    }

    /// <summary>A small table of few different numbers, a third of them missing, with weights 0 to 3.</summary>
    private sealed class Made
    {
        private readonly double[] _target;
        private readonly int _classes;

        public Made(ulong seed, int classes, int rows)
        {
            var rng = new Rng(seed);
            var columns = 1 + rng.NextInt32(3);
            var values = new double[rows * columns];
            for (var i = 0; i < values.Length; i++)
                values[i] = rng.NextInt32(3) == 0 ? double.NaN : rng.NextInt32(5) - 2;
            (_classes, _target) = (classes, [.. Enumerable.Range(0, rows).Select(_ => (double)rng.NextInt32(classes > 1 ? classes : 20))]);
            Weights = [.. Enumerable.Range(0, rows).Select(row => row == 0 ? 1.0 : rng.NextInt32(4))];
            var target = classes > 1
                ? Target.Classification("y", [.. _target.Select(value => (int)value)], [.. Enumerable.Range(0, classes).Select(label => $"c{label}")])
                : Target.Regression("y", _target);
            Data = new TrainingData(new FeatureMatrix(values, rows, [.. Enumerable.Range(0, columns).Select(column => $"x{column}")]), target);
        }

        public TrainingData Data { get; }

        public double[] Weights { get; }

        public double Value(int row, int feature) => Data.Features.Row(row)[feature];

        public (int[] Left, int[] Right) Part(int[] rows, TreeNode node)
        {
            bool Left(int row) => double.IsNaN(Value(row, node.Feature)) ? !node.MissingRight : Value(row, node.Feature) <= node.Threshold;
            return ([.. rows.Where(Left)], [.. rows.Where(row => !Left(row))]);
        }

        public IEnumerable<(int[] Left, int[] Right)> Splits(int[] rows, int minLeaf)
        {
            for (var feature = 0; feature < Data.Features.Columns; feature++)
            {
                var thresholds = rows.Select(row => Value(row, feature)).Where(value => !double.IsNaN(value)).Append(double.MaxValue).Distinct().ToArray();
                foreach (var threshold in thresholds)
                {
                    foreach (var missingRight in new[] { false, true })
                    {
                        var split = Part(rows, TreeNode.Split(threshold, feature, missingRight, 1));
                        if (Math.Min(split.Left.Length, split.Right.Length) >= minLeaf)
                            yield return split;
                    }
                }
            }
        }

        /// <summary>Impurity times weight, from its definition.</summary>
        public double Impurity(SplitCriterion criterion, int[] rows)
        {
            var weight = rows.Sum(row => Weights[row]);
            if (criterion == SplitCriterion.SquaredError)
            {
                var mean = rows.Sum(row => Weights[row] * _target[row]) / weight;
                return rows.Sum(row => Weights[row] * (_target[row] - mean) * (_target[row] - mean));
            }
            var shares = Enumerable.Range(0, _classes).Select(label => rows.Where(row => _target[row] == label).Sum(row => Weights[row]) / weight).Where(share => share > 0).ToArray();
            return weight * (criterion == SplitCriterion.Gini ? 1 - shares.Sum(share => share * share) : -shares.Sum(share => share * Math.Log(share)));
        }
    }
}
