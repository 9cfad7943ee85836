using Lode.Core;
using Lode.Learning.Tests.Oracles;
using Lode.TestKit.Learning;

namespace Lode.Learning.Tests.Learners.Boosting;

public sealed class GradientBoostingTests
{
    private static readonly BoostingOptions s_small = new() { MinSamplesLeaf = 5, EarlyStopping = false };

    [Fact]
    public void Fit_TheOraclesRows_PredictsWhatTheOraclePredicts()
    {
        var cases = Oracle.Cases("boosting").ToArray();
        Assert.Equal(5, cases.Length);
        Assert.All(cases, item =>
        {
            var model = item.GetProperty("model").GetString()!;
            var classifies = item.TryGetProperty("proba", out var proba);
            var options = model switch
            {
                _ when model.Contains("1 tree lr=1", StringComparison.Ordinal) => s_small with { MaxIter = 1, LearningRate = 1, MaxLeafNodes = 4 },
                _ when model.Contains("l2=1", StringComparison.Ordinal) => s_small with { MaxIter = 20, MaxLeafNodes = 8, L2Regularization = 1 },
                _ when model.Contains("HistGB binary", StringComparison.Ordinal) => s_small with { MaxIter = 20, MaxLeafNodes = 8 },
                _ when model.Contains("XGBRegressor", StringComparison.Ordinal) => GradientBoosting.XgBoostDefaults with { MaxIter = 1, MaxDepth = 2, LearningRate = 1 },
                _ => GradientBoosting.XgBoostDefaults with { MaxIter = 10, MaxDepth = 3, LearningRate = 0.3 },
            };
            var target = classifies ? item.GetProperty("y").Classes() : Target.Regression("y", item.GetProperty("y").Numbers());
            // Its XGBoost begins at given scores, not at the best constant.
            if (model.StartsWith("XGB", StringComparison.Ordinal) && classifies)
                return;
            var rows = item.GetProperty("X_new").Matrix();
            var expected = classifies ? [.. proba.Rows().SelectMany(row => row)] : item.GetProperty("predict").Numbers();
            var output = new double[expected.Length];
            new GradientBoosting(options).Fit(new TrainingData(item.GetProperty("X").Matrix(), target), new FitContext(new Rng(0))).Predict(rows, output);
            for (var i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], output[i], model.StartsWith("XGB", StringComparison.Ordinal) ? 1e-5 : 2e-6);
        });
    }

    [Fact]
    public void Fit_CategoriesWithoutOrder_NeedFewSplits()
    {
        // Every second level is high: as a number it would take a split a level.
        const int levels = 40, rows = 2000;
        var rng = new Rng(3);
        var codes = Enumerable.Range(0, rows).Select(_ => (double)rng.NextInt32(levels)).ToArray();
        var target = Target.Regression("y", [.. codes.Select(code => code % 2)]);
        var features = new FeatureMatrix(codes, rows, ["level"], [levels]);
        var options = new BoostingOptions { MaxIter = 1, LearningRate = 1, MaxLeafNodes = 2, MinCategoryRows = 1 };
        var output = new double[rows];
        new GradientBoosting(options).Fit(new TrainingData(features, target), new FitContext(new Rng(0))).Predict(features, output);
        for (var row = 0; row < rows; row++)
            Assert.Equal(target.Values[row], output[row], 1e-6);
    }

    [Fact]
    public void Fit_MoreLevelsThanBins_KeepsTheFrequentOnes()
    {
        const int levels = 100_000, rows = 3000;
        var rng = new Rng(4);
        var codes = Enumerable.Range(0, rows).Select(row => row % 2 == 0 ? row % 4 == 0 ? 99_999.0 : 99_998 : rng.NextInt32(90_000)).ToArray();
        var target = Target.Regression("y", [.. codes.Select(code => code == 99_999 ? 5.0 : code == 99_998 ? -5 : 0)]);
        var features = new FeatureMatrix(codes, rows, ["level"], [levels]);
        var output = new double[rows];
        new GradientBoosting(new BoostingOptions()).Fit(new TrainingData(features, target), new FitContext(new Rng(0))).Predict(features, output);
        for (var row = 0; row < rows; row++)
            Assert.Equal(target.Values[row], output[row], 0.2);
    }

    [Fact]
    public void Fit_MissingSaysSomething_IsLearned()
    {
        const int rows = 1000;
        var rng = new Rng(5);
        var values = Enumerable.Range(0, rows).Select(row => row % 3 == 0 ? double.NaN : Math.Round(rng.NextGaussian(), 1) + 0.05).ToArray();
        var features = new FeatureMatrix(values, rows, ["x"]);
        var target = Target.Regression("y", [.. values.Select(value => double.IsNaN(value) ? 7 : value > 0 ? 1.0 : -1)]);
        var output = new double[rows];
        new GradientBoosting(new BoostingOptions { MaxIter = 60, LearningRate = 0.3 }).Fit(new TrainingData(features, target), new FitContext(new Rng(0))).Predict(features, output);
        for (var row = 0; row < rows; row++)
            Assert.Equal(target.Values[row], output[row], 0.05);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Fit_MonotonicConstraint_HoldsEverywhere(int direction)
    {
        var rng = new Rng(6);
        const int rows = 800;
        var values = Enumerable.Range(0, rows * 3).Select(_ => rng.NextGaussian()).ToArray();
        var target = Target.Regression("y", [.. Enumerable.Range(0, rows).Select(row => Math.Sin(3 * values[row * 3]) + values[(row * 3) + 1] + (0.3 * rng.NextGaussian()))]);
        var options = s_small with { MonotonicConstraints = new Dictionary<string, int> { ["a"] = direction } };
        var model = new GradientBoosting(options).Fit(new TrainingData(new FeatureMatrix(values, rows, ["a", "b", "c"]), target), new FitContext(new Rng(0)));
        for (var row = 0; row < 50; row++)
        {
            var line = new double[200 * 3];
            for (var i = 0; i < 200; i++)
                (line[i * 3], line[(i * 3) + 1], line[(i * 3) + 2]) = ((i - 100) / 30.0, values[(row * 3) + 1], values[(row * 3) + 2]);
            var output = new double[200];
            model.Predict(new FeatureMatrix(line, 200, ["a", "b", "c"]), output);
            for (var i = 1; i < 200; i++)
                Assert.True(direction * (output[i] - output[i - 1]) >= 0);
        }
    }

    [Fact]
    public void Fit_MonotonicConstraintOnNoColumn_IsRefused() => Assert.Equal("There is no column 'a' to constrain by monotonic_cst.",
        Assert.Throws<LodeException>(() => new GradientBoosting(s_small with { MonotonicConstraints = new Dictionary<string, int> { ["a"] = 1 } })
            .Fit(Problems.All[0], new FitContext(new Rng(0)))).Message);

    [Theory]
    [InlineData(BoostingLoss.AbsoluteError, 0.5)]
    [InlineData(BoostingLoss.Quantile, 0.9)]
    [InlineData(BoostingLoss.Quantile, 0.1)]
    public void Fit_QuantileLosses_LeaveTheirShareBelow(BoostingLoss loss, double share)
    {
        var rng = new Rng(7);
        const int rows = 3000;
        var values = Enumerable.Range(0, rows).Select(_ => rng.NextDouble()).ToArray();
        var target = Target.Regression("y", [.. values.Select(value => value + (value * Math.Abs(rng.NextGaussian())))]);
        var features = new FeatureMatrix(values, rows, ["x"]);
        var output = new double[rows];
        new GradientBoosting(new BoostingOptions { Loss = loss, Quantile = share, MinSamplesLeaf = 100, MaxLeafNodes = 4 })
            .Fit(new TrainingData(features, target), new FitContext(new Rng(0))).Predict(features, output);
        Assert.Equal(share, Enumerable.Range(0, rows).Count(row => target.Values[row] <= output[row]) / (double)rows, 0.02);
    }

    [Fact]
    public void Fit_HuberLoss_BearsOutliersBetterThanSquares()
    {
        var data = Problems.Regression(600, 3, 8);
        var spoilt = data.Target.Values.ToArray();
        for (var row = 0; row < spoilt.Length; row += 25)
            spoilt[row] += 300;
        double Error(BoostingLoss loss)
        {
            var output = new double[600];
            new GradientBoosting(new BoostingOptions { Loss = loss }).Fit(new TrainingData(data.Features, Target.Regression("y", spoilt)), new FitContext(new Rng(0))).Predict(data.Features, output);
            return Enumerable.Range(0, 600).Average(row => Math.Abs(output[row] - data.Target.Values[row]));
        }
        Assert.True(Error(BoostingLoss.Huber) < 0.5 * Error(BoostingLoss.SquaredError));
    }

    [Fact]
    public void Fit_PoissonLoss_KeepsTheMeanAndIsPositive()
    {
        var data = Problems.Regression(900, 3, 9);
        double[] counts = [.. data.Target.Values.ToArray().Select(value => Math.Floor(Math.Exp(value / 5)))];
        var output = new double[900];
        new GradientBoosting(new BoostingOptions { Loss = BoostingLoss.Poisson }).Fit(new TrainingData(data.Features, Target.Regression("y", counts)), new FitContext(new Rng(0))).Predict(data.Features, output);
        Assert.All(output, value => Assert.True(value > 0));
        Assert.Equal(counts.Average(), output.Average(), 0.05 * counts.Average());
        Assert.Contains("row 2", Assert.Throws<LodeException>(() => new GradientBoosting(new BoostingOptions { Loss = BoostingLoss.Poisson })
            .Fit(new TrainingData(new FeatureMatrix([1, 2], 2, ["x"]), Target.Regression("y", [1, -1])), new FitContext(new Rng(0)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_RareClasses_DoesNotDiverge()
    {
        // Seven classes, the rarest one row in a thousand: Newton's steps alone throw the scores to infinity.
        var rng = new Rng(10);
        const int rows = 8000;
        double[] shares = [0.6, 0.3, 0.06, 0.03, 0.006, 0.003, 0.001];
        var labels = new int[rows];
        var values = new double[rows * 6];
        for (var row = 0; row < rows; row++)
        {
            var draw = rng.NextDouble();
            while (labels[row] < 6 && (draw -= shares[labels[row]]) > 0)
                labels[row]++;
            for (var column = 0; column < 6; column++)
                values[(row * 6) + column] = (column == labels[row] ? 3 : 0) + rng.NextGaussian();
        }
        var data = new TrainingData(new FeatureMatrix(values, rows, ["a", "b", "c", "d", "e", "f"]), Target.Classification("y", labels, ["0", "1", "2", "3", "4", "5", "6"]));
        int[] train = [.. Enumerable.Range(0, rows / 2)], test = [.. Enumerable.Range(rows / 2, rows / 2)];
        FeatureMatrix Part(int[] part) => new([.. part.SelectMany(row => data.Features.Row(row).ToArray())], part.Length, data.Features.Names);
        double LogLoss(ILearner learner)
        {
            var output = new double[test.Length * 7];
            learner.Fit(new TrainingData(Part(train), data.Target.Select(train)), new FitContext(new Rng(0))).Predict(Part(test), output);
            return MetricCatalog.Get("log_loss").Score(data.Target.Select(test), new Predictions(output, data.Target.Classes));
        }
        Assert.True(LogLoss(new GradientBoosting(new BoostingOptions { EarlyStopping = false })) < 0.35 * LogLoss(new Dummy()));
    }

    [Fact]
    public void Fit_EarlyStopping_KeepsTheBestRounds()
    {
        var data = Problems.Regression(400, 4, 14);
        var options = new BoostingOptions { MaxIter = 500, EarlyStopping = true, NIterNoChange = 5, LearningRate = 0.3 };
        var model = new GradientBoosting(options).Fit(data, new FitContext(new Rng(1)));
        Assert.InRange(model.TreeCount, 3, 200);
        Assert.Equal(500, new GradientBoosting(options with { EarlyStopping = false }).Fit(data, new FitContext(new Rng(1))).TreeCount);
    }

    [Fact]
    public void Fit_LargeEnoughForEveryThreadToWork_GivesTheSameBytes()
    {
        foreach (var data in new[] { Problems.Classes(20_000, 20, 2, 15), Problems.Classes(6_000, 9, 5, 16) })
        {
            byte[] Bytes(int threads)
            {
                var writer = new BundleWriter();
                new GradientBoosting(new BoostingOptions { MaxIter = 5, Subsample = 0.8 }).Fit(data, new FitContext(new Rng(1), threads)).Write(writer);
                return writer.Written.ToArray();
            }
            Assert.Equal(Bytes(1), Bytes(4));
        }
    }

    [Theory]
    [InlineData(1, 31)]
    [InlineData(3, 31)]
    [InlineData(6, 64)]
    [InlineData(12, 200)]
    public void Predict_ManyRowsTogether_GivesWhatEachRowAloneGives(int depth, int leaves) => Assert.All<TrainingData>(
        [Problems.Regression(300, 5, 8), Problems.Classes(300, 3, 2, 9), Problems.Classes(300, 3, 4, 10)], data =>
        {
            var model = new GradientBoosting(new BoostingOptions { MaxIter = 15, MaxDepth = depth, MaxLeafNodes = leaves, MinSamplesLeaf = 1 }).Fit(data, new FitContext(new Rng(4)));
            var outputs = Math.Max(1, data.Target.Classes.Count);
            var (together, alone) = (new double[300 * outputs], new double[300 * outputs]);
            model.Predict(data.Features, together);
            for (var row = 0; row < 300; row++)
                model.Predict(new FeatureMatrix(data.Features.Row(row).ToArray(), 1, data.Features.Names, data.Features.Levels.ToArray()), alone.AsSpan(row * outputs, outputs));
            Assert.Equal(alone, together);
        });

    [Fact]
    public void Grow_AfterTheFirstTree_AllocatesOnlyTheTree()
    {
        var data = Problems.Regression(5000, 12, 17);
        int[] rows = [.. Enumerable.Range(0, 5000)];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 1 };
        var bins = BinnedFeatures.Of(data.Features, rows, 255, new Rng(0), parallel);
        var grower = LeafGrower.Of(bins, new BoostingOptions(), new int[12], parallel);
        var loss = new SquaredLoss(data.Target.Values.ToArray(), []);
        var (raw, columns) = (new double[5000], Enumerable.Repeat(true, 12).ToArray());
        for (var warm = 0; warm < 3; warm++)
            grower.Grow(loss, 0, raw, rows, [], columns);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var tree = grower.Grow(loss, 0, raw, rows, [], columns);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(tree.Nodes.Length > 20);
        // Nodes of 16 bytes, values of 8, depths of 4 while they are counted; headers.
        Assert.InRange(allocated, 0, (28 * tree.Nodes.Length) + 400);
    }

    [Fact]
    public void New_OptionsOutOfRange_AreRefused() => Assert.All(
        new[]
        {
            new BoostingOptions { MaxIter = 0 }, new BoostingOptions { LearningRate = 0 }, new BoostingOptions { MaxLeafNodes = 1 }, new BoostingOptions { MaxDepth = 0 },
            new BoostingOptions { MinSamplesLeaf = -1 }, new BoostingOptions { MaxBins = 256 }, new BoostingOptions { Subsample = 0 }, new BoostingOptions { Quantile = 1 },
            new BoostingOptions { L2Regularization = double.NaN }, new BoostingOptions { MonotonicConstraints = new Dictionary<string, int> { ["x"] = 2 } },
        },
        options => Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<LodeException>(() => new GradientBoosting(options)).Code));

    [Fact]
    public void Create_Options_AreRead()
    {
        var options = new Dictionary<string, object?>
        {
            ["max_iter"] = 3, ["max_leaf_nodes"] = 4L, ["loss"] = "absolute_error", ["early_stopping"] = false, ["monotonic_cst"] = "x0:1, x1:-1", ["max_depth"] = "none",
        };
        var model = (BoostedModel)LearnerCatalog.Create("hist_gb", options).Fit(Problems.All[2], new FitContext(new Rng(1)));
        Assert.Equal(3, model.TreeCount);
        Assert.All(model.Trees, tree => Assert.InRange(tree.Nodes.Length, 1, 7));
        Assert.Throws<LodeException>(() => LearnerCatalog.Create("hist_gb", new Dictionary<string, object?> { ["monotonic_cst"] = "x0" }));
        Assert.Throws<LodeException>(() => LearnerCatalog.Create("xgb", new Dictionary<string, object?> { ["grow_policy"] = "wide" }));
    }
}
